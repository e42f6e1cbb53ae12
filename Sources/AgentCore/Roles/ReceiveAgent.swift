import CSockets
import ExperimentModel
import MarketFeed
import WireTransport

/// The end of every path: takes the feed itself on direct paths, takes forwarders' events on relayed ones, records all of it.
final class ReceiveAgent: AgentRole, FeedLaneOwner, RelayListenerOwner, RelayReceiverLaneOwner,
    RelayDatagramListenerOwner, RelayDatagramLaneOwner
{
    /// How long forwarders may take to say goodbye after the window.
    private static let drainNs: Int64 = 15_000_000_000
    /// The same when somebody waits for this agent's end.
    private static let hurriedDrainNs: Int64 = 5_000_000_000

    /// Events in a tenth of a second from which on TCP need not acknowledge each.
    private static let manyEventsPerTick = 500

    private(set) var state = AgentStatus.State.starting
    private(set) var message: String?
    private(set) var window: MeasuredWindow?
    private(set) var difference: LiveDifference?
    private(set) var receiveTimes = ReceiveTimeCount()
    let samples: SampleRecorder
    var recorder: SampleRecorder? { samples }

    private let context: AgentContext
    private var lanes: [Lane] = []
    private var listeners: [String: RelayListener] = [:]
    private var datagramListeners: [String: RelayDatagramListener] = [:]
    private var drainUntilNs: Int64?
    private var sawEvent = false
    private var isTold = false
    private var facts = MessageFacts()

    /// One lane of a path, direct or relayed.
    private final class Lane {
        let path: AgentPath
        let number: Int
        /// The number among all lanes, as samples carry it.
        let index: UInt16
        var feed: FeedLane?
        var relay: (any RelayInlet)?
        var arrived = 0
        /// Events at the last tick.
        var arrivedAtTick = 0
        var delays = LiveDelays()
        /// Whether the live difference is made with this lane.
        var isCompared = false

        init(path: AgentPath, number: Int, index: UInt16) {
            self.path = path
            self.number = number
            self.index = index
        }
    }

    init(context: AgentContext) {
        self.context = context
        self.samples = SampleRecorder(writer: context.writer)
    }

    func start() throws {
        for path in context.plan.paths {
            for number in 0..<path.lanes {
                lanes.append(Lane(path: path, number: number, index: UInt16(lanes.count)))
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

    private func inlet(_ lane: Lane, _ name: String) -> any RelayInlet {
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
    private func record(_ event: RelayedEvent, _ lane: Lane, connection: Int, _ stamp: ReadStamp) {
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
    private func record(_ unstamped: SampleRecord, _ lane: Lane, _ stamp: ReadStamp) {
        var sample = unstamped
        sample.arrivalKernelNs = stamp.kernelNs
        sample.arrivalWallNs = stamp.wallNs
        sample.arrivalMonotonicNs = stamp.monotonicNs
        samples.add(sample)
        receiveTimes.add(kernelNs: stamp.kernelNs)
        context.observeClock(stamp)
        let hasTime = sample.eventTimeNs != SampleRecord.absent
        lane.delays.add(hasTime ? sample.arrivalNs - sample.eventTimeNs : nil)
        if lane.isCompared {
            difference?.add(
                id: sample.updateID,
                arrivalNs: sample.arrivalOnMonotonicNs,
                isRelay: lane.path.kind == .relay
            )
        }
        if !sawEvent {
            sawEvent = true
            if context.plan.start == .atFirstEvent { openWindow() }
        }
    }

    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)? {
        let relay = inlet(hello) as? RelayReceiverLane
        relay?.take(channel)
        return relay
    }

    func relayLane(_ hello: RelayProtocol.Hello) -> RelayDatagramLane? { inlet(hello) as? RelayDatagramLane }

    private func inlet(_ hello: RelayProtocol.Hello) -> (any RelayInlet)? {
        lanes.first { $0.path.name == hello.path && $0.number == Int(hello.lane) }?.relay
    }

    // MARK: The course of a run

    func go() {
        guard !isTold else { return }
        isTold = true
        openWindow()
    }

    private func openWindow() {
        guard window == nil else { return }
        let now = context.now
        let start = now.later(by: context.plan.warmUp.ns)
        window = MeasuredWindow(start: start, end: start.later(by: context.plan.duration.ns))
        state = .measuring
        context.log.write(
            .info,
            "window",
            ["startWallNs": "\(start.wallNs)", "durationNs": "\(context.plan.duration.ns)"]
        )
    }

    func tick() {
        for lane in lanes { acknowledgeLess(lane) }
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

    /// Has TCP acknowledge every second of a lane's segments while they are many.
    ///
    /// As long as a segment is not acknowledged the sender's host keeps it, and on one machine (loopback, namespaces) the kernel
    /// then cannot merge it with the next, which would take its receive time away. On any machine it saves a packet. At low rates
    /// the acknowledgement that is held back would lengthen the round trips that the forwarder records.
    private func acknowledgeLess(_ lane: Lane) {
        let arrived = lane.feed == nil ? lane.relay?.counts.arrived ?? 0 : lane.arrived
        if arrived - lane.arrivedAtTick >= Self.manyEventsPerTick {
            (lane.feed?.socket ?? lane.relay?.socket)?.delayAcknowledgements()
        }
        lane.arrivedAtTick = arrived
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
            lane.relay?.askToFinish()
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

    func laneStatuses() -> [LaneStatus] {
        lanes.map { lane in
            var status = LaneStatus(
                path: lane.path.name,
                lane: lane.number,
                state: lane.feed?.state ?? lane.relay?.state ?? .waiting,
                endpoint: lane.feed?.endpoint ?? lane.relay?.endpoint,
                counts: counts(of: lane),
                connections: lane.feed?.connectionCount ?? ((lane.relay?.connectionNumber ?? -1) + 1),
                ratePerSecond: lane.delays.takeRate(),
                lastFailure: lane.feed?.lastFailure
            )
            status.medianMs = lane.delays.quantileMs(0.5)
            status.p99Ms = lane.delays.quantileMs(0.99)
            status.silentStreams = lane.feed?.silentStreams
            return status
        }
    }

    private func counts(of lane: Lane) -> LaneCounts {
        guard let feed = lane.feed else { return lane.relay?.counts ?? LaneCounts() }
        var counts = feed.counts
        counts.arrived = lane.arrived
        return counts
    }

    func laneSummaries() -> [LaneSummary] {
        lanes.map { lane in
            var summary = LaneSummary(
                path: lane.path.name,
                lane: lane.number,
                counts: counts(of: lane),
                senderTotals: lane.relay?.senderTotals,
                before: lane.relay?.before,
                connections: lane.feed?.connections ?? lane.relay?.connections ?? [],
                missing: lane.relay?.missing ?? [],
                invalidExamples: lane.feed?.invalidExamples ?? [],
                probes: lane.relay?.envelope.summary
            )
            summary.silentStreams = lane.feed?.neverHeardStreams
            summary.datagrams = lane.relay?.datagramFacts
            summary.earlier = lane.relay?.earlier
            return summary
        }
    }

    func tcpStates() -> [TCPStateRecord] {
        lanes.compactMap { lane in
            let purpose = lane.feed == nil ? "relay" : "feed"
            return TCPStateRecord(lane.path.name, lane.number, purpose, lane.feed?.socket ?? lane.relay?.socket)
        }
    }
}

extension Timestamp {
    /// The moment this much later, on both clocks.
    func later(by ns: Int64) -> Timestamp {
        Timestamp(wallNs: wallNs + ns, monotonicNs: monotonicNs + ns)
    }
}

extension TCPStateRecord {
    /// A line from a socket; nil when there is no connection, or the kernel does not say.
    init?(_ path: String, _ lane: Int, _ purpose: String, _ socket: StreamSocket?) {
        guard let state = socket?.tcpState else { return nil }
        self.init(
            wallNs: HostClock.wallNs(),
            path: path,
            lane: lane,
            purpose: purpose,
            rttUs: Int(state.rttUs),
            rttVarianceUs: Int(state.rttVarianceUs),
            retransmits: Int(state.retransmits),
            lost: Int(state.lost),
            congestionWindow: Int(state.congestionWindow),
            unacknowledged: Int(state.unacknowledged),
            unsentOctets: Int(state.unsentOctets),
            congestionControl: socket?.congestionControl
        )
    }
}
