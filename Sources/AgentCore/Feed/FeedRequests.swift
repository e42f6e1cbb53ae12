import ExperimentModel
import MarketFeed
import WebSocketCodec
import WireTransport

/// What this side says on an open feed connection: pongs and requests, within the exchange's five messages a second.
///
/// A pong goes out at once, in the pass that read its ping: one message of the five is always left for it. A flood of
/// pings is answered at the limit's rate, the newest one each time (RFC 6455 section 5.5.3 allows that).
final class FeedRequests {
    /// How long pongs took from the read that brought their ping to their own write.
    struct PongTimes {
        /// What is later than this is late.
        static let limitNs: Int64 = 1_000_000

        /// How many there were.
        private(set) var count = 0
        /// How many of them were late.
        private(set) var late = 0
        /// The longest time.
        private(set) var longestNs: Int64 = 0

        mutating func note(_ ns: Int64) {
            count += 1
            if ns > Self.limitNs { late += 1 }
            longestNs = max(longestNs, ns)
        }
    }

    /// A request that went out and is not answered.
    struct Pending {
        let request: SubscriptionRequest
        let sentNs: Int64
    }

    /// Spot's limit, the lowest of the markets'; what a connection sends beyond gets it closed, and its address banned
    /// in time.
    private static let messagesPerSecond = 5

    /// Requests that are not answered, in the order of their sending.
    private(set) var pending: [Pending] = []
    /// The pongs that went out in the pass that read their ping.
    private(set) var pongs = PongTimes()

    private let loop: EventLoop
    private let send: ([UInt8]) -> Void
    private var encoder = FrameEncoder(role: .client)
    private var waiting: [SubscriptionRequest]
    /// Counts every message; pongs may take all of it.
    private var all = MessageRateLimiter(messagesPerSecond: messagesPerSecond)
    /// Counts every message too; requests leave one for a pong.
    private var forRequests = MessageRateLimiter(messagesPerSecond: messagesPerSecond - 1)
    private var latePong: [UInt8]?
    private var pongTimer: TimerID?
    private var requestTimer: TimerID?

    /// A connection's requests, none of which has been sent yet; `send` takes whole frames.
    init(streams: [String], loop: EventLoop, send: @escaping ([UInt8]) -> Void) throws {
        waiting = streams.isEmpty ? [] : try SubscriptionRequest.pieces(.subscribe, streams: streams)
        self.loop = loop
        self.send = send
    }

    /// Whether every request has been sent and acknowledged.
    var isComplete: Bool { waiting.isEmpty && pending.isEmpty }

    /// Sends as many requests as the limit allows, and the others when it does.
    func start() {
        while let request = waiting.first {
            let nowNs = HostClock.monotonicNs()
            guard forRequests.earliestNs(nowNs: nowNs) <= nowNs else {
                requestTimer = loop.schedule(atMonotonicNs: forRequests.earliestNs(nowNs: nowNs)) { [self] in start() }
                return
            }
            waiting.removeFirst()
            pending.append(Pending(request: request, sentNs: nowNs))
            request.json.withUnsafeBytes { write(.text, $0) }
        }
    }

    /// Takes an answer off the list; nil when it answers nothing that is open.
    ///
    /// An error without an id answers the oldest request: the exchange could not read it.
    func answered(_ id: Int64?) -> SubscriptionRequest? {
        let index = id.map { id in pending.firstIndex { Int64($0.request.id) == id } } ?? pending.indices.first
        return index.map { pending.remove(at: $0).request }
    }

    /// Answers a ping that was read at `readNs`.
    func pong(_ payload: UnsafeRawBufferPointer, readNs: Int64) {
        let nowNs = HostClock.monotonicNs()
        let earliestNs = all.earliestNs(nowNs: nowNs)
        guard earliestNs > nowNs else {
            latePong = nil
            write(.pong, payload)
            pongs.note(HostClock.monotonicNs() - readNs)
            return
        }
        latePong = Array(payload)
        guard pongTimer == nil else { return }
        pongTimer = loop.schedule(atMonotonicNs: earliestNs) { [self] in
            pongTimer = nil
            latePong?.withUnsafeBytes { write(.pong, $0) }
            latePong = nil
        }
    }

    /// Sends nothing more.
    func stop() {
        for timer in [pongTimer, requestTimer].compactMap({ $0 }) { loop.cancel(timer) }
        waiting = []
        latePong = nil
    }

    private func write(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        let nowNs = HostClock.monotonicNs()
        all.noteSent(nowNs: nowNs)
        forRequests.noteSent(nowNs: nowNs)
        var bytes: [UInt8] = []
        encoder.append(opcode, payload, to: &bytes)
        send(bytes)
    }
}
