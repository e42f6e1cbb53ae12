import ExperimentModel
import MarketFeed
import WebSocketCodec
import WireTransport

/// What the owner of a feed connection hears.
protocol FeedConnectionOwner: AnyObject {
    /// The exchange has accepted the upgrade.
    func feedOpened(_ connection: FeedConnection)
    /// One whole message, with the moment of the read that completed it; the bytes are gone after the call.
    func feedMessage(_ connection: FeedConnection, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp)
    /// All messages that were ready have been given.
    func feedBatchEnded(_ connection: FeedConnection)
    /// The connection is over, or never came up. `retryAfterNs` is the exchange's own wish, 0 without one.
    func feedClosed(_ connection: FeedConnection, reason: String, retryAfterNs: Int64)
}

/// One WebSocket connection to the exchange, from the look-up of its name to its close.
final class FeedConnection: ByteChannelOwner {
    /// The connection's number on its lane, from 0.
    let number: Int
    /// What the account of the run says of it.
    private(set) var record: ConnectionRecord
    /// Whether the exchange has accepted the upgrade and nothing is closed.
    private(set) var isOpen = false
    /// When the connection was opened, monotonic; nil before.
    private(set) var openedMonotonicNs: Int64?
    /// When the newest data came, or the connection was opened, monotonic.
    var lastDataNs: Int64 = 0
    /// Which of the plan's streams have brought nothing yet on this connection.
    private(set) var unheard: Set<Int>
    /// Whether `unheard` need not be looked at any more.
    private(set) var hasHeardAll = false
    /// Those of them that have been named.
    var namedUnheard: Set<Int> = []

    private let target: FeedTarget
    private let context: AgentContext
    private var loop: EventLoop { context.loop }
    private var owner: (any FeedConnectionOwner)?
    private var channel: ByteChannel?
    private var decoder = FrameDecoder(role: .client)
    private var response: UpgradeResponseParser?
    private var requests: FeedRequests?
    private var timer: TimerID?
    private var sentClose = false
    /// Whether there was a message since the owner was told that all were given.
    private var sawMessage = false

    /// Begins to connect.
    init(number: Int, target: FeedTarget, context: AgentContext, owner: any FeedConnectionOwner) {
        self.number = number
        self.target = target
        self.context = context
        self.owner = owner
        self.unheard = Set(context.plan.streams.indices)
        self.record = ConnectionRecord(purpose: "feed", server: target.host, began: context.now)
        context.dialer.dial(target.dialTarget, owner: self) { [self] result in
            switch result {
            case .success(let channel):
                self.channel = channel
                // Given up while the name was being looked up.
                if self.owner == nil { channel.abandon() }
            case .failure(let error): end(error.message + guess(error.code), retryAfterNs: 0)
            }
        }
    }

    /// The remote address; nil before TCP is up.
    var endpoint: String? { record.endpoint }

    /// TCP's own view of the connection.
    var socket: StreamSocket? { channel?.socket }

    /// Whether data has come.
    var isStreaming: Bool { record.streaming != nil }
    /// Whether it is open and has brought data.
    var isBringingEvents: Bool { isOpen && isStreaming }

    /// Whether the exchange has acknowledged every request for streams.
    var isSubscribed: Bool { requests?.isComplete ?? false }

    /// How long data has come, nanoseconds; 0 without any.
    var streamedNs: Int64 { record.streaming.map { HostClock.monotonicNs() - $0.monotonicNs } ?? 0 }

