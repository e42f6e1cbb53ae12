import ExperimentModel
import WireTransport

/// A forwarder lane's connection to the receiver: keeps it up, proves the secret, sends the outbox, answers probes.
final class RelaySender: RelayOutlet, ByteChannelOwner {
    /// The octets in one frame of padding.
    private static let paddingOctets = 16_384

    let outbox: RelayOutbox
    let retry: RelayRetry
    private(set) var forwarded = 0

    private let name: String
    private let hello: RelayProtocol.Hello
    private let target: Dialer.Target
    private let context: AgentContext
    private unowned let owner: any RelaySenderOwner
    private var channel: ByteChannel?
    private var priming: RelayPriming
    private var windowWatch = WindowWatch()
    /// Whether the present connection's other end has shown itself to be a receiver of latexp.
    private var isGreeted = false
    /// How long a receiver may take to greet until it is said that it did not.
    private static let greetingLimitNs: Int64 = 5_000_000_000

    /// A sender that begins to connect at once.
    init(
        name: String,
        hello: RelayProtocol.Hello,
        target: Dialer.Target,
        context: AgentContext,
        owner: any RelaySenderOwner
    ) {
        self.name = name
        self.hello = hello
        var target = target
        target.label = name
        self.target = target
        self.context = context
        self.owner = owner
        self.outbox = RelayOutbox(eventLimit: context.plan.bufferEvents)
        self.retry = RelayRetry(lane: name, transport: .tcp, context: context)
        self.priming = RelayPriming(targetOctets: context.plan.relay?.primedOctets ?? 0)
        connect()
        if context.plan.relay?.primedOctets ?? 0 > 0 { keepReady() }
    }

    var tcpWaitMs: Int? { windowWatch.waitedMs }
    /// Its window is open, or nobody asked for that.
    var isPrimed: Bool { priming.isPrimed }
    let datagramFacts: DatagramFacts? = nil
    var socket: StreamSocket? { channel?.socket }

    private func keepReady() {
        context.loop.schedule(afterNs: RelayPriming.intervalNs) { [self] in
            guard !retry.isEnded else { return }
            pad()
            keepReady()
        }
    }

    /// Sends padding if the connection's window asks for it.
    private func pad() {
        if state == .streaming, priming.isPrimed, let channel { windowWatch.look(at: channel.socket) }
        guard state == .streaming, retry.goodbye == .none, let channel, !channel.hasQueuedOutput, outbox.isEmpty,
            let window = channel.socket.window
        else { return }
        var octets = priming.octetsDue(window, atNs: HostClock.monotonicNs())
        while octets > 0, channel === self.channel {
            // In pieces, so that an event has to wait for one of them at most should the kernel not take all.
            let piece = min(octets, Self.paddingOctets)
            channel.write(RelayProtocol.frame(.padding, body: [UInt8](repeating: 0, count: piece)))
            octets -= piece
        }
    }

    private func connect() {
        guard retry.begin(to: target) else { return }
        context.dialer.dial(target, owner: self) { [self] result in
            switch result {
            case .success(let channel):
                if retry.isEnded { channel.abandon() } else { self.channel = channel }
            case .failure(let error): lost(error.message)
            }
        }
    }

    func channelOpened(_ channel: ByteChannel) {
        let congestionControl = channel.socket.congestionControl
        retry.reached(channel.endpoint, details: congestionControl)
        if let asked = target.congestionControl, asked != congestionControl {
            let got = congestionControl ?? "unknown"
            context.log.write(.warning, "relay.congestionControl", ["lane": name, "asked": asked, "got": got])
        }
        isGreeted = false
        context.loop.schedule(afterNs: Self.greetingLimitNs) { [self] in
            guard channel === self.channel, !isGreeted, !retry.isEnded else { return }
            retry.suspect(
                "what listens at \(channel.endpoint) has not greeted within 5 s, as latexp's receivers do at once"
                    + (context.secret == nil ? "; events are sent to it all the same" : "")
            )
        }
        // With a secret the receiver's nonce must come first; without one there is nothing to wait for.
        if context.secret == nil { introduce(proof: nil) }
    }

    private func introduce(proof: [UInt8]?) {
        guard let channel, state != .streaming else { return }
        var hello = self.hello
        hello.proof = proof
        channel.write(RelayProtocol.hello(hello) + RelayProtocol.totals(.soFar, owner.relayTotals(self)))
        retry.opened(channel.endpoint)
        priming.restart(atNs: HostClock.monotonicNs())
        flush()
    }

    func channelReceived(_ channel: ByteChannel) {
        do {
            if !isGreeted { try checkGreeting(channel) }
            while let frame = try RawRelayFrame.next(in: channel.input.unread), channel === self.channel {
                try handle(frame, channel)
                guard channel === self.channel else { return }
                channel.input.consume(frame.size)
            }
        } catch {
            context.log.write(.error, "relay.protocol", ["lane": name, "reason": "\(error)"])
            channel.fail(TransportError(.broken, "\(error)"))
        }
    }

