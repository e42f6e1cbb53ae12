import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Does an experiment from start to end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Do an experiment: connect, check clocks, measure, bring home, report.",
        discussion: "Ctrl-C once stops the agents and brings home what exists; twice leaves at once."
    )

    @Argument(help: "The experiment file.")
    var file: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var hosts: HostOptions
    @OptionGroup var output: FormatOptions

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Option(help: "The seed of the simulated world, instead of the experiment's.")
    var seed: UInt64?

    func run() async throws {
        var read = try ExperimentFile.load(file)
        if let seed {
            guard read.experiment.lab != nil else {
                throw ValidationError("--seed belongs to experiments with a \"lab\", and \(file) has none")
            }
            read.experiment.lab?.seed = seed
        }
        if dryRun { return try showPlan(read.experiment) }
        let environment = hosts.environment
        let directory = try store.store.create(name: read.experiment.name, at: environment.clock.wallSeconds)
        let printer = output.observer
        printer.runBegan(directory)
        let engine = RunEngine(
            read.experiment,
            supplied: read.supplied,
            directory: directory,
            environment: environment,
            options: hosts.options,
            observer: printer
        )
        let outcome = try await Interruption.guarding(
            hint: "The agents end by themselves; `latexp resume \(directory.id)` fetches what they leave."
        ) {
            try await engine.run()
        }
        printer.finish()
        try Ending.show(outcome, format: output.format)
    }

    private func showPlan(_ experiment: Experiment) throws {
        if output.format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.results.write(String(decoding: try encoder.encode(experiment), as: UTF8.self) + "\n")
            return
        }
        Terminal.results.write(try DryRun.text(experiment))
    }
}