    func channelOpened(_ channel: ByteChannel) {
        guard record.ended == nil else { return }
        record.endpoint = channel.endpoint
        record.details = channel.agreedTLS ?? "plain"
        do {
            requests = try FeedRequests(streams: target.streamsToRequest, loop: loop) { channel.write($0) }
            var generator = SystemRandomNumberGenerator()
            let request = try UpgradeRequest(
                host: target.host,
                port: target.port,
                isSecure: target.isSecure,
                target: target.pathAndQuery,
                key: UpgradeRequest.randomKey(using: &generator),
                headers: [HTTPHeader("User-Agent", "latexp/\(LatexpVersion.text)")]
            )
            response = UpgradeResponseParser(for: request)
            channel.write(request.bytes)
        } catch {
            end("the request for \(target.pathAndQuery) cannot be made: \(error)", retryAfterNs: 0)
            return
        }
        let limitNs = context.timing.upgradeNs
        timer = loop.schedule(afterNs: limitNs) { [self] in
            if !readRefusal(channel) {
                end("no answer to the upgrade within \(FeedText.seconds(limitNs))", retryAfterNs: 0)
            }
        }
    }

    func channelReceived(_ channel: ByteChannel) {
        do {
            if !isOpen, try !readUpgrade(channel) { return }
            try readFrames(channel)
        } catch let error as WebSocketError {
            sayGoodbye(code: error.closeCode == 0 ? nil : error.closeCode)
            let guess = guess(.closed)
            end("\(channel.endpoint) broke the WebSocket protocol: \(error)\(guess)", retryAfterNs: 0)
        } catch {
            end("\(error)", retryAfterNs: 0)
        }
    }

    @inline(__always)
    func channelPaused(_ channel: ByteChannel) {
        guard sawMessage else { return }
        sawMessage = false
        owner?.feedBatchEnded(self)
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        if !readRefusal(channel) { end(reason.message + guess(reason.code), retryAfterNs: 0) }
    }

    /// What a failure before the upgrade looks like where one side speaks TLS and the other does not; else nothing.
    private func guess(_ code: TransportError.Code) -> String {
        guard !isOpen else { return "" }
        switch code {
        case .tls where target.isSecure: return "; is there TLS at this port? ws:// goes without it"
        case .closed, .broken:
            // Certificates and name were not even asked for: it hung up on what it took for garbage.
            if target.isSecure, record.details == nil { return "; is there TLS at this port? ws:// goes without it" }
            if !target.isSecure { return "; does this port want TLS? Then it is wss://" }
            return ""
        default: return ""
        }
    }

    /// Whether the upgrade is complete.
    private func readUpgrade(_ channel: ByteChannel) throws -> Bool {
        guard let answer = try response?.next(UnsafeRawBufferPointer(channel.input.unread)) else { return false }
        if let timer { loop.cancel(timer) }
        switch answer {
        case .accepted(let acceptance):
            channel.input.consume(acceptance.consumedBytes)
            isOpen = true
            openedMonotonicNs = channel.stamp.monotonicNs
            record.opened = Timestamp(wallNs: channel.stamp.wallNs, monotonicNs: channel.stamp.monotonicNs)
            lastDataNs = channel.stamp.monotonicNs
            if context.plan.waiting != .watching {
                channel.socket.letReadsWait()
                loop.favour(channel)
            }
            channel.framing = .webSocket
            requests?.start()
            owner?.feedOpened(self)
            return isOpen
        case .refused(let refusal):
            refused(refusal, by: channel.endpoint)
            return false
        }
    }

    /// A refusal whose body has no length ends with the connection; whether there is one.
    private func readRefusal(_ channel: ByteChannel) -> Bool {
        guard !isOpen, record.ended == nil,
            case .refused(let refusal)? = try? response?.next(UnsafeRawBufferPointer(channel.input.unread), isEnd: true)
        else { return false }
        refused(refusal, by: channel.endpoint)
        return true
    }

    private func refused(_ refusal: UpgradeRefusal, by endpoint: String) {
        let text = FeedText.refusal(refusal, by: endpoint)
        let seconds = refusal.retryAfterSeconds(nowSeconds: HostClock.wallNs() / 1_000_000_000)
        // Without a wish of its own: 429 and 418 (banned) are given a minute, so that it is not made worse.
        let isBanned = refusal.status == 429 || refusal.status == 418
        let standardNs = isBanned ? context.timing.refusedNs : 0
        let longestNs = context.timing.longestRefusalNs
        end(
            text,
            retryAfterNs: seconds.map { min($0, longestNs / 1_000_000_000) * 1_000_000_000 } ?? standardNs
        )
    }

