import ExperimentModel
import MarketFeed
import WireTransport

/// The end of every path: takes the feed itself on direct paths, takes forwarders' events on relayed ones, records all
/// of it.
final class ReceiveAgent: AgentRole, FeedLaneOwner, RelayListenerOwner, RelayReceiverLaneOwner,
    RelayDatagramListenerOwner, RelayDatagramLaneOwner
{
    /// How long forwarders may take to say goodbye after the window.
    private static let drainNs: Int64 = 15_000_000_000
    /// The same when somebody waits for this agent's end.
    private static let hurriedDrainNs: Int64 = 5_000_000_000
    /// Where every event waits at the forwarder, the window opens after this long all the same.
    private static let longestBacklogNs: Int64 = 30_000_000_000

    private(set) var state = AgentStatus.State.starting
    private(set) var message: String?
    private(set) var window: MeasuredWindow?
    private(set) var difference: LiveDifference?
    private(set) var receiveTimes = ReceiveTimeCount()
    let samples: SampleRecorder
    var recorder: SampleRecorder? { samples }

    private let context: AgentContext
    private var lanes: [ReceiverLane] = []
    private var listeners: [String: RelayListener] = [:]
    private var datagramListeners: [String: RelayDatagramListener] = [:]
    private var drainUntilNs: Int64?
    /// Whether the first event that counts has come.
    private var sawEvent = false
    private var firstArrivalNs: Int64?
    private var isTold = false
    private var facts = MessageFacts()

    init(context: AgentContext) {
        self.context = context
        self.samples = SampleRecorder(writer: context.writer)
    }

    func start() throws {
        for path in context.plan.paths {
            for number in 0..<path.lanes {
                lanes.append(ReceiverLane(path: path, number: number, index: UInt16(lanes.count)))
            }
            if path.kind == .relay { try listen(path) }
        }
        let compared = PathSpecification.Kind.allCases.compactMap { kind in lanes.first { $0.path.kind == kind } }
        if compared.count == 2 {
            difference = LiveDifference()
            for lane in compared { lane.isCompared = true }
        }
        let target = lanes.contains { $0.path.kind == .direct } ? try FeedTarget(plan: context.plan) : nil
        for lane in lanes {
            let name = "\(lane.path.name)/\(lane.number)"
            if let target, lane.path.kind == .direct {
                lane.feed = FeedLane(
                    name: name,
                    index: Int(lane.index),
                    target: target.spread(lane.number),
                    context: context,
                    owner: self
                )
            } else {
                lane.relay = inlet(lane, name)
            }
        }
    }

    private func listen(_ path: AgentPath) throws {
        let (name, port) = (path.name, path.port ?? 0)
        switch path.transport ?? .tcp {
        case .tcp: listeners[name] = try RelayListener(path: name, port: port, context: context, owner: self)
        case .udp:
            datagramListeners[name] = try RelayDatagramListener(path: name, port: port, context: context, owner: self)
        }
    }

    private func inlet(_ lane: ReceiverLane, _ name: String) -> any RelayInlet {
        guard let listener = datagramListeners[lane.path.name] else {
            return RelayReceiverLane(name: name, index: Int(lane.index), context: context, owner: self)
        }
        let relay = RelayDatagramLane(name: name, index: Int(lane.index), context: context, owner: self)
        relay.socketFacts = { [unowned listener] in listener.facts }
        return relay
    }

    var ports: [String: Int] {
        listeners.mapValues(\.port).merging(datagramListeners.mapValues(\.port)) { first, _ in first }
    }

    var strangers: [String: Int] {
        let all = listeners.values.map(\.strangers) + datagramListeners.values.map(\.strangers)
        return all.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }

    // MARK: Events

    func laneEvent(_ feed: FeedLane, _ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp) {
        guard state != .finishing else { return }
        let lane = lanes[feed.index]
        lane.arrived += 1
        record(
            SampleRecord(
                updateID: message.eventID ?? 0,
                eventTimeNs: message.eventTimeNs,
                transactionTimeNs: message.transactionTimeNs,
                sequence: UInt64(lane.arrived),
                lane: lane.index,
                stream: UInt16(truncatingIfNeeded: message.stream),
                connection: UInt16(truncatingIfNeeded: feed.connectionNumber)
            ),
            lane,
            stamp
        )
    }

    func laneBatchEnded(_ lane: FeedLane) {}

    func relayEvent(_ relay: RelayReceiverLane, _ event: RelayedEvent, _ stamp: ReadStamp) {
        record(event, lanes[relay.index], connection: relay.connectionNumber, stamp)
    }

    func relayDatagramEvent(_ relay: RelayDatagramLane, _ event: RelayedEvent, connection: Int, _ stamp: ReadStamp) {
        record(event, lanes[relay.index], connection: connection, stamp)
    }

    @inline(__always)
    private func record(_ event: RelayedEvent, _ lane: ReceiverLane, connection: Int, _ stamp: ReadStamp) {
        let message = FeedMessage(event.message, streams: context.streamNames, facts: &facts)
        record(
            SampleRecord(
                updateID: message.eventID ?? 0,
                eventTimeNs: event.eventTimeNs,
                transactionTimeNs: message.transactionTimeNs,
                sequence: event.sequence,
                sourceKernelNs: event.sourceKernelNs,
                sourceUserNs: event.sourceUserNs,
                sourceSendNs: event.sourceSendNs,
                lane: lane.index,
                stream: UInt16(truncatingIfNeeded: message.stream),
                connection: UInt16(truncatingIfNeeded: connection),
                flags: event.flags
            ),
            lane,
            stamp
        )
    }

    @inline(__always)
    private func record(_ unstamped: SampleRecord, _ lane: ReceiverLane, _ stamp: ReadStamp) {
        var sample = unstamped
        sample.arrivalKernelNs = stamp.kernelNs
        sample.arrivalWallNs = stamp.wallNs
        sample.arrivalMonotonicNs = stamp.monotonicNs
        samples.add(sample)
        receiveTimes.add(kernelNs: stamp.kernelNs)
        context.observeClock(atNs: stamp.monotonicNs)
        let hasTime = sample.eventTimeNs != SampleRecord.absent
        // A relayed event's time is what the forwarder says: it may be any number.
        lane.delays.add(hasTime ? sample.arrivalNs &- sample.eventTimeNs : nil)
        if lane.isCompared {
            difference?.add(
                id: sample.updateID,
                arrivalNs: sample.arrivalOnMonotonicNs,
                isRelay: lane.path.kind == .relay
            )
        }
        if !sawEvent { noteFirst(sample) }
    }

    /// Opens the window by hand: with the first event that did not wait for the relay to stand.
    ///
    /// What a forwarder took before it found this receiver says nothing of the way between them.
    private func noteFirst(_ sample: SampleRecord) {
        guard context.plan.start == .atFirstEvent else {
            sawEvent = true
            return
        }
        let first = firstArrivalNs ?? sample.arrivalMonotonicNs
        firstArrivalNs = first
        guard !sample.waitedAtForwarder || sample.arrivalMonotonicNs - first > Self.longestBacklogNs else { return }
        sawEvent = true
        // With this event's own time: others of the same read came with it or after it.
        openWindow(at: Timestamp(wallNs: sample.arrivalNs, monotonicNs: sample.arrivalOnMonotonicNs))
    }

    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)? {
        let relay = inlet(hello) as? RelayReceiverLane
        relay?.take(channel, runID: hello.runID)
        return relay
    }

    func relayRefusal(_ hello: RelayProtocol.Hello) -> String? {
        (inlet(hello) as? RelayReceiverLane)?.refusal(of: hello)
    }

    func relayLane(_ hello: RelayProtocol.Hello) -> RelayDatagramLane? { inlet(hello) as? RelayDatagramLane }

    private func inlet(_ hello: RelayProtocol.Hello) -> (any RelayInlet)? {
        lanes.first { $0.path.name == hello.path && $0.number == Int(hello.lane) }?.relay
    }

    // MARK: The course of a run

    func go() {
        guard !isTold else { return }
        isTold = true
        openWindow(at: context.now)
    }

    func breakRelays(_ reason: String) {}

    private func openWindow(at moment: Timestamp) {
        guard window == nil else { return }
        let start = moment.later(by: context.plan.warmUp.ns)
        window = MeasuredWindow(start: start, end: start.later(by: context.plan.duration.ns))
        state = .measuring
        context.log.write(
            .info,
            "window",
            ["startWallNs": "\(start.wallNs)", "durationNs": "\(context.plan.duration.ns)"]
        )
    }

    func tick() {
        for lane in lanes { lane.acknowledgeLess() }
        let nowNs = HostClock.monotonicNs()
        switch state {
        case .starting:
            let direct = lanes.compactMap(\.feed)
            if direct.allSatisfy({ $0.state == .streaming }) { state = .ready }
        case .measuring:
            if let window, nowNs >= window.end.monotonicNs { finish("the window is over") }
        case .finishing:
            let isDrained = lanes.compactMap(\.relay).allSatisfy { $0.senderTotals != nil || $0.connectionNumber < 0 }
            if isDrained || nowNs >= drainUntilNs ?? 0 { close() }
        case .ready, .finished, .failed: break
        }
    }

    func finish(_ reason: String) {
        if state == .finishing, Termination.isRequested {
            drainUntilNs = min(drainUntilNs ?? 0, HostClock.monotonicNs() + Self.hurriedDrainNs)
        }
        guard state != .finishing, state != .finished else { return }
        if let window, HostClock.monotonicNs() < window.end.monotonicNs {
            // Cut short: what was measured until now counts.
            self.window = MeasuredWindow(start: window.start, end: context.now)
        }
        state = .finishing
        message = reason
        let drainNs = Termination.isRequested ? Self.hurriedDrainNs : Self.drainNs
        drainUntilNs = HostClock.monotonicNs() + drainNs
        context.log.write(.info, "finish", ["reason": reason])
        for lane in lanes {
            lane.feed?.close(reason)
            lane.relay?.askToFinish(wasStopped: Termination.isRequested)
        }
    }

    private func close() {
        for lane in lanes { lane.relay?.close() }
        for listener in listeners.values { listener.close() }
        for listener in datagramListeners.values { listener.close() }
        samples.flush()
        state = .finished
    }

    var isOver: Bool { state == .finished }

    func everySecond() {
        samples.flush()
        for lane in lanes { lane.relay?.probe() }
    }

    // MARK: Accounts

    func laneStatuses() -> [LaneStatus] { lanes.map { $0.takeStatus() } }
    func laneSummaries() -> [LaneSummary] { lanes.map(\.summary) }
    func tcpStates() -> [TCPStateRecord] { lanes.compactMap(\.tcpState) }
}

extension Timestamp {
    /// The moment this much later, on both clocks.
    func later(by ns: Int64) -> Timestamp {
        Timestamp(wallNs: wallNs + ns, monotonicNs: monotonicNs + ns)
    }
}
