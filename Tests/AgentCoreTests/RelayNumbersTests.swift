import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// A forwarder that says what it is told to, however impossible.
private final class WildForwarder: QuietSenderOwner {
    private(set) var sender: RelaySender?

    init(context: AgentContext, port: Int) {
        sender = RelaySender(toPort: port, context, owner: self)
    }

    func emit(_ sequence: UInt64, eventTimeNs: Int64 = 1) {
        Array(#"{"e":"bookTicker","u":1}"#.utf8).withUnsafeBytes {
            sender?.outbox.append(sequence: sequence, stamp: ReadStamp(), eventTimeNs: eventTimeNs, message: $0)
        }
        sender?.flush()
    }
}

/// By hand a receiver has no secret: whoever reaches its port may say anything.
@Suite(.timeLimit(.minutes(1)))
struct RelayNumbersTests {
    @Test("Numbers that no forwarder has end its connection at most, and never the receiver")
    func wildNumbers() throws {
        try withTemporaryFolder { folder in
            let contexts = try [AgentPlan.Role.receive, .forward].map {
                try AgentContext.relay($0, folder, secret: nil)
            }
            defer { for context in contexts { context.writer.finish() } }
            let receiver = ReceiveAgent(context: contexts[0])
            try receiver.start()
            let forwarder = WildForwarder(context: contexts[1], port: try #require(receiver.ports["backbone"]))
            func run(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
                turn(contexts[0], contexts[1], until: condition, at: location)
            }
            /// Sends a number that ends the connection, and waits for the next one.
            func refuse(_ sequence: UInt64) {
                let attempts = forwarder.sender?.retry.attempts ?? 0
                forwarder.emit(sequence)
                run { forwarder.sender?.retry.attempts == attempts + 1 && forwarder.sender?.state == .streaming }
            }

            run { forwarder.sender?.state == .streaming }
            forwarder.emit(1, eventTimeNs: .min + 1)
            run { receiver.samples.count == 1 }
            let largest = RelayProtocol.largestCount
            forwarder.emit(largest)
            run { receiver.samples.count == 2 }
            #expect(receiver.laneSummaries()[0].counts.missing == Int(largest) - 2)
            refuse(.max)
            // Each connection begins anew: what the last one left missing is added up.
            forwarder.emit(largest)
            run { receiver.samples.count == 3 }
            refuse(0)
            forwarder.emit(1)
            run { receiver.samples.count == 4 }
            let lane = receiver.laneSummaries()[0]
            #expect(lane.counts.arrived == 1 && lane.counts.missing == 0)
            #expect(lane.earlier?.arrived == 3 && lane.earlier?.missing == 2 * Int(largest) - 3)
            #expect(lane.connections.count == 3)
        }
    }

    @Test("However often a forwarder begins anew, what it left missing has a sum")
    func sums() {
        var sum = LaneCounts()
        var counts = LaneCounts()
        counts.missing = .max - 1
        for _ in 0..<3 { sum.addArrivals(of: counts) }
        #expect(sum.missing == .max)
    }

    @Test("Totals that nobody can have are a violation", arguments: 0..<5)
    func totals(_ place: Int) throws {
        for value in [-1, Int64(RelayProtocol.largestCount) + 1, .min, .max] {
            var values = [Int64](repeating: 1, count: 5)
            values[place] = value
            let frame = RelayProtocol.numbers(.bye, values).dropFirst(RelayProtocol.headerSize)
            #expect(throws: AgentError.self) { try Array(frame).withUnsafeBytes { try RelayProtocol.readTotals($0) } }
        }
    }
}
