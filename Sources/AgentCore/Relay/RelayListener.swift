import ExperimentModel
import WireTransport

/// What a listener's owner hears.
protocol RelayListenerOwner: AnyObject {
    /// A forwarder has proved itself; its frames after the HELLO are still in `channel.input`.
    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)?
    /// Why a forwarder that has proved itself cannot come in now; nil when it can.
    func relayRefusal(_ hello: RelayProtocol.Hello) -> String?
}

extension RelayListenerOwner {
    func relayRefusal(_ hello: RelayProtocol.Hello) -> String? { nil }
}

/// Takes connections on the relay port and lets in those that prove the run's secret; strangers are closed and counted.
final class RelayListener: ByteChannelOwner {
    /// How long a connection may take to introduce itself.
    static let helloLimitNs: Int64 = 5_000_000_000
    /// Connections that may be in that state at once; the oldest makes room for the next, and is counted.
    ///
    /// A genuine forwarder proves itself within a round trip: strangers that say nothing must not keep it out.
    static let pendingLimit = 64
    /// The longest frame before the proof.
    private static let helloSizeLimit = 1_024

    /// Connections that were not let in, by reason.
    private(set) var strangers: [String: Int] = [:]
    /// The port that is listened on.
    var port: Int { socket.port }
    /// Connections that were refused and are not closed yet.
    var refusedCount: Int { refusals.count }

    private struct Pending {
        var channel: ByteChannel
        var nonce: [UInt8]
        var timer: TimerID
        var number: Int
    }

    private let path: String
    private let context: AgentContext
    private unowned let owner: any RelayListenerOwner
    private let socket: ListeningSocket
    private var pending: [ObjectIdentifier: Pending] = [:]
    private let refusals: RelayRefusals
    private var comers = 0

    /// Listens on all addresses.
    ///
    /// - Throws: `TransportError` `cannotListen`.
    init(path: String, port: Int, context: AgentContext, owner: any RelayListenerOwner) throws {
        self.path = path
        self.context = context
        self.owner = owner
        self.refusals = RelayRefusals(loop: context.loop)
        // A host without IPv6 has no "::".
        do {
            socket = try ListeningSocket(host: "::", port: port)
        } catch let error as TransportError where error.code != .cannotListen {
            socket = try ListeningSocket(host: "0.0.0.0", port: port)
        }
        socket.onAccept = { [unowned self] in accepted($0) }
        context.loop.add(socket)
    }

    /// Takes no more connections.
    func close() {
        context.loop.remove(socket)
        for entry in pending.values { entry.channel.abandon() }
        pending = [:]
        refusals.close()
    }

    private func accepted(_ stream: StreamSocket) {
        if pending.count >= Self.pendingLimit, let oldest = pending.values.min(by: { $0.number < $1.number }) {
            turnAway(oldest.channel, "too many at once")
        }
        comers += 1
        let channel = ByteChannel(socket: stream, isConnected: true, tls: nil, loop: context.loop, owner: self)
        let timer = context.loop.schedule(afterNs: Self.helloLimitNs) { [unowned self] in
            guard pending[ObjectIdentifier(channel)] != nil else { return }
            turnAway(channel, "no introduction within 5 s")
        }
        let nonce = MessageAuthentication.randomOctets(RelayProtocol.nonceSize)
        pending[ObjectIdentifier(channel)] = Pending(channel: channel, nonce: nonce, timer: timer, number: comers)
    }

    func channelOpened(_ channel: ByteChannel) {
        guard let entry = pending[ObjectIdentifier(channel)] else { return }
        channel.write(RelayProtocol.challenge(nonce: entry.nonce, proofRequired: context.secret != nil))
    }

    func channelReceived(_ channel: ByteChannel) {
        guard let entry = pending[ObjectIdentifier(channel)] else { return }
        do {
            // Until the proof only a short HELLO is acceptable; what follows it may be longer and is not looked at yet.
            guard let frame = try Self.firstFrame(channel.input.unread) else { return }
            guard frame.kind == .hello else { throw RelayProtocol.violation("something else than a HELLO at first") }
            let hello = try RelayProtocol.readHello(Array(frame.body), flags: frame.flags)
            try check(hello, nonce: entry.nonce)
            if let reason = owner.relayRefusal(hello) { throw AgentError(.occupied, reason) }
            context.loop.cancel(entry.timer)
            pending.removeValue(forKey: ObjectIdentifier(channel))
            channel.input.consume(frame.size)
            guard let newOwner = owner.relayAccepted(hello, on: channel) else {
                count("unknown path or lane")
                return refuse(channel, "path \(hello.path) lane \(hello.lane) does not belong to this run")
            }
            channel.handOver(to: newOwner)
            if channel.input.count > 0 { newOwner.channelReceived(channel) }
        } catch let error as AgentError {
            turnAway(channel, error.code.rawValue, answer: error.message)
        } catch {
            turnAway(channel, "protocolViolation", answer: "\(error)")
        }
    }

    private static func firstFrame(_ buffer: UnsafeMutableRawBufferPointer) throws -> RawRelayFrame? {
        try RawRelayFrame.next(in: buffer, limit: helloSizeLimit)
    }

    private func check(_ hello: RelayProtocol.Hello, nonce: [UInt8]) throws {
        guard let secret = context.secret else { return }
        guard hello.runID == context.plan.runID else {
            throw AgentError(.unproven, "this receiver belongs to another run")
        }
        let expected = RelayProtocol.proof(secret: secret, nonce: nonce, hello: hello)
        guard let proof = hello.proof, MessageAuthentication.equal(proof, expected) else {
            throw AgentError(.unproven, "the proof of the run's secret is wrong or missing")
        }
    }

    private func turnAway(_ channel: ByteChannel, _ reason: String, answer: String? = nil) {
        guard let entry = pending.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        context.loop.cancel(entry.timer)
        count(reason, details: answer)
        if let answer { refuse(channel, answer) } else { channel.abandon() }
    }

    private func refuse(_ channel: ByteChannel, _ reason: String) {
        refusals.take(channel, saying: RelayProtocol.frame(.refuse, body: Array(reason.utf8.prefix(500))))
    }

    private func count(_ reason: String, details: String? = nil) {
        strangers[reason, default: 0] += 1
        context.log.write(.warning, "relay.stranger", ["path": path, "reason": reason, "details": details ?? ""])
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        guard let entry = pending.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        context.loop.cancel(entry.timer)
        count("left before an introduction")
    }
}
