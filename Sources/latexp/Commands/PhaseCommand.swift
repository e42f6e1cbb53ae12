import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Goes through one checklist alone.
struct PhaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phase",
        abstract: "Go through one validation alone, as a checklist; `latexp phase list` names them.",
        usage: "latexp phase <name> [<file>] [<options>]"
    )

    @Argument(
        help: "The validation's name, or `list`.",
        completion: .list(ValidationSequence.allCases.map(\.rawValue) + ["compare", "list"])
    )
    var name: String

    @Argument(help: "The experiment file.", completion: .experiments)
    var file = "experiments/backbone.json"

    @OptionGroup var store: StoreOptions
    @OptionGroup var hosts: HostOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        if name == "list" { return try Terminal.results.write(ChecklistText.list(format: output.format)) }
        if name == "compare" {
            let text = "compare needs two finished runs: `latexp compare A B`; `latexp runs` names them"
            throw OrchestrationError(.invalidInput, text)
        }
        guard let sequence = ValidationSequence(rawValue: name) else {
            let known = ValidationSequence.allCases.map(\.rawValue) + ["compare", "list"]
            let meant = known.first { !name.isEmpty && $0.hasPrefix(name) } ?? NearestName.to(name, among: known)
            let advice = meant.map { "did you mean '\($0)'?" } ?? "there are: \(known.joined(separator: ", "))"
            throw OrchestrationError(.invalidInput, "no validation is called '\(name)'; \(advice)")
        }
        let read = try ExperimentFile.load(file, isLocal: hosts.local)
        let experiment = try sequence.experiment(from: read.experiment)
        let environment = try hosts.environment()
        let directory = try store.store.create(name: experiment.name, at: environment.clock.wallSeconds)
        let printer = output.observer
        var options = hosts.options
        options.provokesReconnection = sequence == .backbone
        let engine = RunEngine(
            experiment,
            supplied: read.supplied,
            directory: directory,
            environment: environment,
            options: options,
            extent: .validation,
            observer: printer
        )
        let outcome = try await Interruption.guarding(
            printer,
            hint: "The agents end by themselves; `latexp resume \(directory.commandName)` fetches what they leave."
        ) {
            try await engine.run()
        }
        printer.finish()
        let lines = await Validation.judge(sequence, outcome, reporter: environment.reporter)
        Terminal.results.write(
            try ChecklistText.render(sequence, lines, format: output.format, terminal: .results)
        )
        if let error = outcome.error { throw output.format == .json ? error : Conclusion.error(error, of: outcome) }
        let status = Validation.status(lines, outcome)
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
