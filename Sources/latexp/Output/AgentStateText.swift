import ExperimentModel
import Orchestration
import Reporting

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
        return table ?? "\(run): \(outcome)\n" + text(states, isRunning: outcome == "running")
    }

    private static func text(_ states: [RunAttachment.AgentState], isRunning: Bool) -> String {
        guard !states.isEmpty else { return "  no agent was started\n" }
        return states.map { state in
            var text = "  \(state.host), block \(state.block): "
            if state.isCollected {
                text += "finished, its files are here"
            } else if let failure = state.failure {
                // The host's name stands there already.
                let prefix = "\(state.host): "
                text += "could not be asked: " + failure.dropFirst(failure.hasPrefix(prefix) ? prefix.count : 0)
            } else if isRunning, state.process == .absent {
                text += "its agent is not started yet"
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
