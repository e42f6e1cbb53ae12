import ExperimentModel
import Foundation
import RemoteHosts

/// An agent's measurement of its own error on a host.
public struct AgentSelfTest: Codable, Hashable, Sendable {
    /// The cost of reading the clock, nanoseconds.
    public var clockReadNs: Double
    /// The median time from the kernel's receive time to the process, microseconds; nil without kernel times.
    public var kernelToUserP50Us: Double?
    /// The 99th percentile of how late timers fire, microseconds.
    public var timerErrorP99Us: Double
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
        let kernel = result.kernelToUserP50Us.map { String(format: "kernel to user %.1f us", $0) } ?? "no kernel times"
        return String(
            format: "clock read %.0f ns, %@, timers at most %.1f us late (p99)",
            result.clockReadNs,
            kernel,
            result.timerErrorP99Us
        )
    }
}
