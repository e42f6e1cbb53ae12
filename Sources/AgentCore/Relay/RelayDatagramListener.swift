import ExperimentModel
import WireTransport

/// What a datagram listener's owner hears.
protocol RelayDatagramListenerOwner: AnyObject {
    /// The lane of a forwarder that has proved itself; nil when there is no such lane.
    func relayLane(_ hello: RelayProtocol.Hello) -> RelayDatagramLane?
}

/// Takes datagrams on the relay port, agrees on sessions with those that prove the run's secret, and hands theirs to
/// their lanes.
///
/// Strangers are counted and cost nothing more: until the proof no state is kept.
final class RelayDatagramListener: LoopMember {
    /// Room for a second of bursts while this process does not run; hosts may give less.
    private static let receiveBufferOctets = 8 << 20
    /// Datagrams read at once, so that a flood cannot starve the rest of the agent.
    private static let readsAtOnce = 256
    /// Refusals a second; more would only help who wants to make this host talk.
    private static let refusalsPerSecond = 20
    /// Strangers that are worth a line in the log.
    private static let loggedStrangers = 100
    /// Sessions that are over and remembered, so that nobody can begin them again while their nonce is taken.
    private static let retiredLimit = 1_024

    /// Datagrams that were not let in, by reason.
    private(set) var strangers: [String: Int] = [:]
    /// The port that is taken.
    var port: Int { socket.port }

    private let path: String
    private let context: AgentContext
    private unowned let owner: any RelayDatagramListenerOwner
    private let socket: DatagramSocket
    private let nonces = DatagramNonces()
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var stamp = ReadStamp()
    private var sessions: [UInt64: DatagramSession] = [:]
    private var retired: [UInt64] = []
    private var refusalSecond: Int64 = 0
    private var refusals = 0
    /// What the socket had dropped when it was closed.
    private var finalDrops: Int?

    /// Takes datagrams on all addresses.
    ///
    /// - Throws: `TransportError` `cannotListen`.
    init(path: String, port: Int, context: AgentContext, owner: any RelayDatagramListenerOwner) throws {
        self.path = path
        self.context = context
        self.owner = owner
        let octets = Self.receiveBufferOctets
        // A host without IPv6 has no "::".
        do {
            socket = try DatagramSocket.listen(host: "::", port: port, receiveBufferOctets: octets)
        } catch let error as TransportError where error.code != .cannotListen {
            socket = try DatagramSocket.listen(host: "0.0.0.0", port: port, receiveBufferOctets: octets)
        }
        context.loop.add(self)
        if context.plan.busyPoll == true { context.loop.favour(self) }
        // The host's limit is net.core.rmem_max, unless this process is root's.
        let granted = socket.receiveBufferOctets
        context.log.write(
            granted < octets ? .warning : .info,
            "relay.listen",
            ["path": path, "transport": "udp", "bufferOctets": "\(granted)", "askedOctets": "\(octets)"]
        )
    }

    deinit { input.deallocate() }

    /// What the socket has to tell.
    var facts: DatagramFacts {
        var facts = DatagramFacts()
        facts.hostDrops = socket.drops ?? finalDrops
        facts.receiveBufferOctets = socket.receiveBufferOctets
        return facts
    }

    /// Takes nothing more.
    func close() {
        context.loop.remove(self)
        sessions = [:]
        finalDrops = socket.drops
        socket.close()
    }

    // MARK: Datagrams

    var descriptor: Int32 { socket.descriptor }
    var wantsToRead: Bool { true }
    var wantsToWrite: Bool { false }

    func ready(toRead: Bool, toWrite: Bool) {
        for _ in 0..<Self.readsAtOnce {
            guard receive() else { return }
        }
    }

    func look(waits: Bool) -> Bool { receive() }

    /// Reads one datagram; whether there was one.
    @inline(__always)
    private func receive() -> Bool {
        switch socket.receive(into: input, stamp: &stamp) {
        case .read(let count): received(UnsafeMutableRawBufferPointer(rebasing: input[..<count]))
        case .wouldBlock: return false
        // An answer of some host to something that was sent; nothing that has to do with what comes.
        case .failed: break
        }
        return true
    }

    @inline(__always)
    private func received(_ datagram: UnsafeMutableRawBufferPointer) {
        let whole = UnsafeRawBufferPointer(datagram)
        guard let id = RelayDatagram.session(of: whole) else { return count("too short for this protocol") }
        guard let session = sessions[id] else { return greeted(datagram, id) }
        guard RelayDatagram.isGenuine(whole, session.keys.forwarder) else {
            // The first greeting has no code, and may come again.
            if !Self.isFirstGreeting(whole) { count("wrong code") }
            return
        }
        do {
            try session.lane.received(datagram, session, stamp)
        } catch {
            count("protocolViolation", details: "\(error)")
        }
    }

    private static func kind(of datagram: UnsafeRawBufferPointer) -> RelayProtocol.Kind? {
        RelayProtocol.Kind(rawValue: datagram[RelayDatagram.headerSize + 4])
    }

    private static func isFirstGreeting(_ datagram: UnsafeRawBufferPointer) -> Bool { kind(of: datagram) == .hello }

    // MARK: Greetings

