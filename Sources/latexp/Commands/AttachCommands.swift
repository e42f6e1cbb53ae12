import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Which run to come back to.
struct AttachOptions: ParsableArguments {
    @Argument(help: "The run: its directory, its name, a unique beginning of it, or `latest`.")
    var run = "latest"

    @OptionGroup var store: StoreOptions

    func attachment(observer: any RunObserver = SilentObserver()) throws -> (RunDirectory, RunAttachment) {
        let directory = try store.store.find(run)
        return (
            directory,
            try RunAttachment(directory, environment: .installed(agentFile: nil), observer: observer)
        )
    }
}

/// Looks at a run's agents.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Ask the hosts of a run what its agents do."
    )

    @OptionGroup var attach: AttachOptions

    func run() async throws {
        let (directory, attachment) = try attach.attachment()
        let record = try directory.loadRecord()
        Terminal.results.write("\(directory.id): \(record.outcome.rawValue)\n")
        let states = try await attachment.states()
        Terminal.results.write(AgentStateText.render(states))
        if states.contains(where: { $0.failure != nil }) { throw ExitCode(CommandStatus.hostUnusable.rawValue) }
    }
}

/// Ends a run's agents.
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End the agents of a run; `latexp resume` then brings home what they wrote."
    )

    @OptionGroup var attach: AttachOptions

    func run() async throws {
        let (directory, attachment) = try attach.attachment()
        let states = try await attachment.stop()
        let stopped = states.filter { $0.process == .running && $0.failure == nil }.map(\.host)
        Terminal.results.write(
            stopped.isEmpty
                ? "\(directory.id): no agent was running\n"
                : "\(directory.id): stopped on \(stopped.joined(separator: ", ")); "
                    + "`latexp resume \(directory.id)` brings home what they wrote\n"
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
        abstract: "Come back to a run: watch its agents to their end, bring home, report."
    )

    @OptionGroup var attach: AttachOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let printer = RunPrinter()
        let (directory, attachment) = try attach.attachment(observer: printer)
        let outcome = try await Interruption.guarding(
            hint: "The agents end by themselves; `latexp resume \(directory.id)` fetches what they leave."
        ) {
            try await attachment.resume()
        }
        printer.finish()
        try Ending.show(outcome, format: output.format)
    }
}

/// Prints what agents do.
enum AgentStateText {
    static func render(_ states: [RunAttachment.AgentState]) -> String {
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
