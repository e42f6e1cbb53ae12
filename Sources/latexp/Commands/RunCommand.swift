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
        usage: "latexp run <file> [<options>]",
        discussion: """
            Ctrl-C once stops the agents and brings home what exists; twice leaves at once.

            With --repeat, or "repeat" in the file's schedule, the whole is done many times: a campaign. Each time is a run \
            of its own; `latexp resume` goes on after an interruption. With --detach the hosts go through it by \
            themselves and the laptop may be closed; `latexp resume` then brings home what they did.
            """
    )

    @Argument(help: "The experiment file.", completion: .experiments)
    var file: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var hosts: HostOptions
    @OptionGroup var output: FormatOptions

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Option(parsing: .unconditional, help: "The seed of the simulated world, instead of the experiment's.")
    var seed: UInt64?

    @Option(
        name: .customLong("repeat"),
        parsing: .unconditional,
        help: ArgumentHelp("Do it so many times.", valueName: "count")
    )
    var repetitions: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From the start of one time to the start of the next, such as 1h.", valueName: "time")
    )
    var every: TimeSpan?

    @Flag(help: "Leave it to the hosts: they start at each run's time by themselves, and the laptop may be closed.")
    var detach = false

    func run() async throws {
        var read = try ExperimentFile.load(file, isLocal: hosts.local)
        if let seed {
            guard read.experiment.lab != nil else {
                throw ValidationError("--seed belongs to experiments with a \"lab\", and \(file) has none")
            }
            read.experiment.lab?.seed = seed
        }
        try repeatAsAsked(&read)
        if dryRun { return try showPlan(read.experiment) }
        if detach || read.experiment.schedule.repetitions != nil { return try await runCampaign(read) }
        let environment = try hosts.environment()
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
            printer,
            hint: "The agents end by themselves; `latexp resume \(directory.commandName)` fetches what they leave."
        ) {
            try await engine.run()
        }
        printer.finish()
        try Ending.show(outcome, format: output.format)
    }

    /// The command line wins over the file.
    private func repeatAsAsked(_ read: inout ExperimentFile) throws {
        guard repetitions != nil || every != nil else { return }
        read.experiment.schedule.repetitions = repetitions ?? read.experiment.schedule.repetitions
        read.experiment.schedule.every = every ?? read.experiment.schedule.every
        let problems = read.experiment.problems()
        guard problems.isEmpty else {
            throw ExperimentError(.invalid, "this cannot be repeated; nothing was started:", problems: problems)
        }
    }

    private func runCampaign(_ read: ExperimentFile) async throws {
        let environment = try hosts.environment()
        let directory = try Campaigns.create(
            read,
            in: store.store,
            environment: environment,
            options: hosts.options,
            isDetached: detach
        )
        let printer = output.observer
        printer.runBegan(directory.directory)
        if detach {
            try await CampaignActions.arm(directory, environment, printer, output.format)
        } else {
            try await CampaignActions.run(directory, environment, hosts.options, printer, output.format)
        }
    }

    private func showPlan(_ experiment: Experiment) throws {
        // What the real command would refuse is refused here, too.
        if detach { try Campaigns.checkDetachable(experiment) }
        if output.format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.results.write(String(decoding: try encoder.encode(experiment), as: UTF8.self) + "\n")
            return
        }
        Terminal.results.write(try DryRun.text(experiment) + Campaigns.plan(of: experiment, isDetached: detach))
    }
}

extension TimeSpan: ExpressibleByArgument {
    /// Reads text such as `1h`.
    public init?(argument: String) { self.init(argument) }
}
