import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
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
        observer: any RunObserver = SilentObserver()
    ) throws -> RunAttachment {
        try RunAttachment(directory, environment: .installed(agentFile: nil), observer: observer)
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
        if directory.isCampaign { return try await CampaignActions.status(directory, output.format) }
        let attachment = try attach.attachment(directory)
        let outcome = RunsCommand.outcome(of: directory, try directory.loadRecord())
        let states = try await attachment.states()
        Terminal.results.write(try AgentStateText.render(states, of: directory.id, outcome, format: output.format))
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
        if directory.isCampaign { return try await CampaignActions.stop(directory, output.format) }
        let attachment = try attach.attachment(directory)
        let states = try await attachment.stop()
        let stopped = states.filter { $0.process == .running && $0.failure == nil }.map(\.host)
        let text =
            stopped.isEmpty
            ? "\(directory.id): no agent was running\n"
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
            hint: "The agents end by themselves; `latexp resume \(directory.commandName)` fetches what they leave."
        ) {
            try await attachment.resume()
        }
        printer.finish()
        try Ending.show(outcome, format: output.format)
    }
}

/// Prints what agents do.
enum AgentStateText {
    /// A run with its agents, for programs.
    private struct Status: Encodable {
        var run: String
        var outcome: String
        var agents: [Agent]
    }

    /// An agent, for programs.
    private struct Agent: Encodable {
        var host: String
        var block: Int
        var isCollected: Bool
        var process: String?
        var state: String?
        var message: String?
        var events: Int?
        var failure: String?

        init(_ state: RunAttachment.AgentState) {
            host = state.host
            block = state.block
            isCollected = state.isCollected
            process = state.process.map(Self.word)
            self.state = state.status?.state.rawValue
            message = state.status?.message
            events = state.status?.lanes.reduce(0) { $0 + max($1.counts.arrived, $1.counts.received) }
            failure = state.failure
        }

        private static func word(_ process: AgentProcessState) -> String {
            switch process {
            case .running: "running"
            case .exited(let status): "exited \(status)"
            case .lost: "lost"
            case .absent: "absent"
            }
        }

        var cells: [String] {
            [
                host, "\(block)", isCollected ? "collected" : process ?? "unknown", state ?? "",
                events.map(String.init) ?? "", failure ?? message ?? "",
            ]
        }
    }

    static func render(
        _ states: [RunAttachment.AgentState],
        of run: String,
        _ outcome: String,
        format: OutputFormat
    ) throws -> String {
        let agents = states.map(Agent.init)
        let table = try Rows.render(
            ["host", "block", "process", "state", "events", "message"],
            agents.map(\.cells),
            json: Status(run: run, outcome: outcome, agents: agents),
            format: format
        )
        return table ?? "\(run): \(outcome)\n" + text(states)
    }

    private static func text(_ states: [RunAttachment.AgentState]) -> String {
        guard !states.isEmpty else { return "  no agent was started\n" }
        return states.map { state in
            var text = "  \(state.host), block \(state.block): "
            if state.isCollected {
                text += "finished, its files are here"
            } else if let failure = state.failure {
                text += "could not be asked: \(failure)"
            } else {
                text += state.process.map { "the agent \($0)" } ?? "unknown"
                if let status = state.status {
                    let arrived = status.lanes.reduce(0) { $0 + max($1.counts.arrived, $1.counts.received) }
                    text += ", \(status.state.rawValue)\(status.message.map { " (\($0))" } ?? ""), \(arrived) events"
                }
            }
            return text + "\n"
        }.joined()
    }
}
