import ExperimentModel
import MarketFeed
import WireTransport

/// What the owner of a feed lane hears.
protocol FeedLaneOwner: AnyObject {
    /// One valid event that this lane has not seen before.
    func laneEvent(_ lane: FeedLane, _ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp)
    /// All events of one read have been given.
    func laneBatchEnded(_ lane: FeedLane)
}

/// One lane's way to the exchange: keeps a connection up, opens the next one before a planned end, counts what comes.
final class FeedLane: FeedConnectionOwner {
    /// A silence after which a connection counts as dead when the lane takes a stream that is never that quiet.
    static let silenceNs: Int64 = 5_000_000_000
    /// The same for all other streams.
    static let patientSilenceNs: Int64 = 60_000_000_000
    /// The exchange closes connections after 24 h; the next one is opened this early.
    static let renewalNs: Int64 = (24 * 3_600 - 600) * 1_000_000_000

    /// The path's name and the lane's number in it, for messages.
    let name: String
    /// The owner's own number for this lane.
    let index: Int
    /// What was received, and what of it could not be used.
    private(set) var counts = LaneCounts()
    /// Every connection that is over, and the ones that are up.
    private(set) var records: [ConnectionRecord] = []
    /// The newest failure.
    private(set) var lastFailure: String?
    /// The first few messages that could not be used.
    private(set) var invalidExamples: [String] = []
    /// The number of the connection that brought the newest event.
    private(set) var connectionNumber = 0
    /// Whether data has come on the present connection.
    private(set) var isStreaming = false

    private let target: FeedTarget
    private let context: AgentContext
    private unowned let owner: any FeedLaneOwner
    private var current: FeedConnection?
    private var next: FeedConnection?
    private var backoff: Backoff<SystemRandomNumberGenerator>
    private var lastDataNs: Int64 = 0
    private var isClosed = false
    private var connectionsMade = 0
    private let overlaps: OverlapFilter
    private var facts = MessageFacts()

    /// A lane that begins to connect at once.
    init(name: String, index: Int, target: FeedTarget, context: AgentContext, owner: any FeedLaneOwner) {
        self.name = name
        self.index = index
        self.target = target
        self.context = context
        self.owner = owner
        self.backoff = Backoff(policy: context.plan.reconnect, generator: SystemRandomNumberGenerator())
        self.overlaps = OverlapFilter(streams: context.plan.streams.count)
        self.current = makeConnection()
        watchSilence()
    }

    /// The remote address of the present connection.
    var endpoint: String? { current?.endpoint }

    /// The connections opened or tried so far.
    var connectionCount: Int { connectionsMade }

    /// The state of the present connection.
    var state: LaneStatus.State {
        if isClosed { return .closed }
        guard let current else { return .waiting }
        return current.isOpen && isStreaming ? .streaming : .connecting
    }

    /// The present connection's socket.
    var socket: StreamSocket? { current?.socket }

    /// The account of all connections.
    var connections: [ConnectionRecord] { records + [current, next].compactMap { $0?.record } }

    /// Closes for good.
    func close(_ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        for connection in [current, next].compactMap({ $0 }) {
            connection.close(reason)
            keep(connection.record)
        }
        current = nil
        next = nil
    }

    private func makeConnection() -> FeedConnection {
        defer { connectionsMade += 1 }
        context.log.write(
            .info,
            "feed.connect",
            ["lane": name, "url": target.text, "attempt": "\(connectionsMade + 1)"]
        )
        return FeedConnection(
            number: connectionsMade,
            target: target,
            dialer: context.dialer,
            loop: context.loop,
            isFavourite: context.plan.waiting != .watching,
            owner: self
        )
    }

    private func keep(_ record: ConnectionRecord) {
        // Bounded: a lane that fails every second for a day keeps its first and newest accounts.
        if records.count >= 1_000 { records.remove(at: 500) }
        records.append(record)
    }

    // MARK: What the connections say

