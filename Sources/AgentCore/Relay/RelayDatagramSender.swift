import CSockets
import ExperimentModel
import WireTransport

/// A forwarder lane's way to the receiver over UDP: agrees on a session, keeps it, sends each event at once and alone.
///
/// What this host's own queue does not take waits in the outbox, so that all that counts as forwarded has left this
/// host's hands.
final class RelayDatagramSender: RelayOutlet, LoopMember {
    /// How long an attempt to agree on a session may take.
    private static let attemptNs: Int64 = 5_000_000_000
    /// A greeting that is not answered goes out again after this long, then twice as long, and so on.
    private static let firstRetryNs: Int64 = 500_000_000
    private static let goodbyeRetryNs: Int64 = 250_000_000
    /// After this host's own queue dropped a datagram, the next try.
    private static let queueRetryNs: Int64 = 1_000_000
    /// Datagrams read at once, so that a flood cannot keep events waiting.
    private static let readsAtOnce = 64
    /// What IP and UDP put before a datagram, at least.
    private static let packetHeaderOctets = 28

    let outbox: RelayOutbox
    let retry: RelayRetry
    private(set) var forwarded = 0
    let isPrimed = true
    let tcpWaitMs: Int? = nil
    let socket: StreamSocket? = nil

    private let name: String
    private let hello: RelayProtocol.Hello
    private let target: Dialer.Target
    private let context: AgentContext
    private unowned let owner: any RelaySenderOwner
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var link: RelayDatagramLink?
    private var finishAsked = false
    private var waitsForRoom = false
    private var addressTurn = 0
    private var sendFailure: String?
    private var sendWaits = 0
    private var fragmented = 0
    private var tooLong = 0
    private var packetOctets = Int.max

    /// A sender that begins to agree on a session at once.
    init(
        name: String,
        hello: RelayProtocol.Hello,
        target: Dialer.Target,
        context: AgentContext,
        owner: any RelaySenderOwner
    ) {
        self.name = name
        self.hello = hello
        self.target = target
        self.context = context
        self.owner = owner
        outbox = RelayOutbox(eventLimit: context.plan.bufferEvents)
        retry = RelayRetry(lane: name, transport: .udp, context: context)
        connect()
        watch()
    }

    deinit { input.deallocate() }

    var datagramFacts: DatagramFacts? {
        var facts = DatagramFacts()
        facts.sendWaits = sendWaits
        facts.fragmented = fragmented
        facts.tooLong = tooLong
        facts.packetOctets = packetOctets == .max ? nil : packetOctets
        return facts
    }

    // MARK: Agreeing on a session

    private func connect() {
        guard retry.begin(to: target) else { return }
        context.resolver.resolve(host: target.host, port: target.port) { [self] answer in
            guard !retry.isEnded else { return }
            switch answer {
            case .failure(let error): lost(error.message)
            case .success(let addresses) where addresses.isEmpty: lost("\(target.host) has no address")
            case .success(let addresses): greet(addresses[addressTurn % addresses.count])
            }
        }
    }

    private func greet(_ address: SocketAddress) {
        retry.reached(address.description)
        do {
            let link = try RelayDatagramLink(to: address, hello: hello)
            self.link = link
            packetOctets = link.socket.packetOctets ?? .max
            context.loop.add(self)
            sendGreeting(link, retryNs: Self.firstRetryNs, until: HostClock.monotonicNs() + Self.attemptNs)
        } catch {
            lost("\(error)")
        }
    }

    private func sendGreeting(_ link: RelayDatagramLink, retryNs: Int64, until endNs: Int64) {
        guard link === self.link, state == .connecting else { return }
        let nowNs = HostClock.monotonicNs()
        guard nowNs < endNs else {
            let what = link.keys == nil ? "no answer" : "no welcome"
            return lost(
                "\(what) from \(link.address) within 5 s: is the receiver there, with the same transport, and does every "
                    + "firewall on the way let UDP through?"
            )
        }
        send(link.greeting, on: link)
        context.loop.schedule(afterNs: min(retryNs, endNs - nowNs)) { [self] in
            sendGreeting(link, retryNs: 2 * retryNs, until: endNs)
        }
    }

    /// Sends frames that are not events; when they do not go out, they are as good as lost on the way.
    private func send(_ frames: [UInt8], on link: RelayDatagramLink) {
        if link.send(frames) == -Int(ECONNREFUSED), link === self.link { refused(link) }
    }

