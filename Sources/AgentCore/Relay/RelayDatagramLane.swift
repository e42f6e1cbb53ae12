import ExperimentModel
import WireTransport

/// What the owner of a relay lane over UDP hears.
protocol RelayDatagramLaneOwner: AnyObject {
    /// One event has arrived.
    func relayDatagramEvent(_ lane: RelayDatagramLane, _ event: RelayedEvent, connection: Int, _ stamp: ReadStamp)
}

/// A session of a forwarder's lane, as the receiver has it.
final class DatagramSession {
    let id: UInt64
    let keys: RelayDatagram.Keys
    let peer: SocketAddress
    let endpoint: String
    unowned let lane: RelayDatagramLane
    /// Which of the lane's connections it is, from 0.
    fileprivate(set) var number = 0
    fileprivate(set) var heardNs: Int64 = 0
    /// What the forwarder calls its run; by hand its own name.
    var runID = ""
    private let header: RelayDatagram.Header
    private let socket: DatagramSocket

    init(
        id: UInt64,
        keys: RelayDatagram.Keys,
        peer: SocketAddress,
        lane: RelayDatagramLane,
        socket: DatagramSocket
    ) {
        self.id = id
        self.keys = keys
        self.peer = peer
        self.lane = lane
        self.socket = socket
        endpoint = peer.description
        header = RelayDatagram.Header(session: id)
    }

    /// Sends frames to the forwarder; when they do not go out, they are as good as lost on the way.
    func send(_ frames: [UInt8]) {
        frames.withUnsafeBytes { _ = socket.send(header.sign($0, keys.receiver), $0, to: peer) }
    }
}

/// The receiver's end of one lane over UDP, across all of its sessions and forwarders.
final class RelayDatagramLane: RelayInlet {
    /// After the goodbye, events that it overtook may still come for this long.
    static let settleNs: Int64 = 1_000_000_000
    private static let finishRetryNs: Int64 = 200_000_000
    /// Within this time a forwarder that is there answers; a greeting comes again after half a second.
    private static let answerNs: Int64 = 450_000_000
    /// The answer to the goodbye goes out so often, since nothing follows it.
    private static let farewells = 3
    /// Gaps that are worth a line in the log.
    private static let loggedGaps = 100

    /// The path's name and the lane's number in it.
    let name: String
    /// The owner's own number for this lane.
    let index: Int
    private(set) var senderTotals: SenderTotals?
    private(set) var before: SenderTotals?
    private(set) var state = LaneStatus.State.waiting
    private(set) var connectionNumber = -1
    private(set) var envelope = OffsetEnvelope()
    let socket: StreamSocket? = nil
    /// Gives the facts of the socket that brings this lane's datagrams.
    var socketFacts: (() -> DatagramFacts)?

    private let context: AgentContext
    private unowned let owner: any RelayDatagramLaneOwner
    private var account = DatagramAccount()
    private var session: DatagramSession?
    private var previous: DatagramSession?
    private var connectionAccount = ConnectionAccount()
    private var disconnected: Timestamp?
    private var goodbye: SenderTotals?
    private(set) var earlier: LaneCounts?
    private var probeNumber: Int64 = 0
    private var newestEcho: Int64 = 0
    private var wantsFinish = false
    private var wasStopped = false
    /// Another forwarder that wants this lane, and when the present one was asked whether it is there.
    private var rival: (runID: String, askedNs: Int64)?
    private var gapsSeen = 0

    init(name: String, index: Int, context: AgentContext, owner: any RelayDatagramLaneOwner) {
        self.name = name
        self.index = index
        self.context = context
        self.owner = owner
    }

    var counts: LaneCounts { account.counts }
    var missing: [MissingRange] { account.missing }
    var connections: [ConnectionRecord] { connectionAccount.all }
    var endpoint: String? { session?.endpoint }

    var datagramFacts: DatagramFacts? {
        var facts = socketFacts?() ?? DatagramFacts()
        facts.late = account.late
        facts.earlier = earlier
        return facts
    }

    // MARK: Sessions

    /// Whether a forwarder may have this lane.
    enum Admission: Equatable {
        case admitted
        /// The one that had it last is being asked whether it is still there; the greeting will come again.
        case undecided
        case refused(String)
    }

