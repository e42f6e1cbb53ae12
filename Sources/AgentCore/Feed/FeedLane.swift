import ExperimentModel
import MarketFeed
import WireTransport

/// What the owner of a feed lane hears.
protocol FeedLaneOwner: AnyObject {
    /// One valid event that this lane has not seen before.
    func laneEvent(_ lane: FeedLane, _ message: FeedMessage, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp)
    /// All events that were ready have been given.
    func laneBatchEnded(_ lane: FeedLane)
}

/// One lane's way to the exchange: keeps a connection up, replaces it before a planned end, counts what comes.
///
/// A planned end is a day's age or the exchange's own announcement. Then the next connection is opened while the
/// present one still brings events, and takes over once the present one has come as far as the next one began: every
/// event passes once.
final class FeedLane: FeedConnectionOwner {
    /// The path's name and the lane's number in it, for messages.
    let name: String
    /// The owner's own number for this lane.
    let index: Int
    /// What was received, and what of it could not be used.
    private(set) var counts = LaneCounts()
    /// Every connection that is over.
    var records: [ConnectionRecord] { account.past }
    /// The newest failure.
    private(set) var lastFailure: String?
    /// The first few messages that could not be used.
    private(set) var invalidExamples: [String] = []
    /// The number of the connection that brought the newest event.
    private(set) var connectionNumber = 0
    /// The connections opened or tried so far.
    private(set) var connectionCount = 0
    /// Those among them that were opened to replace one before its planned end.
    private(set) var plannedCount = 0
    /// How often a connection that had brought events was lost with none to take over.
    private(set) var losses = 0
    /// When the next attempt comes; nil while none waits.
    private(set) var nextAttempt: Timestamp?

    private var target: FeedTarget
    private let context: AgentContext
    private let streamNames: StreamTable
    // Unsafe, since it is asked for with each message and counting it costs as much as the rest of the call: who owns a
    // lane lives longer than it.
    private unowned(unsafe) let owner: any FeedLaneOwner
    private var account = ConnectionAccount()
    private var current: FeedConnection?
    private var next: FeedConnection?
    /// Why the present connection is to be replaced; nil when it is not.
    private var renewal: String?
    /// Whether the connection that is to replace the present one is counted; attempts that failed after it are not.
    private var isPlannedCounted = false
    private var backoff: Backoff<SystemRandomNumberGenerator>
    private var attemptTimer: TimerID?
    private var renewalTimer: TimerID?
    private var overlapTimer: TimerID?
    private var isClosed = false
    private let overlaps: OverlapFilter
    private var silence: SilenceWatch
    private var facts = MessageFacts()

    /// A lane that begins to connect at once.
    init(name: String, index: Int, target: FeedTarget, context: AgentContext, owner: any FeedLaneOwner) {
        self.name = name
        self.index = index
        self.target = target.dialled(for: name)
        self.context = context
        self.streamNames = context.streamNames
        self.owner = owner
        self.backoff = Backoff(policy: context.plan.reconnect, generator: SystemRandomNumberGenerator())
        self.overlaps = OverlapFilter(context.streamNames)
        self.silence = SilenceWatch(streams: context.streamNames, timing: context.timing)
        connect("the lane begins")
        lookForSilence()
    }

    /// The remote address of the present connection.
    var endpoint: String? { current?.endpoint }

    /// The state of the present connection.
    var state: LaneStatus.State {
        if isClosed { return .closed }
        guard let current else { return .waiting }
        // While one connection replaces another, either of them brings events.
        return [current, next].contains { $0?.isBringingEvents ?? false } ? .streaming : .connecting
    }

    /// Whether the present connection is open and has brought no event.
    var isMute: Bool { current.map { $0.isOpen && !$0.isStreaming } ?? false }

    /// The present connection's socket.
    var socket: StreamSocket? { current?.socket }

    /// The account of all connections.
    var connections: [ConnectionRecord] { records + [current, next].compactMap { $0?.record } }

    /// Streams that should have brought something on the present connection; nil without any.
    var silentStreams: [String]? { current.flatMap { silence.silent(on: $0) } }