    /// Decodes what has come.
    @inline(__always)
    private func readFrames(_ channel: ByteChannel) throws {
        // Held once for all of them; who has closed this connection is told nothing more, since it is not open then.
        let owner = self.owner
        while isOpen, let frame = try decoder.next(channel.input.unread) {
            switch frame.kind {
            case .text, .binary:
                owner?.feedMessage(self, frame.payload, channel.stamp)
                sawMessage = true
            case .ping: requests?.pong(frame.payload, readNs: channel.stamp.monotonicNs)
            case .pong, .fragment: break
            case .close:
                let reason = FeedText.shown(frame.payload)
                sayGoodbye(code: frame.closeCode == CloseCode.noStatus ? nil : frame.closeCode)
                end("\(channel.endpoint) closed with code \(frame.closeCode) \(reason)", retryAfterNs: 0)
                return
            }
            channel.input.consume(frame.consumedBytes)
        }
    }

    // MARK: Requests and streams

    /// An acknowledgement has come; whether it was the last one that was due.
    func acknowledged(_ id: Int64?) -> Bool {
        requests?.answered(id) != nil && isSubscribed
    }

    /// The exchange refused a request, or something else that nobody asked for: the connection does not bring what it
    /// should.
    func refused(_ id: Int64?, _ reason: String) {
        guard let request = requests?.answered(id) else {
            return end("the exchange answered with an error: \(reason)", retryAfterNs: 0)
        }
        let streams = context.streamNames.text(request.streams.compactMap(context.plan.streams.firstIndex))
        end("the exchange refused \(request.method.rawValue) \(request.id) (\(streams)): \(reason)", retryAfterNs: 0)
    }

    /// The request that has waited for its answer since before `ns`, monotonic.
    func requestUnanswered(since ns: Int64) -> UInt32? {
        requests?.pending.first { $0.sentNs < ns }?.request.id
    }

    /// Notes data of a stream; whether it is the first of that stream on this connection.
    func noteHeard(_ stream: Int) -> Bool {
        let isFirst = unheard.remove(stream) != nil
        if unheard.isEmpty { hasHeardAll = true }
        return isFirst
    }

    /// How soon pings were answered.
    var pongs: FeedRequests.PongTimes { requests?.pongs ?? FeedRequests.PongTimes() }

    // MARK: The end

    private func sayGoodbye(code: UInt16?) {
        guard !sentClose, isOpen else { return }
        sentClose = true
        var encoder = FrameEncoder(role: .client)
        var bytes: [UInt8] = []
        encoder.appendClose(code, to: &bytes)
        channel?.write(bytes)
    }

    /// Closes from this side; the owner hears nothing more.
    func close(_ reason: String) {
        sayGoodbye(code: CloseCode.normal)
        owner = nil
        end(reason, retryAfterNs: 0)
    }

    /// Notes when the first data came.
    func noteStreaming(_ stamp: ReadStamp) {
        guard record.streaming == nil else { return }
        record.streaming = Timestamp(wallNs: stamp.wallNs, monotonicNs: stamp.monotonicNs)
    }

    /// Ends the connection because of what its owner saw.
    func end(_ reason: String, retryAfterNs: Int64) {
        guard record.ended == nil else { return }
        record.ended = Timestamp(wallNs: HostClock.wallNs(), monotonicNs: HostClock.monotonicNs())
        record.reason = reason
        isOpen = false
        if let timer { loop.cancel(timer) }
        requests?.stop()
        if channel?.state == .open {
            // What was said last, a goodbye, still goes out.
            channel?.detachOwner()
            channel?.closeWhenFlushed()
        } else {
            channel?.abandon()
        }
        let owner = self.owner
        self.owner = nil
        owner?.feedClosed(self, reason: reason, retryAfterNs: retryAfterNs)
    }
}