    /// Judges whether a forwarder may have this lane while another one has it, which may be gone: datagrams have no end.
    ///
    /// The same one may always come again.
    func judge(_ hello: RelayProtocol.Hello, atNs nowNs: Int64) -> Admission {
        guard let session, state == .streaming, goodbye == nil, senderTotals == nil, session.runID != hello.runID,
            nowNs - session.heardNs < RelayProtocol.aliveNs
        else { return .admitted }
        guard let rival, rival.runID == hello.runID else {
            rival = (hello.runID, nowNs)
            probe()
            return .undecided
        }
        if session.heardNs > rival.askedNs {
            self.rival = (hello.runID, nowNs)
            return .refused(RelayProtocol.occupied(hello, by: session.endpoint))
        }
        return nowNs - rival.askedNs >= Self.answerNs ? .admitted : .undecided
    }

    /// Takes a new session; the one before it may still bring what is under way.
    ///
    /// - Parameter totals: what the forwarder had done before it.
    /// - Returns: the sessions that bring nothing any more.
    func take(_ new: DatagramSession, _ totals: SenderTotals) -> [UInt64] {
        closeRecord("replaced by a newer session")
        var retired = [previous?.id]
        previous = session
        // A forwarder has handed over all that arrived here; one that says less than that began anew.
        if connectionNumber >= 0, UInt64(totals.forwarded) + UInt64(totals.dropped) < account.newest {
            beginAnew()
            retired.append(previous?.id)
            previous = nil
        }
        if connectionNumber < 0 { noteBefore(totals) }
        connectionNumber += 1
        new.number = connectionNumber
        new.heardNs = HostClock.monotonicNs()
        session = new
        openRecord(new)
        context.log.write(.info, "relay.accepted", ["lane": name, "endpoint": new.endpoint, "transport": "udp"])
        new.send(RelayProtocol.frame(.welcome))
        if wantsFinish { new.send(RelayProtocol.finish(wasStopped: wasStopped)) }
        return retired.compactMap { $0 }
    }

    private func openRecord(_ session: DatagramSession) {
        state = .streaming
        connectionAccount.present = ConnectionRecord(purpose: "relay", endpoint: session.endpoint, began: context.now)
        connectionAccount.present?.details = "udp"
    }

    /// Takes the account of earlier sessions: what went to an earlier receiver is not missing at this one.
    private func noteBefore(_ totals: SenderTotals) {
        guard totals.forwarded > 0 else { return }
        before = totals
        account.begin(after: UInt64(totals.forwarded) + UInt64(totals.dropped))
        context.log.write(
            .warning,
            "relay.before",
            ["lane": name, "forwarded": "\(totals.forwarded)", "dropped": "\(totals.dropped)"]
        )
    }

    /// Another forwarder begins to count from one: what the earlier one sent is kept apart.
    private func beginAnew() {
        var sum = earlier ?? LaneCounts()
        sum.addArrivals(of: account.counts)
        earlier = sum
        context.log.write(.warning, "relay.restarted", ["lane": name, "arrivedBefore": "\(sum.arrived)"])
        account = DatagramAccount()
        senderTotals = nil
        goodbye = nil
        before = nil
    }

    // MARK: What comes

    /// Takes a genuine datagram of one of this lane's sessions.
    @inline(__always)
    func received(_ datagram: UnsafeMutableRawBufferPointer, _ session: DatagramSession, _ stamp: ReadStamp) throws {
        session.heardNs = stamp.monotonicNs
        if state == .waiting, session === self.session, goodbye == nil { openRecord(session) }
        try RelayDatagram.frames(of: datagram) { frame in
            if frame.kind == .event {
                try event(frame.body, session, stamp)
            } else {
                try handle(frame, session, stamp)
            }
        }
    }

