import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// A forwarder's sender and a receiver's listener in one process, each with its own context and loop.
private final class RelayWorld: RelayListenerOwner, RelayReceiverLaneOwner, RelaySenderOwner {
    let forwarder: AgentContext
    let receiver: AgentContext
    private(set) var listener: RelayListener?
    private(set) var lane: RelayReceiverLane?
    private(set) var sender: RelaySender?
    private(set) var arrived: [UInt64] = []
    private(set) var isEnded = false
    private(set) var finishAsked = false
    private var appended: UInt64 = 0

    init(folder: String, forwarderSecret: [UInt8]?, receiverSecret: [UInt8]?, bufferEvents: Int = 1_000) throws {
        forwarder = try AgentContext.relay(.forward, folder, secret: forwarderSecret, bufferEvents: bufferEvents)
        receiver = try AgentContext.relay(.receive, folder, secret: receiverSecret, bufferEvents: bufferEvents)
        lane = RelayReceiverLane(name: "backbone/0", index: 0, context: receiver, owner: self)
        try listen(port: 0)
    }

    func listen(port: Int) throws {
        listener = try RelayListener(path: "backbone", port: port, context: receiver, owner: self)
    }

    /// The receiver goes away: its port and its connection.
    func cut() {
        listener?.close()
        listener = nil
        lane?.dropConnection()
    }

    func connect() {
        let port = listener?.port ?? 0
        sender = RelaySender(toPort: port, forwarder, owner: self)
    }

    /// The forwarder dies without a word, and another takes its place.
    func replaceForwarder() {
        sender?.socket?.close()
        run { lane?.state != .streaming }
        appended = 0
        connect()
    }

    func emit(_ count: Int) {
        let message = Array(#"{"e":"bookTicker","u":1}"#.utf8)
        for _ in 0..<count {
            appended += 1
            message.withUnsafeBytes {
                sender?.outbox.append(sequence: appended, stamp: ReadStamp(), eventTimeNs: 1, message: $0)
            }
        }
        sender?.flush()
    }

    func run(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
        turn(forwarder, receiver, until: condition, at: location)
    }

    /// The receiver alone goes on: nothing reaches the forwarder.
    func runReceiver(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
        let endNs = HostClock.monotonicNs() + 20_000_000_000
        while !condition() {
            guard HostClock.monotonicNs() < endNs else {
                Issue.record("waited 20 s in vain", sourceLocation: location)
                return
            }
            receiver.loop.runOnce(maximumWaitNs: 500_000)
        }
    }

    func end() {
        listener?.close()
        forwarder.writer.finish()
        receiver.writer.finish()
    }

    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)? {
        guard hello.path == "backbone", hello.lane == 0 else { return nil }
        lane?.take(channel)
        return lane
    }

    func relayEvent(_ lane: RelayReceiverLane, _ event: RelayedEvent, _ stamp: ReadStamp) {
        arrived.append(event.sequence)
    }
    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool) { finishAsked = true }
    func relayEnded(_ sender: any RelayOutlet) { isEnded = true }

    func relayTotals(_ sender: any RelayOutlet) -> SenderTotals {
        SenderTotals(
            received: Int(appended),
            forwarded: sender.forwarded,
            dropped: sender.outbox.dropped,
            invalid: 0,
            lastSequence: appended
        )
    }
}

