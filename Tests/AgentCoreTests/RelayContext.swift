import ExperimentModel

@testable import AgentCore

extension AgentContext {
    /// The secret of the run that relay tests are about, unless they want another.
    static let relaySecret = [UInt8](repeating: 5, count: 32)

    /// One side of a run with one relayed lane, which comes back soon after a disconnection.
    static func relay(
        _ role: AgentPlan.Role,
        _ folder: String,
        secret: [UInt8]? = relaySecret,
        transport: PathTransport? = nil,
        longestPause: TimeSpan = .milliseconds(50),
        bufferEvents: Int = 1_000
    ) throws -> AgentContext {
        let plan = AgentPlan(
            runID: "run-1",
            host: "h",
            role: role,
            market: .usdm,
            streams: ["btcusdt@bookTicker"],
            paths: [AgentPath(name: "backbone", kind: .relay, lanes: 1, transport: transport)],
            start: .atFirstEvent,
            warmUp: .seconds(0),
            duration: .seconds(10),
            deadline: .seconds(60),
            reconnect: ReconnectPolicy(initial: .milliseconds(20), max: longestPause),
            bufferEvents: bufferEvents
        )
        return try AgentContext(plan: plan, directory: folder, secret: secret)
    }
}