    func feedOpened(_ connection: FeedConnection) {
        lastDataNs = HostClock.monotonicNs()
        context.log.write(
            .info,
            "feed.open",
            ["lane": name, "endpoint": connection.endpoint ?? "?", "tls": connection.record.details ?? ""]
        )
        context.loop.schedule(afterNs: Self.renewalNs) { [self, number = connection.number] in
            guard current?.number == number else { return }
            renew("24 h are nearly over")
        }
    }

    @inline(__always)
    func feedMessage(_ connection: FeedConnection, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp) {
        let message = FeedMessage(bytes, streams: context.streamNames, facts: &facts)
        switch message.kind {
        case .event:
            counts.received += 1
            noteData(connection, stamp)
            if overlaps.isNew(message) {
                owner.laneEvent(self, message, bytes, stamp)
            } else {
                counts.duplicates += 1
            }
        case .invalid(let reason):
            counts.received += 1
            countInvalid(reason, bytes)
        case .acknowledgement: break
        case .shutdown: renew("the exchange announced that it is shutting down")
        case .error(let text): connection.end("the exchange answered with an error: \(text)", retryAfterNs: 0)
        }
    }

    @inline(__always)
    private func noteData(_ connection: FeedConnection, _ stamp: ReadStamp) {
        lastDataNs = stamp.monotonicNs
        if connection !== current || !isStreaming { streamingBegan(connection, stamp) }
    }

    private func streamingBegan(_ connection: FeedConnection, _ stamp: ReadStamp) {
        connection.noteStreaming(stamp)
        guard connection === next || !isStreaming else { return }
        if connection === next {
            // The new connection has proved itself: the old one may go.
            if let old = current {
                old.close("replaced by the next connection")
                keep(old.record)
            }
            current = next
            next = nil
        }
        isStreaming = true
        connectionNumber = connection.number
        backoff.reset()
        context.log.write(.info, "feed.streaming", ["lane": name, "endpoint": connection.endpoint ?? "?"])
    }

    private func countInvalid(_ reason: String, _ bytes: UnsafeRawBufferPointer) {
        counts.invalid[reason, default: 0] += 1
        if invalidExamples.count < 5 { invalidExamples.append(String(decoding: bytes.prefix(300), as: UTF8.self)) }
    }

    func feedBatchEnded(_ connection: FeedConnection) {
        owner.laneBatchEnded(self)
    }

    func feedClosed(_ connection: FeedConnection, reason: String, retryAfterNs: Int64) {
        keep(connection.record)
        lastFailure = reason
        context.log.write(.warning, "feed.closed", ["lane": name, "reason": reason])
        if connection === next { next = nil }
        guard connection === current else { return }
        // A connection that is being opened already takes over.
        current = next
        next = nil
        isStreaming = false
        if current == nil { reconnect(atLeastNs: retryAfterNs) }
    }

    private func reconnect(atLeastNs: Int64) {
        guard !isClosed else { return }
        let pauseNs = backoff.nextNs(atLeast: atLeastNs)
        context.log.write(.info, "feed.wait", ["lane": name, "milliseconds": "\(pauseNs / 1_000_000)"])
        context.loop.schedule(afterNs: pauseNs) { [self] in
            guard !isClosed, current == nil else { return }
            current = makeConnection()
        }
    }

    /// Opens the next connection while the present one still brings events.
    private func renew(_ why: String) {
        guard next == nil, !isClosed else { return }
        context.log.write(.info, "feed.renew", ["lane": name, "reason": why])
        next = makeConnection()
    }

    private func watchSilence() {
        let limitNs =
            context.plan.streams.contains { $0.hasPrefix("btcusdt@") } ? Self.silenceNs : Self.patientSilenceNs
        context.loop.schedule(afterNs: 1_000_000_000) { [self] in
            guard !isClosed else { return }
            if let current, current.isOpen, HostClock.monotonicNs() - lastDataNs > limitNs {
                current.end("no data for \(limitNs / 1_000_000_000) s", retryAfterNs: 0)
            }
            watchSilence()
        }
    }
}