    /// Streams that never brought anything on any connection; nil without any.
    var neverHeardStreams: [String]? { silence.neverHeard }

    /// Closes for good.
    func close(_ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        for timer in [attemptTimer, renewalTimer, overlapTimer].compactMap({ $0 }) { context.loop.cancel(timer) }
        for connection in [current, next].compactMap({ $0 }) {
            connection.close(reason)
            account.keep(connection.record)
            logEnd(connection)
        }
        current = nil
        next = nil
    }

    // MARK: Connecting

    /// Opens a connection: the present one, or the next one while there is one.
    private func connect(_ why: String) {
        guard !isClosed, current == nil || next == nil else { return }
        let nowNs = HostClock.monotonicNs()
        guard nowNs >= context.exchangeNotBeforeNs else {
            // Another lane has been told meanwhile to keep away.
            return connect(afterNs: context.exchangeNotBeforeNs - nowNs, why)
        }
        let connection = FeedConnection(number: connectionCount, target: target, context: context, owner: self)
        connectionCount += 1
        context.log.write(
            .info,
            "feed.connect",
            ["lane": name, "url": target.text, "attempt": "\(connectionCount)", "reason": why]
        )
        if current == nil {
            current = connection
        } else {
            next = connection
            if !isPlannedCounted { plannedCount += 1 }
            isPlannedCounted = true
            overlaps.begin()
        }
    }

    private func connect(afterNs pauseNs: Int64, _ why: String) {
        if let attemptTimer { context.loop.cancel(attemptTimer) }
        context.log.write(.info, "feed.wait", ["lane": name, "milliseconds": "\(pauseNs / 1_000_000)", "reason": why])
        nextAttempt = context.now.later(by: pauseNs)
        attemptTimer = context.loop.schedule(afterNs: pauseNs) { [self] in
            attemptTimer = nil
            nextAttempt = nil
            connect(why)
        }
    }

    /// Opens the next connection while the present one still brings events.
    private func renew(_ why: String) {
        guard renewal == nil, !isClosed else { return }
        renewal = why
        isPlannedCounted = false
        context.log.write(.info, "feed.renew", ["lane": name, "reason": why])
        // Its own doubling pauses, should it fail.
        backoff.reset()
        connect(why)
    }

    func feedOpened(_ connection: FeedConnection) {
        context.log.write(
            .info,
            "feed.open",
            [
                "lane": name, "host": target.host, "endpoint": connection.endpoint ?? "?",
                "tls": connection.record.details ?? "",
            ]
        )
        if connection === current { scheduleRenewal(connection) }
    }

    /// The exchange closes a connection that is a day old: the next one has to be up before.
    private func scheduleRenewal(_ connection: FeedConnection) {
        if let renewalTimer { context.loop.cancel(renewalTimer) }
        renewalTimer = nil
        guard let openedNs = connection.openedMonotonicNs else { return }
        renewalTimer = context.loop.schedule(atMonotonicNs: openedNs + context.timing.renewalNs) { [self] in
            renewalTimer = nil
            if connection === current { renew("the connection is nearly as old as the exchange allows") }
        }
    }

    // MARK: What comes

    @inline(__always)
    func feedMessage(_ connection: FeedConnection, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp) {
        let message = FeedMessage(bytes, streams: streamNames, facts: &facts)
        guard case .event = message.kind else { return other(message, connection, bytes) }
        counts.received += 1
        connection.lastDataNs = stamp.monotonicNs
        if !connection.hasHeardAll { heard(message.stream, connection, stamp) }
        if overlaps.isNew(message, bytes, isNext: connection !== current) {
            connectionNumber = connection.number
            owner.laneEvent(self, message, bytes, stamp)
        } else {
            counts.duplicates += 1
        }
        if overlaps.isOverlapping { lookAtOverlap() }
    }

    func feedBatchEnded(_ connection: FeedConnection) {
        owner.laneBatchEnded(self)
    }

