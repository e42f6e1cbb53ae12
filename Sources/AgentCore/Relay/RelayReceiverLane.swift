import ExperimentModel
import WireTransport

/// What the owner of a relay lane hears.
protocol RelayReceiverLaneOwner: AnyObject {
    /// One event has arrived; its flags tell whether it came before, or after a later one.
    func relayEvent(_ lane: RelayReceiverLane, _ event: RelayedEvent, _ stamp: ReadStamp)
}

/// The receiver's end of one relayed lane, across all of its connections.
final class RelayReceiverLane: ByteChannelOwner {
    /// Gaps that are worth a line in the log.
    private static let loggedGaps = 100

    /// The path's name and the lane's number in it.
    let name: String
    /// The owner's own number for this lane.
    let index: Int
    /// What arrived.
    private(set) var counts = LaneCounts()
    /// The sequence ids that never came, in order; at most ten thousand ranges are kept apart.
    private(set) var missing: [MissingRange] = []
    /// The forwarder's totals, once it has said goodbye.
    private(set) var senderTotals: SenderTotals?
    /// What the forwarder had done before this receiver's first connection; nil when it had handed nothing over by
    /// then.
    private(set) var before: SenderTotals?
    /// What the connection is doing.
    private(set) var state = LaneStatus.State.waiting
    /// The number of the present connection, from 0.
    private(set) var connectionNumber = -1
    /// What probes inside the connection showed.
    private(set) var envelope = OffsetEnvelope()
    /// What came from forwarders before one that was restarted; nil when none was.
    private(set) var earlier: LaneCounts?

    private let context: AgentContext
    private unowned let owner: any RelayReceiverLaneOwner
    private var channel: ByteChannel?
    private var account = ConnectionAccount()
    private var highestSequence: UInt64 = 0
    private var lastEventConnection = 0
    private var knowsBefore = false
    /// When the connection that brought the newest event ended.
    private var disconnected: Timestamp?
    private var probeNumber: Int64 = 0
    private var wantsFinish = false
    private var wasStopped = false
    /// What the forwarder calls its run; by hand its own name.
    private var runID = ""

    init(name: String, index: Int, context: AgentContext, owner: any RelayReceiverLaneOwner) {
        self.name = name
        self.index = index
        self.context = context
        self.owner = owner
    }

    /// The account of all connections.
    var connections: [ConnectionRecord] { account.all }
    /// The forwarder's address.
    var endpoint: String? { channel?.endpoint }
    /// The connection's socket.
    var socket: StreamSocket? { channel?.socket }

    /// Why a forwarder cannot have this lane: another one, which is alive, has it; nil when it can.
    ///
    /// The same one that comes again after a lost connection is let in at once, whatever its old connection looks like
    /// from here.
    func refusal(of hello: RelayProtocol.Hello) -> String? {
        guard let channel, state == .streaming, senderTotals == nil, hello.runID != runID,
            HostClock.monotonicNs() - channel.stamp.monotonicNs < RelayProtocol.aliveNs
        else { return nil }
        return RelayProtocol.occupied(hello, by: channel.endpoint)
    }

    /// Takes a new connection of this lane's forwarder; an older one is closed.
    func take(_ channel: ByteChannel, runID: String = "") {
        self.runID = runID
        if let old = self.channel {
            closeRecord("replaced by a newer connection")
            old.abandon()
        }
        self.channel = channel
        connectionNumber += 1
        state = .streaming
        account.present = ConnectionRecord(purpose: "relay", endpoint: channel.endpoint, began: context.now)
        account.present?.details = channel.socket.congestionControl
        context.log.write(.info, "relay.accepted", ["lane": name, "endpoint": channel.endpoint])
        channel.framing = .relay
        if context.plan.busyPoll == true { context.loop.favour(channel) }
        if wantsFinish { askToFinish(wasStopped: wasStopped) }
    }

    func channelOpened(_ channel: ByteChannel) {}

    @inline(__always)
    func channelReceived(_ channel: ByteChannel) {
        do {
            while let frame = try RawRelayFrame.next(in: channel.input.unread) {
                if frame.kind == .event {
                    try event(frame.body, channel.stamp)
                } else {
                    try handle(frame, channel)
                }
                channel.input.consume(frame.size)
            }
        } catch {
            context.log.write(.error, "relay.protocol", ["lane": name, "reason": "\(error)"])
            channel.fail(TransportError(.broken, "\(error)"))
        }
    }

    @inline(__always)
    private func event(_ body: UnsafeRawBufferPointer, _ stamp: ReadStamp) throws {
        var event = try RelayedEvent(body)
        if event.sequence == highestSequence + 1 {
            counts.arrived += 1
            highestSequence = event.sequence
        } else {
            event.flags = outOfOrder(event.sequence, stamp)
        }
        lastEventConnection = connectionNumber
        if account.present?.streaming == nil {
            account.present?.streaming = Timestamp(wallNs: stamp.wallNs, monotonicNs: stamp.monotonicNs)
        }
        owner.relayEvent(self, event, stamp)
    }

