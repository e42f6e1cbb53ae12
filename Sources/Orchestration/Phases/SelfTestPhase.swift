import ExperimentModel
import Foundation
import RemoteHosts

/// An agent's measurement of its own error on a host.
public struct AgentSelfTest: Codable, Hashable, Sendable {
    /// The cost of reading the clock, nanoseconds.
    public var clockReadNs: Double
    /// The median time from the kernel's receive time to the process, microseconds.
    public var kernelToUserP50Us: Double
    /// How late timers are, microseconds.
    public var timerErrorUs: Double
}

/// Lets each agent measure its own error, for a validation; the answers go to `selftest.json`.
struct SelfTestPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "self-test" }

    func perform(in session: isolated RunSession) async throws {
        let agents = session.agents
        let names = session.experiment.participatingHosts
        let results = try await session.onEachHost(names, "self-test", failure: .measurementFailed) { handle in
            let command = RemoteCommand(
                HostScripts.selfTest,
                arguments: [RemoteLayout.agent(sha256: agents[handle.name]?.sha256 ?? "")],
                timeout: .seconds(60),
                isIdempotent: true
            )
            let result = try await handle.host.run(command).checked(host: handle.name, command: command)
            do {
                return try JSONDecoder().decode(AgentSelfTest.self, from: Data(result.outputBytes))
            } catch {
                throw OrchestrationError(
                    .measurementFailed,
                    "\(handle.name): the agent's self-test printed no figures: \(result.output.prefix(200))",
                    cause: error
                )
            }
        }
        try session.directory.write(try RunDirectory.encode(results), to: "selftest.json")
        for (name, result) in results.sorted(by: { $0.key < $1.key }) {
            session.note(CheckRecord(host: name, "self-test", .passed, Self.text(result)))
        }
    }

    static func text(_ result: AgentSelfTest) -> String {
        String(
            format: "clock read %.0f ns, kernel to user %.1f us, timers %.1f us late",
            result.clockReadNs,
            result.kernelToUserP50Us,
            result.timerErrorUs
        )
    }
}