    private func other(_ message: FeedMessage, _ connection: FeedConnection, _ bytes: UnsafeRawBufferPointer) {
        switch message.kind {
        case .event: break
        case .invalid(let reason):
            counts.received += 1
            counts.invalid[reason, default: 0] += 1
            if invalidExamples.count < 5 {
                invalidExamples.append(String(decoding: bytes.prefix(300), as: UTF8.self))
            }
        case .acknowledgement:
            if connection.acknowledged(facts.requestID), connection === next { overlaps.forgetMark() }
        case .shutdown: shutDown(connection)
        case .error(let text):
            context.log.write(.error, "feed.error", ["lane": name, "answer": text])
            connection.refused(facts.requestID, Self.shown(facts, bytes) ?? text)
        }
    }

    /// The exchange's code and words, from either of its shapes.
    private static func shown(_ facts: MessageFacts, _ bytes: UnsafeRawBufferPointer) -> String? {
        guard let code = facts.errorCode else { return nil }
        let words = facts.errorMessage.map { FeedText.shown($0.bytes(in: bytes)) } ?? ""
        return "code \(code) \(words.prefix(200))"
    }

    /// The server goes away: another of its addresses is likelier to stay.
    private func shutDown(_ connection: FeedConnection) {
        let why = "the exchange announced that the server is shutting down"
        if connection === next {
            target = target.spread(1)
            connection.end(why, retryAfterNs: 0)
        } else if renewal == nil {
            target = target.spread(1)
            renew(why)
        }
    }

    /// A connection's first data, of any of its streams.
    private func heard(_ stream: Int, _ connection: FeedConnection, _ stamp: ReadStamp) {
        if !connection.isStreaming {
            connection.noteStreaming(stamp)
            context.log.write(.info, "feed.streaming", ["lane": name, "endpoint": connection.endpoint ?? "?"])
        }
        guard connection.noteHeard(stream) else { return }
        silence.noteHeard(stream)
        if connection.namedUnheard.contains(stream) {
            let name = context.streamNames.text([stream])
            context.log.write(.info, "feed.heard", ["lane": self.name, "stream": name])
            if connection.hasHeardAll { lastFailure = nil }
        }
    }

    // MARK: Two connections at once

    /// Lets the next connection take over when nothing can be missed any more.
    private func lookAtOverlap() {
        guard let next, next.isSubscribed, overlaps.hasMark else { return }
        if overlaps.isCaughtUp { return switchOver() }
        guard overlapTimer == nil else { return }
        overlapTimer = context.loop.schedule(afterNs: context.timing.overlapNs) { [self] in
            overlapTimer = nil
            let limit = FeedText.seconds(context.timing.overlapNs)
            context.log.write(
                .warning,
                "feed.overlap",
                [
                    "lane": name,
                    "reason": "the old connection did not come as far as the next one began within \(limit)",
                ]
            )
            switchOver()
        }
    }

    /// The next connection becomes the present one, which is closed if it is still there.
    private func switchOver() {
        guard let next else { return }
        if let old = current {
            old.close(ConnectionRecord.wasReplaced)
            account.keep(old.record)
            logEnd(old)
        }
        current = next
        self.next = nil
        renewal = nil
        endOverlap()
        overlaps.switchOver()
        context.loop.schedule(afterNs: context.timing.overlapNs) { [overlaps] in overlaps.settled() }
        scheduleRenewal(next)
        context.log.write(.info, "feed.replaced", ["lane": name, "endpoint": next.endpoint ?? "?"])
        // What the old one brought last is not to wait for the next one's next read.
        owner.laneBatchEnded(self)
    }

    private func endOverlap() {
        if let overlapTimer { context.loop.cancel(overlapTimer) }
        overlapTimer = nil
    }

    // MARK: The end of a connection

    func feedClosed(_ connection: FeedConnection, reason: String, retryAfterNs: Int64) {
        account.keep(connection.record)
        lastFailure = reason
        if retryAfterNs > 0 {
            let notBeforeNs = HostClock.monotonicNs() + retryAfterNs
            context.exchangeNotBeforeNs = max(context.exchangeNotBeforeNs, notBeforeNs)
        }
        context.log.write(.warning, "feed.closed", ["lane": name, "reason": reason])
        logEnd(connection)
        owner.laneBatchEnded(self)
        if connection === next { nextFailed(reason) }
        if connection === current { currentFailed(connection, reason) }
    }