    private func take(challenge body: [UInt8], _ link: RelayDatagramLink) throws {
        guard try link.take(challenge: body, hello, secret: context.secret, owner.relayTotals(self)) else { return }
        sendGreeting(link, retryNs: Self.firstRetryNs, until: HostClock.monotonicNs() + Self.attemptNs)
    }

    private func welcomed(_ link: RelayDatagramLink) {
        link.greeting = []
        retry.letIn()
        retry.opened(link.address.description)
        flush()
    }

    // MARK: What comes

    var descriptor: Int32 { link?.socket.descriptor ?? -1 }
    var wantsToRead: Bool { link != nil }
    var wantsToWrite: Bool { waitsForRoom }

    func ready(toRead: Bool, toWrite: Bool) {
        if toRead { receive() }
        if toWrite, waitsForRoom {
            waitsForRoom = false
            flush()
        }
    }

    private func receive() {
        var stamp = ReadStamp()
        for _ in 0..<Self.readsAtOnce {
            guard let link else { return }
            switch link.socket.receive(into: input, stamp: &stamp) {
            case .read(let count):
                received(UnsafeMutableRawBufferPointer(rebasing: input[..<count]), stamp, link)
            case .wouldBlock:
                for number in link.socket.takeReports() where link === self.link { heard(of: number, link) }
                return
            case .failed(let number): heard(of: number, link)
            }
        }
    }

    /// A host on the way, or this one, reports an error.
    private func heard(of number: Int32, _ link: RelayDatagramLink) {
        switch number {
        case ECONNREFUSED: refused(link)
        case EMSGSIZE: packetOctets = link.socket.packetOctets ?? .max
        default:
            // A way may come back; silence will tell if it does not.
            context.log.write(.warning, "relay.report", ["lane": name, "reason": systemMessage(number)])
        }
    }

    private func refused(_ link: RelayDatagramLink) {
        guard link === self.link else { return }
        if retry.goodbye == .said {
            return end("the receiver has gone, without an answer to the goodbye that arrived here")
        }
        lost("nobody takes datagrams at \(link.address): is the receiver there, with the same transport?")
    }

    private func received(_ datagram: UnsafeMutableRawBufferPointer, _ stamp: ReadStamp, _ link: RelayDatagramLink) {
        let whole = UnsafeRawBufferPointer(datagram)
        guard RelayDatagram.session(of: whole) == link.session else { return }
        do {
            if let keys = link.keys, RelayDatagram.isGenuine(whole, keys.receiver) {
                link.heardNs = stamp.monotonicNs
                // Whatever is genuine shows that the receiver has the session; the welcome itself may be lost.
                if state == .connecting { welcomed(link) }
                try RelayDatagram.frames(of: datagram) { frame in
                    if link === self.link { try handle(frame, stamp, link) }
                }
            } else {
                try RelayDatagram.frames(of: datagram) { try handleUnsigned($0, link) }
            }
        } catch {
            // One garbled datagram must not end a session; a refusal or another version must.
            guard link === self.link, let error = error as? AgentError, error.code != .protocolViolation else { return }
            context.log.write(.error, "relay.protocol", ["lane": name, "reason": "\(error)"])
            lost(error.message)
        }
    }

    private func handleUnsigned(_ frame: RawRelayFrame, _ link: RelayDatagramLink) throws {
        switch frame.kind {
        case .challenge where state == .connecting: try take(challenge: Array(frame.body), link)
        case .refuse:
            let reason = String(decoding: frame.body.prefix(500), as: UTF8.self)
            throw AgentError(.refused, "the receiver refused: \(reason)")
        default: break
        }
    }

    private func handle(_ frame: RawRelayFrame, _ stamp: ReadStamp, _ link: RelayDatagramLink) throws {
        switch frame.kind {
        case .probe:
            retry.letIn()
            let values = try RelayProtocol.readNumbers(frame.body, count: 2)
            let receivedNs = stamp.kernelNs == ReadStamp.absent ? stamp.wallNs : stamp.kernelNs
            send(RelayProtocol.numbers(.echo, values + [receivedNs, HostClock.wallNs()]), on: link)
        case .finish where !finishAsked:
            finishAsked = true
            owner.relayFinishAsked(self, wasStopped: frame.flags & RelayProtocol.stoppedFlag != 0)
        case .farewell where retry.goodbye == .said:
            context.log.write(.info, "relay.farewell", ["lane": name])
            end("said goodbye")
        default: break
        }
    }

