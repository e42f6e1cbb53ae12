import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import RemoteHosts
import Reporting

/// Which run to come back to.
struct AttachOptions: ParsableArguments {
    @Argument(
        help: "The run or campaign: its directory, its name, a unique beginning of it, or `latest`.",
        completion: .runs
    )
    var run = "latest"

    @OptionGroup var store: StoreOptions

    /// What the user means.
    func directory() throws -> RunDirectory { try store.store.find(run) }

    func attachment(
        _ directory: RunDirectory,
        observer: any RunObserver,
        patience: RetryingHost.Patience = .ofARun
    ) throws -> RunAttachment {
        try RunAttachment(directory, environment: .installed(agentFile: nil, patience: patience), observer: observer)
    }
}

/// Looks at a run's agents.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Ask the hosts of a run or a campaign what goes on there."
    )

    @OptionGroup var attach: AttachOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let directory = try attach.directory()
        let format = output.format
        let printer = output.askingObserver
        if directory.isCampaign {
            return try await Interruption.asking(printer) {
                try await CampaignActions.status(directory, printer, format)
            }
        }
        let attachment = try attach.attachment(directory, observer: printer, patience: .none)
        let outcome = RunsCommand.outcome(of: directory, try directory.loadRecord())
        let states = try await Interruption.asking(printer) { try await attachment.states() }
        printer.finish()
        let text = try AgentStateText.render(states, of: directory.id, outcome, format: output.format)
        Terminal.results.write(output.format == .text ? Terminal.results.laidOut(text) : text)
        if states.contains(where: { $0.failure != nil }) { throw ExitCode(CommandStatus.hostUnusable.rawValue) }
    }
}

/// Ends a run's agents.
struct StopCommand: AsyncParsableCommand {
    /// What came of it.
    private struct Stopped: Encodable {
        var run: String
        var stopped: [String]
        var failures: [String]
    }

    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End a run's agents, or a campaign; `latexp resume` then brings home what was measured."
    )

    @OptionGroup var attach: AttachOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let directory = try attach.directory()
        let format = output.format
        let printer = output.askingObserver
        if directory.isCampaign {
            return try await Interruption.asking(printer) { try await CampaignActions.stop(directory, printer, format) }
        }
        let attachment = try attach.attachment(directory, observer: printer, patience: .none)
        let states = try await Interruption.asking(printer) { try await attachment.stop() }
        printer.finish()
        let stopped = states.filter { $0.process == .running && $0.failure == nil }.map(\.host)
        let text =
            stopped.isEmpty
            ? states.contains { $0.failure != nil }
                ? "\(directory.id): nothing was stopped\n" : "\(directory.id): no agent was running\n"
            : "\(directory.id): stopped on \(stopped.joined(separator: ", ")); "
                + "`latexp resume \(directory.commandName)` brings home what they wrote\n"
        let rows = states.map { ["\($0.host)", "\($0.block)", "\(stopped.contains($0.host))", $0.failure ?? ""] }
        Terminal.results.write(
            try Rows.render(
                ["host", "block", "stopped", "failure"],
                rows,
                json: Stopped(
                    run: directory.id,
                    stopped: stopped,
                    failures: states.compactMap(\.failure)
                ),
                format: output.format
            ) ?? text
        )
        if let state = states.first(where: { $0.failure != nil }) {
            throw OrchestrationError(.hostUnusable, state.failure ?? "")
        }
    }
}

/// Goes on with a run whose laptop was gone.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Come back to a run or a campaign: bring home what is done, go on with what is not, report."
    )

    @OptionGroup var attach: AttachOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let printer = output.observer
        let directory = try attach.directory()
        if directory.isCampaign { return try await CampaignActions.resume(directory, printer, output.format) }
        let attachment = try attach.attachment(directory, observer: printer)
        let outcome = try await Interruption.guarding(
            printer,
            hint: "The agents end by themselves; `latexp resume \(directory.commandName)` fetches what they leave."
        ) {
            try await attachment.resume()
        }
        printer.finish()
        try Ending.show(outcome, format: output.format)
    }
}
