import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// A relay's forwarder side: numbers events, buffers a few, and never waits for the receiver.
private final class VolumeForwarder: RelaySenderOwner {
    let context: AgentContext
    private(set) var sender: RelaySender?
    private(set) var isEnded = false
    private var numbered: UInt64 = 0
    private let message = Array((#"{"e":"bookTicker","u":1,"s":"BTCUSDT"}"# + String(repeating: " ", count: 100)).utf8)

    init(context: AgentContext, port: Int) {
        self.context = context
        sender = RelaySender(toPort: port, context, owner: self)
    }

    func emit(_ count: Int) {
        for _ in 0..<count {
            numbered += 1
            message.withUnsafeBytes {
                sender?.outbox.append(sequence: numbered, stamp: ReadStamp(), eventTimeNs: 1, message: $0)
            }
        }
        sender?.flush()
    }

    var totals: SenderTotals {
        SenderTotals(
            received: Int(numbered),
            forwarded: sender?.forwarded ?? 0,
            dropped: sender?.outbox.dropped ?? 0,
            invalid: 0,
            lastSequence: numbered
        )
    }

    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool) {}
    func relayEnded(_ sender: any RelayOutlet) { isEnded = true }
    func relayTotals(_ sender: any RelayOutlet) -> SenderTotals { totals }
}

/// One life of a receiver: what it knows is gone with it.
private final class VolumeReceiver: RelayListenerOwner, RelayReceiverLaneOwner {
    let context: AgentContext
    private(set) var listener: RelayListener?
    private(set) var lane: RelayReceiverLane?
    private(set) var events = 0
    private(set) var isInOrder = true
    private var newest: UInt64 = 0

    init(context: AgentContext, port: Int) throws {
        self.context = context
        lane = RelayReceiverLane(name: "backbone/0", index: 0, context: context, owner: self)
        listener = try RelayListener(path: "backbone", port: port, context: context, owner: self)
    }

    /// The process dies: its sockets are closed with whatever they hold.
    func die() {
        listener?.close()
        listener = nil
        lane?.dropConnection()
    }

    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)? {
        lane?.take(channel)
        return lane
    }

    func relayEvent(_ lane: RelayReceiverLane, _ event: RelayedEvent, _ stamp: ReadStamp) {
        events += 1
        isInOrder = isInOrder && event.sequence > newest
        newest = event.sequence
    }
}

/// Many events through a receiver that is slow, stalls, and dies: each is accounted for, and memory is the buffer's.
struct RelayVolumeTests {
    private static let events = 10_000_000
    private static let bufferEvents = 2_000

    @Test(
        "Through a receiver that is slow, stalls and is started anew the sums come out to the event",
        .timeLimit(.minutes(2))
    )
    func conservation() throws {
        try withTemporaryFolder { folder in
            let contexts = try [AgentPlan.Role.forward, .receive].map {
                try AgentContext.relay($0, folder, bufferEvents: Self.bufferEvents)
            }
            defer { for context in contexts { context.writer.finish() } }
            var receiver = try VolumeReceiver(context: contexts[1], port: 0)
            let port = try #require(receiver.listener?.port)
            let forwarder = VolumeForwarder(context: contexts[0], port: port)
            defer { receiver.die() }
            wait(forwarder, receiver) { forwarder.sender?.state == .streaming }

            let first = receiver
            flood(forwarder, receiver, events: Self.events / 2)
            // It stalls, and then dies with its sockets full.
            forwarder.emit(Self.bufferEvents * 4)
            first.die()
            wait(forwarder, first) { forwarder.sender?.state == .waiting }
            forwarder.emit(Self.bufferEvents * 2)
            let atRestart = forwarder.totals
            receiver = try VolumeReceiver(context: contexts[1], port: port)
            wait(forwarder, receiver) { receiver.events > 0 }
            flood(forwarder, receiver, events: Self.events / 2)
            // A connection is lost in the middle of things, and the same receiver stays.
            forwarder.emit(Self.bufferEvents * 4)
            receiver.lane?.dropConnection()
            wait(forwarder, receiver) { receiver.lane?.connectionNumber == 1 }
            forwarder.sender?.finish()
            wait(forwarder, receiver) { forwarder.isEnded }
            try check(forwarder, first, receiver, atRestart: atRestart)
        }
    }

    /// Emits much faster than the receiver, which now and then does not read at all, takes it.
    private func flood(_ forwarder: VolumeForwarder, _ receiver: VolumeReceiver, events: Int) {
        for step in 0..<(events / 100) {
            forwarder.emit(100)
            forwarder.context.loop.runOnce(maximumWaitNs: 0)
            let isStalled = step % 500 >= 400
            if !isStalled, step % 20 == 0 { receiver.context.loop.runOnce(maximumWaitNs: 0) }
        }
    }

    private func check(
        _ forwarder: VolumeForwarder,
        _ first: VolumeReceiver,
        _ last: VolumeReceiver,
        atRestart: SenderTotals
    ) throws {
        let lane = try #require(last.lane)
        var totals = try #require(lane.senderTotals)
        #expect(totals.feedLosses == 0)
        totals.feedLosses = nil
        let before = try #require(lane.before)
        #expect(totals == forwarder.totals)
        #expect(totals.received > Self.events)
        #expect(totals.received == totals.forwarded + totals.dropped + totals.invalid)
        #expect(totals.dropped > Self.bufferEvents, "nothing was dropped, so the test shows nothing")
        // What the first one's sockets held when it died was handed over, and nobody has it.
        #expect(before.forwarded == atRestart.forwarded && before.dropped >= atRestart.dropped - Self.bufferEvents)
        #expect(before.forwarded > (first.lane?.counts.arrived ?? 0))
        for receiver in [first, last] {
            #expect(receiver.isInOrder && receiver.events == receiver.lane?.counts.arrived)
            #expect(receiver.lane?.missing.reduce(0) { $0 + $1.count } == receiver.lane?.counts.missing)
        }
        let lost = totals.forwarded - before.forwarded - lane.counts.arrived
        #expect(lost > 0, "a connection that broke with full sockets loses something")
        #expect(lane.counts.missing == totals.dropped - before.dropped + lost)
        #expect(lane.counts.duplicates == 0 && lane.counts.reordered == 0)
        let disconnection = lane.missing.first { $0.cause == "disconnection" }
        #expect(disconnection?.at == lane.connections.first?.ended)
        #expect(forwarder.sender?.outbox.largestOctets ?? .max <= Self.bufferEvents * 200 * 2 + 1 << 20 + 65_536)
    }

    private func wait(
        _ forwarder: VolumeForwarder,
        _ receiver: VolumeReceiver,
        until condition: () -> Bool,
        at location: SourceLocation = #_sourceLocation
    ) {
        turn(forwarder.context, receiver.context, until: condition, at: location)
    }
}
