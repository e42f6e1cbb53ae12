import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// A forwarder's sender and a receiver's listener in one process, with a faulty way between them.
final class DatagramWorld: RelayDatagramListenerOwner, RelayDatagramLaneOwner, RelaySenderOwner {
    let forwarder: AgentContext
    let receiver: AgentContext
    private(set) var listener: RelayDatagramListener?
    private(set) var lane: RelayDatagramLane?
    private(set) var proxy: DatagramProxy?
    private(set) var sender: RelayDatagramSender?
    /// Every event that came to the present lane, the doubled ones left out.
    private(set) var arrived: [UInt64] = []
    private(set) var duplicates = 0
    private(set) var isEnded = false
    private(set) var finishesAsked = 0
    private(set) var appended: UInt64 = 0
    private var probedNs: Int64 = 0

    init(
        folder: String,
        forwarderSecret: [UInt8]?,
        receiverSecret: [UInt8]?,
        bufferEvents: Int = 100_000,
        seed: UInt64 = 1
    ) throws {
        forwarder = try AgentContext.relay(
            .forward,
            folder,
            secret: forwarderSecret,
            transport: .udp,
            bufferEvents: bufferEvents
        )
        receiver = try AgentContext.relay(
            .receive,
            folder,
            secret: receiverSecret,
            transport: .udp,
            bufferEvents: bufferEvents
        )
        try startReceiver(port: 0)
        proxy = try DatagramProxy(receiverPort: listener?.port ?? 0, seed: seed)
    }

    /// Makes a world, calls `body`, and takes the world down.
    static func with(
        forwarder: [UInt8]? = AgentContext.relaySecret,
        receiver: [UInt8]? = AgentContext.relaySecret,
        bufferEvents: Int = 100_000,
        seed: UInt64 = 1,
        _ body: (DatagramWorld) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let world = try DatagramWorld(
                folder: folder,
                forwarderSecret: forwarder,
                receiverSecret: receiver,
                bufferEvents: bufferEvents,
                seed: seed
            )
            defer { world.end() }
            try body(world)
        }
    }

    /// The receiver's window is over: the goodbye is asked for, said and answered.
    func finish() {
        lane?.askToFinish(wasStopped: false)
        run { finishesAsked > 0 }
        sender?.finish()
        run { isEnded }
    }

    /// A receiver begins, and knows nothing of an earlier one.
    func startReceiver(port: Int) throws {
        listener?.close()
        listener = nil
        lane = RelayDatagramLane(name: "backbone/0", index: 0, context: receiver, owner: self)
        arrived = []
        duplicates = 0
        try listen(port: port)
    }

    func listen(port: Int) throws {
        listener = try RelayDatagramListener(path: "backbone", port: port, context: receiver, owner: self)
    }

    /// The receiver's port goes away; what it knows stays.
    func stopListening() {
        listener?.close()
        listener = nil
    }

    /// A forwarder begins to count at one, straight to the receiver or by the faulty way.
    func startForwarder(directly: Bool = false, path: String = "backbone", runID: String = "run-1") {
        appended = 0
        isEnded = false
        sender = RelayDatagramSender(
            name: "backbone/0",
            hello: RelayProtocol.Hello(lane: 0, path: path, runID: runID),
            target: Dialer.Target(host: "127.0.0.1", port: (directly ? listener?.port : proxy?.port) ?? 0),
            context: forwarder,
            owner: self
        )
    }

    func emit(_ count: Int, octets: Int = 0) {
        let message = Array(#"{"e":"bookTicker","u":1}"#.utf8) + [UInt8](repeating: 32, count: octets)
        for _ in 0..<count {
            appended += 1
            message.withUnsafeBytes {
                sender?.outbox.append(sequence: appended, stamp: ReadStamp(), eventTimeNs: 1, message: $0)
            }
        }
        sender?.flush()
    }

    /// Turns all loops once; the receiver asks for the time ten times as often as an agent, so that tests are short.
    func turn() {
        forwarder.loop.runOnce(maximumWaitNs: 200_000)
        proxy?.pump()
        receiver.loop.runOnce(maximumWaitNs: 200_000)
        proxy?.pump()
        let nowNs = HostClock.monotonicNs()
        guard nowNs - probedNs > 100_000_000 else { return }
        probedNs = nowNs
        lane?.probe()
    }

    func run(until condition: () -> Bool, at location: SourceLocation = #_sourceLocation) {
        let endNs = HostClock.monotonicNs() + 30_000_000_000
        while !condition() {
            guard HostClock.monotonicNs() < endNs else {
                Issue.record("waited 30 s in vain", sourceLocation: location)
                return
            }
            turn()
        }
    }

    func end() {
        listener?.close()
        forwarder.writer.finish()
        receiver.writer.finish()
    }

    func relayLane(_ hello: RelayProtocol.Hello) -> RelayDatagramLane? {
        hello.path == "backbone" && hello.lane == 0 ? lane : nil
    }

    func relayDatagramEvent(_ lane: RelayDatagramLane, _ event: RelayedEvent, connection: Int, _ stamp: ReadStamp) {
        if event.flags.contains(.duplicate) { duplicates += 1 } else { arrived.append(event.sequence) }
    }
    func relayFinishAsked(_ sender: any RelayOutlet, wasStopped: Bool) { finishesAsked += 1 }
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