    @inline(__always)
    private func event(_ body: UnsafeRawBufferPointer, _ session: DatagramSession, _ stamp: ReadStamp) throws {
        var event = try RelayedEvent(body)
        let gaps = account.missing.count
        let arrival = account.note(
            event.sequence,
            connection: session.number,
            at: Timestamp(wallNs: stamp.wallNs, monotonicNs: stamp.monotonicNs),
            disconnected: disconnected
        )
        switch arrival {
        case .next: if account.missing.count > gaps { logGap() }
        case .reordered: event.flags = .reordered
        case .duplicate: event.flags = .duplicate
        case .late: return
        }
        if session === self.session, connectionAccount.present?.streaming == nil {
            connectionAccount.present?.streaming = Timestamp(wallNs: stamp.wallNs, monotonicNs: stamp.monotonicNs)
        }
        owner.relayDatagramEvent(self, event, connection: session.number, stamp)
    }

    /// The account has them all; a way that loses much must not fill the log.
    private func logGap() {
        gapsSeen += 1
        guard gapsSeen <= Self.loggedGaps, let gap = account.missing.last else { return }
        context.log.write(
            .warning,
            "relay.gap",
            ["lane": name, "first": "\(gap.first)", "last": "\(gap.last)", "cause": gap.cause]
        )
    }

    private func handle(_ frame: RawRelayFrame, _ session: DatagramSession, _ stamp: ReadStamp) throws {
        switch frame.kind {
        case .echo:
            let values = try RelayProtocol.readEcho(frame.body)
            guard values[0] > newestEcho, values[0] <= probeNumber else { return }
            newestEcho = values[0]
            let backNs = stamp.kernelNs == ReadStamp.absent ? stamp.wallNs : stamp.kernelNs
            envelope.add(t1Ns: values[1], t2Ns: values[2], t3Ns: values[3], t4Ns: backNs)
        case .bye:
            let totals = try RelayProtocol.readGoodbye(frame)
            if session === self.session { take(goodbye: totals, session) }
        case .hello: session.send(RelayProtocol.frame(.welcome))
        case .challenge, .soFar, .padding, .event: break
        case .refuse, .probe, .finish, .farewell, .welcome:
            throw RelayProtocol.violation("a frame that a forwarder does not send here")
        }
    }

    // MARK: The end, and what comes before it

    private func take(goodbye totals: SenderTotals, _ session: DatagramSession) {
        if senderTotals != nil { return farewell(session) }
        guard goodbye == nil else { return }
        goodbye = totals
        let expected = totals.forwarded - (before?.forwarded ?? 0)
        if counts.arrived == expected { return settle(totals, session) }
        context.loop.schedule(afterNs: Self.settleNs) { [weak self] in
            guard let self, session === self.session, senderTotals == nil, state != .closed else { return }
            settle(totals, session)
        }
    }

    /// What has not come by now is lost.
    private func settle(_ totals: SenderTotals, _ session: DatagramSession) {
        account.close(last: totals.lastSequence, at: context.now)
        senderTotals = totals
        for _ in 0..<Self.farewells { farewell(session) }
        context.log.write(.info, "relay.goodbye", ["lane": name, "forwarded": "\(totals.forwarded)"])
        closeRecord("said goodbye")
        state = .waiting
    }

    private func farewell(_ session: DatagramSession) {
        session.send(RelayProtocol.numbers(.farewell, [Int64(counts.arrived)]))
    }

    func probe() {
        guard let session, goodbye == nil, state != .closed else { return }
        if state == .streaming, HostClock.monotonicNs() - session.heardNs > RelayDatagram.silenceNs {
            let reason = "nothing came from the forwarder for 5 s"
            context.log.write(.warning, "relay.lost", ["lane": name, "reason": reason])
            closeRecord(reason)
            state = .waiting
        }
        // Also then: it may only be the one direction that is broken.
        probeNumber += 1
        session.send(RelayProtocol.numbers(.probe, [probeNumber, HostClock.wallNs()]))
    }

    func askToFinish(wasStopped: Bool) {
        guard !wantsFinish else { return }
        wantsFinish = true
        self.wasStopped = wasStopped
        repeatFinish()
    }

    private func repeatFinish() {
        guard goodbye == nil, state != .closed else { return }
        session?.send(RelayProtocol.finish(wasStopped: wasStopped))
        context.loop.schedule(afterNs: Self.finishRetryNs) { [weak self] in self?.repeatFinish() }
    }

    func close() {
        closeRecord("the run is over")
        state = .closed
    }

    private func closeRecord(_ reason: String) {
        let now = context.now
        if connectionAccount.close(reason, at: now) { disconnected = now }
    }
}