    private func logEnd(_ connection: FeedConnection) {
        let pongs = connection.pongs
        guard pongs.count > 0 else { return }
        context.log.write(
            .info,
            "feed.pongs",
            [
                "lane": name, "count": "\(pongs.count)", "late": "\(pongs.late)",
                "longestMicroseconds": "\(pongs.longestNs / 1_000)",
            ]
        )
    }

    /// The present connection goes on meanwhile.
    private func nextFailed(_ reason: String) {
        next = nil
        endOverlap()
        overlaps.nextLost()
        reconnect(reason)
    }

    private func currentFailed(_ connection: FeedConnection, _ reason: String) {
        if let renewalTimer { context.loop.cancel(renewalTimer) }
        renewalTimer = nil
        current = nil
        // The exchange may take a connection, send a little, and close it: that is a failure like others.
        if connection.streamedNs >= context.timing.steadyNs { backoff.reset() }
        if next != nil {
            // It is being opened already, and takes over as it is.
            switchOver()
        } else {
            if connection.isStreaming { losses += 1 }
            renewal = nil
            overlaps.startAfresh()
            reconnect(reason)
        }
    }

    private func reconnect(_ why: String) {
        guard !isClosed else { return }
        let heldNs = context.exchangeNotBeforeNs - HostClock.monotonicNs()
        connect(afterNs: backoff.nextNs(atLeast: heldNs), why)
    }

    // MARK: Silence

    private func lookForSilence() {
        let dueNs = HostClock.monotonicNs() + context.timing.lookNs
        context.loop.schedule(atMonotonicNs: dueNs) { [self] in
            guard !isClosed else { return }
            // A process that was stopped has not read yet what came meanwhile: it is the one that was silent.
            guard HostClock.monotonicNs() - dueNs < context.timing.lookNs else { return lookForSilence() }
            for connection in [current, next].compactMap({ $0 }) where connection.isOpen { look(at: connection) }
            lookForSilence()
        }
    }

    private func look(at connection: FeedConnection) {
        let nowNs = HostClock.monotonicNs()
        if let id = connection.requestUnanswered(since: nowNs - context.timing.requestNs) {
            let limit = FeedText.seconds(context.timing.requestNs)
            return connection.end("no answer to SUBSCRIBE \(id) within \(limit)", retryAfterNs: 0)
        }
        if let silent = silence.unheardText(on: connection, nowNs: nowNs) {
            let text = unusableText(connection) ?? silent
            lastFailure = text
            context.log.write(.warning, "feed.silent", ["lane": name, "reason": text])
        }
        if nowNs - connection.lastDataNs > silence.limitNs {
            let text = silence.text(of: connection)
            connection.end(unusableText(connection) ?? text, retryAfterNs: 0)
        }
    }

    /// What to say of a lane of whose messages none could be used; nil for others.
    private func unusableText(_ connection: FeedConnection) -> String? {
        connection.isStreaming ? nil : counts.unusableText
    }
}

extension LaneCounts {
    /// What to say when messages came and none of them could be used; nil otherwise.
    var unusableText: String? {
        guard invalidTotal > 0, invalidTotal == received else { return nil }
        return "\(received) message\(received == 1 ? "" : "s") came, none could be used (\(invalidText))"
    }

    /// The reasons why messages could not be used, with their numbers.
    var invalidText: String {
        invalid.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key): \($0.value)" }.joined(
            separator: ", "
        )
    }
}

extension LaneStatus {
    /// Takes what only a connection to the exchange has to tell.
    mutating func take(_ feed: FeedLane) {
        silentStreams = feed.silentStreams
        plannedReplacements = feed.plannedCount > 0 ? feed.plannedCount : nil
        nextAttempt = feed.nextAttempt
        isMute = feed.isMute ? true : nil
    }
}