    /// What comes first must look like a greeting of latexp's, of whatever version; less than a header is waited for.
    private func checkGreeting(_ channel: ByteChannel) throws {
        let octets = channel.input.unread
        guard octets.count >= RelayProtocol.headerSize else { return }
        let isOurs = (try? RawRelayFrame.next(in: octets)).map { frame in
            let kind = frame?.kind ?? RelayProtocol.Kind(rawValue: octets[4])
            return kind == .challenge || kind == .refuse
        }
        guard isOurs == true else {
            let text = String(decoding: octets.prefix(60), as: UTF8.self)
            let shown = String(text.prefix { !$0.isNewline }.map { $0.isASCII && $0 >= " " ? $0 : "." })
            throw AgentError(
                .protocolViolation,
                "what listens at \(channel.endpoint) is no latexp receiver: it sent '\(shown)'"
            )
        }
    }

    private func handle(_ frame: RawRelayFrame, _ channel: ByteChannel) throws {
        switch frame.kind {
        case .challenge:
            isGreeted = true
            retry.greeted()
            let nonce = try readChallenge(Array(frame.body), channel)
            guard let secret = context.secret else { return }
            introduce(proof: RelayProtocol.proof(secret: secret, nonce: nonce, hello: hello))
        case .refuse:
            let reason = String(decoding: frame.body.prefix(500), as: UTF8.self)
            throw AgentError(.refused, "the receiver refused: \(reason)")
        case .probe:
            // Whoever asks for the time has let this side in.
            retry.letIn()
            let values = try RelayProtocol.readNumbers(frame.body, count: 2)
            let receivedNs = channel.stamp.kernelNs == ReadStamp.absent ? channel.stamp.wallNs : channel.stamp.kernelNs
            // Only between whole events: a torn frame must be completed first, and the probe is not worth waiting for.
            guard !channel.hasQueuedOutput, outbox.isEmpty else { return }
            channel.write(RelayProtocol.numbers(.echo, values + [receivedNs, HostClock.wallNs()]))
        case .finish: owner.relayFinishAsked(self, wasStopped: frame.flags & RelayProtocol.stoppedFlag != 0)
        case .farewell:
            context.log.write(.info, "relay.farewell", ["lane": name])
            end("said goodbye")
        case .hello, .event, .echo, .bye, .padding, .soFar:
            throw RelayProtocol.violation("a frame that only a forwarder sends")
        case .welcome: throw RelayProtocol.violation("a frame that belongs to UDP")
        }
    }

    private func readChallenge(_ body: [UInt8], _ channel: ByteChannel) throws -> [UInt8] {
        do {
            return try RelayProtocol.readChallenge(body)
        } catch let error as AgentError where error.code == .versionMismatch {
            // The receiver should know too why nobody comes in: the greeting names this side's version.
            if state != .streaming { channel.write(RelayProtocol.hello(hello)) }
            throw error
        }
    }

    @inline(__always)
    func flush() {
        guard state == .streaming, let channel else { return }
        guard !channel.hasQueuedOutput else {
            // A frame of another kind waits for the kernel; the events follow it.
            wantsToWrite = true
            return
        }
        let socket = channel.socket
        let (events, failure) = outbox.send { socket.write($0) }
        forwarded += events
        if let failure {
            // A receiver that closed may have said why.
            channel.failAfterReading(TransportError(.broken, "the connection broke: \(systemMessage(failure))"))
        } else {
            wantsToWrite = !outbox.isEmpty
            if priming.isPrimed { windowWatch.look(at: socket) }
            if retry.goodbye == .wanted, outbox.isEmpty { sayGoodbye() }
        }
    }

    /// Whether events wait for the kernel to take more.
    private(set) var wantsToWrite = false {
        didSet { channel?.asksToWrite = wantsToWrite }
    }

    func channelWritable(_ channel: ByteChannel) {
        flush()
    }

    func breakOff(_ reason: String) {
        channel?.fail(TransportError(.broken, reason))
    }

    func finish() {
        if retry.wantGoodbye(orElse: { [self] reason in end(reason) }) { flush() }
    }

    private func sayGoodbye() {
        retry.sayGoodbye()
        channel?.write(RelayProtocol.goodbye(owner.relayTotals(self)))
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        guard channel === self.channel || self.channel == nil else { return }
        lost(reason.message)
    }

    private func lost(_ reason: String) {
        channel = nil
        outbox.connectionLost()
        retry.lost(reason) { [self] in connect() }
    }

    private func end(_ reason: String) {
        guard retry.end(reason) else { return }
        channel?.detachOwner()
        channel?.closeWhenFlushed()
        channel = nil
        owner.relayEnded(self)
    }
}