    /// Accounts for a sequence id that is not the next one.
    private func outOfOrder(_ sequence: UInt64, _ stamp: ReadStamp) -> SampleRecord.Flags {
        if sequence > highestSequence {
            noteGap(from: highestSequence + 1, to: sequence - 1, stamp)
            highestSequence = sequence
            counts.arrived += 1
            return []
        }
        guard missing.remove(sequence) else {
            counts.duplicates += 1
            return .duplicate
        }
        counts.missing -= 1
        counts.arrived += 1
        counts.reordered += 1
        return .reordered
    }

    private func noteGap(from first: UInt64, to last: UInt64, _ stamp: ReadStamp) {
        let isDisconnection = connectionNumber != lastEventConnection
        let cause = isDisconnection ? "disconnection" : "dropped from the forwarder's buffer"
        let noticed = Timestamp(wallNs: stamp.wallNs, monotonicNs: stamp.monotonicNs)
        let at = isDisconnection ? disconnected ?? noticed : noticed
        counts.missing += Int(clamping: last - first + 1)
        missing.note(first: first, last: last, cause: cause, at: at)
        // The account has them all; a receiver that falls behind for long must not fill the log.
        guard missing.count <= Self.loggedGaps else { return }
        context.log.write(
            .warning,
            "relay.gap",
            ["lane": name, "first": "\(first)", "last": "\(last)", "cause": cause]
        )
    }

    private func handle(_ frame: RawRelayFrame, _ channel: ByteChannel) throws {
        switch frame.kind {
        case .echo:
            let values = try RelayProtocol.readEcho(frame.body)
            let backNs = channel.stamp.kernelNs == ReadStamp.absent ? channel.stamp.wallNs : channel.stamp.kernelNs
            envelope.add(t1Ns: values[1], t2Ns: values[2], t3Ns: values[3], t4Ns: backNs)
        case .bye: try goodbye(frame, channel)
        case .event, .padding: break
        case .soFar: noteBefore(try RelayProtocol.readTotals(frame.body))
        case .challenge, .hello, .refuse, .probe, .finish, .farewell, .welcome:
            throw RelayProtocol.violation("a frame that a forwarder does not send here")
        }
    }

    /// Takes the account of earlier connections: what went to an earlier receiver is not missing at this one.
    private func noteBefore(_ totals: SenderTotals) {
        if knowsBefore {
            // A forwarder has handed over all that arrived here; one that says less than that began anew.
            guard UInt64(totals.forwarded) + UInt64(totals.dropped) < highestSequence else { return }
            beginAnew()
        }
        knowsBefore = true
        guard totals.forwarded > 0, highestSequence == 0 else { return }
        before = totals
        highestSequence = UInt64(totals.forwarded) + UInt64(totals.dropped)
        context.log.write(
            .warning,
            "relay.before",
            ["lane": name, "forwarded": "\(totals.forwarded)", "dropped": "\(totals.dropped)"]
        )
    }

    /// Another forwarder begins to count from one: what the earlier one sent is kept apart.
    private func beginAnew() {
        var sum = earlier ?? LaneCounts()
        sum.addArrivals(of: counts)
        earlier = sum
        context.log.write(.warning, "relay.restarted", ["lane": name, "arrivedBefore": "\(sum.arrived)"])
        counts = LaneCounts()
        missing = []
        highestSequence = 0
        lastEventConnection = connectionNumber
        senderTotals = nil
        before = nil
    }

    private func goodbye(_ frame: RawRelayFrame, _ channel: ByteChannel) throws {
        let totals = try RelayProtocol.readGoodbye(frame)
        senderTotals = totals
        if totals.lastSequence > highestSequence {
            noteGap(from: highestSequence + 1, to: totals.lastSequence, channel.stamp)
            highestSequence = totals.lastSequence
        }
        channel.write(RelayProtocol.numbers(.farewell, [Int64(counts.arrived)]))
        context.log.write(.info, "relay.goodbye", ["lane": name, "forwarded": "\(totals.forwarded)"])
    }

    /// Asks the forwarder for the time.
    func probe() {
        guard state == .streaming, let channel, !channel.hasQueuedOutput else { return }
        probeNumber += 1
        channel.write(RelayProtocol.numbers(.probe, [probeNumber, HostClock.wallNs()]))
    }

    /// Tells the forwarder that the window is over, now or when it is back.
    func askToFinish(wasStopped: Bool) {
        wantsFinish = true
        self.wasStopped = wasStopped
        channel?.write(RelayProtocol.finish(wasStopped: wasStopped))
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        guard channel === self.channel else { return }
        let isExpected = senderTotals != nil
        context.log.write(
            isExpected ? .info : .warning,
            isExpected ? "relay.closed" : "relay.lost",
            ["lane": name, "reason": reason.message]
        )
        closeRecord(reason.message)
        self.channel = nil
        state = .waiting
    }

    /// Breaks the connection; the forwarder will come back.
    func dropConnection() {
        channel?.fail(TransportError(.broken, "dropped by this side"))
    }

    /// Closes for good.
    func close() {
        closeRecord("the run is over")
        channel?.detachOwner()
        channel?.closeWhenFlushed()
        channel = nil
        state = .closed
    }

    private func closeRecord(_ reason: String) {
        let now = context.now
        if account.close(reason, at: now), connectionNumber == lastEventConnection { disconnected = now }
    }
}