struct RelayLinkTests {
    private func withWorld(
        forwarder: [UInt8]? = AgentContext.relaySecret,
        receiver: [UInt8]? = AgentContext.relaySecret,
        bufferEvents: Int = 1_000,
        _ body: (RelayWorld) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let world = try RelayWorld(
                folder: folder,
                forwarderSecret: forwarder,
                receiverSecret: receiver,
                bufferEvents: bufferEvents
            )
            defer { world.end() }
            try body(world)
        }
    }

    @Test(
        "Events arrive in order, and the goodbye accounts for all of them",
        .timeLimit(.minutes(1)),
        arguments: [true, false]
    )
    func goodbye(withSecret: Bool) throws {
        let secret = withSecret ? AgentContext.relaySecret : nil
        try withWorld(forwarder: secret, receiver: secret) { world in
            world.connect()
            world.run { world.sender?.state == .streaming }
            for _ in 0..<50 { world.emit(20) }
            world.run { world.arrived.count == 1_000 }
            world.lane?.askToFinish(wasStopped: false)
            world.run { world.finishAsked }
            world.sender?.finish()
            world.run { world.isEnded }
            #expect(world.arrived == Array(1...1_000))
            let totals = try #require(world.lane?.senderTotals)
            #expect(totals.received == totals.forwarded + totals.dropped + totals.invalid)
            #expect(totals.forwarded == world.lane?.counts.arrived)
            #expect(world.lane?.counts.missing == 0)
            #expect(world.listener?.strangers.isEmpty == true)
        }
    }

    @Test("A forwarder with the wrong secret, or none, is refused, counted, and told why", .timeLimit(.minutes(1)))
    func wrongSecret() throws {
        for secret in [[UInt8](repeating: 6, count: 32), nil] {
            try withWorld(forwarder: secret) { world in
                world.connect()
                world.emit(5)
                world.run { world.sender?.lastFailure != nil && world.listener?.strangers.isEmpty == false }
                #expect(world.arrived.isEmpty)
                #expect(world.listener?.strangers.keys.contains("unproven") == true)
                let reasons = (world.sender?.connections ?? []).compactMap(\.reason).joined()
                #expect(reasons.contains("proof of the run's secret"), "the reasons were: \(reasons)")
            }
        }
    }

    @Test(
        "A forwarder that goes on sending hears why it was refused, also when its connection is broken by then",
        .timeLimit(.minutes(1)),
        arguments: [1_000, 60_000]
    )
    func refusalIsHeard(events: Int) throws {
        try withWorld(forwarder: [UInt8](repeating: 6, count: 32)) { world in
            world.connect()
            world.run { world.sender?.state == .streaming }
            // It is refused while it looks at its feed only, and sends what that brings: less and more than the receiver bears with.
            world.runReceiver { world.listener?.strangers["unproven"] == 1 }
            for _ in 0..<events / 100 {
                world.emit(100)
                world.receiver.loop.runOnce(maximumWaitNs: 0)
            }
            world.run { world.sender?.lastFailure != nil }
            let failure = try #require(world.sender?.lastFailure)
            #expect(failure.contains("the receiver refused: the proof of the run's secret is wrong"), "\(failure)")
            #expect(world.arrived.isEmpty)
        }
    }

    @Test("Of strangers that do not close after a refusal a few are kept, for a moment", .timeLimit(.minutes(1)))
    func refusedAndStaying() throws {
        try withWorld { world in
            let port = try #require(world.listener?.port)
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
            let strangers = try (0..<(RelayRefusals.countLimit + 8)).map { _ in try StreamSocket.connect(to: address) }
            let garbage = [UInt8](repeating: 0xFF, count: 64)
            for stranger in strangers {
                world.run {
                    stranger.connectionFailure() == nil
                        && garbage.withUnsafeBytes { stranger.write($0) } == garbage.count
                }
            }
            world.run { world.listener?.strangers["protocolViolation"] == strangers.count }
            #expect(world.listener?.refusedCount == RelayRefusals.countLimit)
            world.run { world.listener?.refusedCount == 0 }
            withExtendedLifetime(strangers) {}
        }
    }

    @Test(
        "While the receiver is away events wait, and after it is back every one is accounted for",
        .timeLimit(.minutes(1))
    )
    func receiverAway() throws {
        try withWorld(bufferEvents: 300) { world in
            world.connect()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            let port = try #require(world.listener?.port)
            world.cut()
            world.run { world.sender?.state == .waiting }
            world.emit(500)
            #expect(world.sender?.outbox.count == 300)
            #expect(world.sender?.outbox.dropped == 200)
            try world.listen(port: port)
            world.run { world.arrived.count == 400 }
            world.sender?.finish()
            world.run { world.isEnded }
            let counts = try #require(world.lane?.counts)
            let totals = try #require(world.lane?.senderTotals)
            #expect(counts.missing == 200)
            #expect(world.lane?.missing.map { [$0.first, $0.last] } == [[101, 300]])
            #expect(world.lane?.missing.first?.cause == "disconnection")
            #expect(totals.received == 600)
            #expect(totals.received == totals.forwarded + totals.dropped)
            #expect(totals.forwarded == counts.arrived)
            #expect(world.lane?.connectionNumber == 1)
        }
    }

    @Test("Strangers are closed and counted, and the run goes on", .timeLimit(.minutes(1)))
    func strangers() throws {
        try withWorld { world in
            world.connect()
            world.run { world.sender?.state == .streaming }
            let port = try #require(world.listener?.port)
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
            for bytes in [
                Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 0, 0, 9, 4, 0, 0, 0, 1], [255, 255, 255, 255, 2, 0, 0, 0],
            ] {
                let stranger = try StreamSocket.connect(to: address)
                world.run {
                    stranger.connectionFailure() == nil && bytes.withUnsafeBytes { stranger.write($0) } == bytes.count
                }
                let before = world.listener?.strangers.values.reduce(0, +) ?? 0
                world.run { (world.listener?.strangers.values.reduce(0, +) ?? 0) > before }
            }
            world.emit(10)
            world.run { world.arrived.count == 10 }
            #expect(world.listener?.strangers["protocolViolation"] == 3)
        }
    }

    @Test("Probes go round inside the connection and bound the offset of two equal clocks", .timeLimit(.minutes(1)))
    func probes() throws {
        try withWorld { world in
            world.connect()
            world.run { world.sender?.state == .streaming && world.lane?.endpoint != nil }
            for _ in 0..<5 {
                let before = world.lane?.envelope.summary?.count ?? 0
                world.lane?.probe()
                world.run { (world.lane?.envelope.summary?.count ?? 0) > before }
            }
            let summary = try #require(world.lane?.envelope.summary)
            #expect(summary.count == 5)
            #expect(summary.offsetLowNs <= 0 && summary.offsetHighNs >= 0)
            #expect(summary.minimumRoundTripNs > 0)
        }
    }

    @Test(
        "A forwarder that is started anew counts from one: nothing of it is taken for what came before",
        .timeLimit(.minutes(1))
    )
    func forwarderRestarted() throws {
        try withWorld { world in
            world.connect()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            world.replaceForwarder()
            world.run { world.sender?.state == .streaming && world.lane?.state == .streaming }
            world.emit(60)
            world.run { world.arrived.count == 160 }
            world.sender?.finish()
            world.run { world.isEnded }
            let lane = try #require(world.lane)
            #expect(world.arrived == Array(1...100) + Array(1...60))
            #expect(lane.counts.arrived == 60 && lane.counts.duplicates == 0 && lane.counts.missing == 0)
            #expect(lane.earlier?.arrived == 100)
            #expect(lane.senderTotals?.forwarded == 60)
        }
    }

    @Test("Strangers that say nothing do not keep a forwarder out", .timeLimit(.minutes(1)))
    func silentStrangers() throws {
        try withWorld { world in
            let port = try #require(world.listener?.port)
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
            let strangers = try (0..<(RelayListener.pendingLimit + 6)).map { _ in try StreamSocket.connect(to: address)
            }
            world.run { world.listener?.strangers["too many at once"] == 6 }
            world.connect()
            world.run { world.sender?.state == .streaming }
            world.emit(10)
            world.run { world.arrived.count == 10 }
            #expect(world.listener?.strangers == ["too many at once": 7])
            withExtendedLifetime(strangers) {}
        }
    }
}