    private func greeted(_ datagram: UnsafeMutableRawBufferPointer, _ id: UInt64) {
        let whole = UnsafeRawBufferPointer(datagram)
        do {
            switch Self.kind(of: whole) {
            case .hello: try challenge(datagram, id)
            case .challenge: try admit(datagram, id)
            default:
                throw AgentError(.unknownSession, "unknown session")
            }
        } catch let error as AgentError {
            count(error.code.rawValue, details: error.message)
            refuse(error.message, id, atMost: datagram.count)
        } catch {
            count("protocolViolation", details: "\(error)")
        }
    }

    /// Answers a first greeting.
    private func challenge(_ datagram: UnsafeMutableRawBufferPointer, _ id: UInt64) throws {
        var hello: RelayProtocol.Hello?
        try RelayDatagram.frames(of: datagram) { frame in
            if frame.kind == .hello { hello = try RelayProtocol.readHello(Array(frame.body), flags: frame.flags) }
        }
        guard let hello, datagram.count >= RelayDatagram.firstHelloSize else {
            throw RelayProtocol.violation("a first greeting of \(datagram.count) octets")
        }
        try checkRun(hello)
        let nonce = nonces.nonce(for: socket.sender, atNs: stamp.monotonicNs)
        answer(RelayProtocol.challenge(nonce: nonce, proofRequired: context.secret != nil), id)
    }

    /// Lets in who answers the challenge.
    private func admit(_ datagram: UnsafeMutableRawBufferPointer, _ id: UInt64) throws {
        // Somebody sends again what began a session that is over.
        guard !retired.contains(id) else { return count("replayed greeting") }
        var nonce: [UInt8] = []
        var read: RelayProtocol.Hello?
        var totals: SenderTotals?
        try RelayDatagram.frames(of: datagram) { frame in
            switch frame.kind {
            case .challenge: nonce = try RelayProtocol.readChallenge(Array(frame.body))
            case .hello: read = try RelayProtocol.readHello(Array(frame.body), flags: frame.flags)
            case .soFar: totals = try RelayProtocol.readTotals(frame.body)
            default: throw RelayProtocol.violation("something else in a greeting")
            }
        }
        guard let hello = read, let totals else { throw RelayProtocol.violation("half a greeting") }
        let sender = socket.sender
        guard nonces.isCurrent(nonce, for: sender, atNs: stamp.monotonicNs) else {
            throw AgentError(.unproven, "the nonce is none of this receiver's, or too old")
        }
        try check(hello, nonce)
        let keys = RelayDatagram.Keys(secret: context.secret, nonce: nonce, session: id, hello: hello)
        guard RelayDatagram.isGenuine(UnsafeRawBufferPointer(datagram), keys.forwarder) else {
            return count("wrong code")
        }
        guard let lane = owner.relayLane(hello) else {
            throw AgentError(.refused, "path \(hello.path) lane \(hello.lane) does not belong to this run")
        }
        switch lane.judge(hello, atNs: HostClock.monotonicNs()) {
        case .admitted: break
        case .undecided: return
        case .refused(let reason): throw AgentError(.occupied, reason)
        }
        let session = DatagramSession(id: id, keys: keys, peer: sender, lane: lane, socket: socket)
        session.runID = hello.runID
        sessions[id] = session
        for old in lane.take(session, totals) { retire(old) }
    }

    private func checkRun(_ hello: RelayProtocol.Hello) throws {
        guard context.secret == nil || hello.runID == context.plan.runID else {
            throw AgentError(.unproven, "this receiver belongs to another run")
        }
    }

    private func check(_ hello: RelayProtocol.Hello, _ nonce: [UInt8]) throws {
        try checkRun(hello)
        guard let secret = context.secret else {
            guard hello.proof == nil else {
                throw AgentError(.unproven, "the forwarder has a run's secret, and this receiver has none")
            }
            return
        }
        let expected = RelayProtocol.proof(secret: secret, nonce: nonce, hello: hello)
        guard let proof = hello.proof, MessageAuthentication.equal(proof, expected) else {
            throw AgentError(.unproven, "the proof of the run's secret is wrong or missing")
        }
    }

    private func retire(_ id: UInt64) {
        sessions[id] = nil
        if retired.count >= Self.retiredLimit { retired.removeFirst(Self.retiredLimit / 2) }
        retired.append(id)
    }

    // MARK: Answers to strangers

    private func refuse(_ reason: String, _ id: UInt64, atMost octets: Int) {
        let second = stamp.monotonicNs / 1_000_000_000
        if second != refusalSecond { (refusalSecond, refusals) = (second, 0) }
        refusals += 1
        guard refusals <= Self.refusalsPerSecond else { return }
        let room = octets - RelayDatagram.headerSize - RelayProtocol.headerSize
        answer(RelayProtocol.frame(.refuse, body: Array(reason.utf8.prefix(min(500, max(0, room))))), id)
    }

    private func answer(_ frame: [UInt8], _ id: UInt64) {
        let header = RelayDatagram.Header(session: id)
        frame.withUnsafeBytes { _ = socket.send(header.sign($0, nil), $0, to: socket.sender) }
    }

    private func count(_ reason: String, details: String = "") {
        strangers[reason, default: 0] += 1
        guard strangers.values.reduce(0, +) <= Self.loggedStrangers else { return }
        context.log.write(.warning, "relay.stranger", ["path": path, "reason": reason, "details": details])
    }
}
