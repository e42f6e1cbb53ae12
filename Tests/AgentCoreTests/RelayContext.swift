import ExperimentModel
import Testing
import WireTransport

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

extension RelaySender {
    /// The lane's sender, to a port of this machine.
    convenience init(toPort port: Int, _ context: AgentContext, owner: any RelaySenderOwner) {
        self.init(
            name: "backbone/0",
            hello: RelayProtocol.Hello(lane: 0, path: "backbone", runID: "run-1"),
            target: Dialer.Target(host: "127.0.0.1", port: port),
            context: context,
            owner: owner
        )
    }
}

/// Turns the loops of some agents in one process until a condition holds, for at most 20 s.
func turn(
    _ contexts: AgentContext...,
    until condition: () throws -> Bool,
    at location: SourceLocation = #_sourceLocation
) rethrows {
    let endNs = HostClock.monotonicNs() + 20_000_000_000
    while try !condition() {
        guard HostClock.monotonicNs() < endNs else {
            Issue.record("waited 20 s in vain", sourceLocation: location)
            return
        }
        for context in contexts { context.loop.runOnce(maximumWaitNs: 500_000) }
    }
}

/// An owner of a sender that asks for nothing and has nothing to account for.
protocol QuietSenderOwner: RelaySenderOwner {}

extension QuietSenderOwner {
    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool) {}
    func relayEnded(_ sender: any RelayOutlet) {}
    func relayTotals(_ sender: any RelayOutlet) -> SenderTotals {
        SenderTotals(received: 0, forwarded: 0, dropped: 0, invalid: 0, lastSequence: 0)
    }
}