    // MARK: Events

    @inline(__always)
    func flush() {
        guard state == .streaming, let link, let key = link.keys?.forwarder, !waitsForRoom else { return }
        let events = outbox.sendEach { transmit($0, link, key) }
        forwarded += events
        if let failure = sendFailure {
            sendFailure = nil
            if link === self.link { lost(failure) }
        } else if retry.goodbye == .wanted, outbox.isEmpty {
            sayGoodbye(link)
        }
    }

    @inline(__always)
    private func transmit(_ frame: UnsafeRawBufferPointer, _ link: RelayDatagramLink, _ key: MessageKey)
        -> RelayOutbox.SingleSend
    {
        let count = link.socket.send(link.header.sign(frame, key), frame)
        guard count > 0 else { return notTaken(-count, frame, link, isSecondTry: false) }
        if count + Self.packetHeaderOctets > packetOctets { fragmented += 1 }
        return .sent
    }

    /// What to do with an event whose datagram the kernel did not take.
    private func notTaken(
        _ number: Int,
        _ frame: UnsafeRawBufferPointer,
        _ link: RelayDatagramLink,
        isSecondTry: Bool
    ) -> RelayOutbox.SingleSend {
        switch Int32(number) {
        case 0:
            sendWaits += 1
            waitsForRoom = true
            return .kept
        case ENOBUFS:
            sendWaits += 1
            context.loop.schedule(afterNs: Self.queueRetryNs) { [self] in flush() }
            return .kept
        case ECONNREFUSED:
            sendFailure = "nobody takes datagrams at \(link.address) any more: the receiver has gone"
            return .kept
        case EMSGSIZE where isSecondTry || frame.count > RelayDatagram.maximumFrameSize:
            tooLong += 1
            context.log.write(.error, "relay.tooLong", ["lane": name, "octets": "\(frame.count)"])
            return .impossible
        case _ where isSecondTry:
            sendFailure = "cannot send to \(link.address): \(systemMessage(Int32(number)))"
            return .kept
        default:
            // It may be the report on an earlier datagram, which the system gives once, instead of sending this one.
            let count = link.socket.send(link.header.sign(frame, link.keys?.forwarder), frame)
            return count > 0 ? .sent : notTaken(-count, frame, link, isSecondTry: true)
        }
    }

    // MARK: The end, and what comes before it

    func breakOff(_ reason: String) {
        if state == .streaming { lost(reason) }
    }

    func finish() {
        if retry.wantGoodbye(orElse: { [self] reason in end(reason) }) { flush() }
    }

    private func sayGoodbye(_ link: RelayDatagramLink) {
        retry.sayGoodbye()
        repeatGoodbye(link)
    }

    private func repeatGoodbye(_ link: RelayDatagramLink) {
        guard link === self.link, state == .streaming, retry.goodbye == .said else { return }
        send(RelayProtocol.goodbye(owner.relayTotals(self)), on: link)
        context.loop.schedule(afterNs: Self.goodbyeRetryNs) { [self] in repeatGoodbye(link) }
    }

    /// Looks each second whether the receiver is still heard.
    private func watch() {
        context.loop.schedule(afterNs: 1_000_000_000) { [self] in
            guard !retry.isEnded else { return }
            if let link, state == .streaming {
                packetOctets = link.socket.packetOctets ?? .max
                if HostClock.monotonicNs() - link.heardNs > RelayDatagram.silenceNs {
                    lost("nothing came from the receiver at \(link.address) for 5 s")
                }
            }
            watch()
        }
    }

    private func lost(_ reason: String) {
        // The address that served stays the first choice.
        if state != .streaming { addressTurn += 1 }
        closeLink()
        retry.lost(reason) { [self] in connect() }
    }

    private func closeLink() {
        // Off the loop first: the next socket may get the same descriptor.
        context.loop.remove(self)
        link = nil
        waitsForRoom = false
    }

    private func end(_ reason: String) {
        guard retry.end(reason) else { return }
        closeLink()
        owner.relayEnded(self)
    }
}
