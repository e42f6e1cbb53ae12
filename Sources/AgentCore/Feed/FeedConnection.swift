import ExperimentModel
import WebSocketCodec
import WireTransport

/// What the owner of a feed connection hears.
protocol FeedConnectionOwner: AnyObject {
    /// The exchange has accepted the upgrade.
    func feedOpened(_ connection: FeedConnection)
    /// One whole message, with the moment of the read that completed it; the bytes are gone after the call.
    func feedMessage(_ connection: FeedConnection, _ bytes: UnsafeRawBufferPointer, _ stamp: ReadStamp)
    /// All messages of one read have been given.
    func feedBatchEnded(_ connection: FeedConnection)
    /// The connection is over, or never came up. `retryAfterNs` is the exchange's own wish, 0 without one.
    func feedClosed(_ connection: FeedConnection, reason: String, retryAfterNs: Int64)
}

/// One WebSocket connection to the exchange, from the look-up of its name to its close.
final class FeedConnection: ByteChannelOwner {
    /// How long the answer to the upgrade may take.
    static let upgradeLimitNs: Int64 = 10_000_000_000

    /// The connection's number on its lane, from 0.
    let number: Int
    /// What the account of the run says of it.
    private(set) var record: ConnectionRecord
    /// Whether the exchange has accepted the upgrade and nothing is closed.
    private(set) var isOpen = false

    private let target: FeedTarget
    private let loop: EventLoop
    private var owner: (any FeedConnectionOwner)?
    private var channel: ByteChannel?
    private var decoder = FrameDecoder(role: .client)
    private var encoder = FrameEncoder(role: .client)
    private var response: UpgradeResponseParser?
    private var timer: TimerID?
    private var sentClose = false
    /// Whether the loop looks at this connection before all others.
    private let isFavourite: Bool

    /// Begins to connect.
    init(
        number: Int,
        target: FeedTarget,
        dialer: Dialer,
        loop: EventLoop,
        isFavourite: Bool = false,
        owner: any FeedConnectionOwner
    ) {
        self.isFavourite = isFavourite
        self.number = number
        self.target = target
        self.loop = loop
        self.owner = owner
        let now = Timestamp(wallNs: HostClock.wallNs(), monotonicNs: HostClock.monotonicNs())
        self.record = ConnectionRecord(purpose: "feed", began: now)
        dialer.dial(target.dialTarget, owner: self) { [self] result in
            switch result {
            case .success(let channel):
                self.channel = channel
                // Given up while the name was being looked up.
                if self.owner == nil { channel.abandon() }
            case .failure(let error): end(error.message, retryAfterNs: 0)
            }
        }
    }

    /// When the connection was opened, monotonic; nil before.
    private(set) var openedMonotonicNs: Int64?

    /// The remote address; nil before TCP is up.
    var endpoint: String? { record.endpoint }

    /// TCP's own view of the connection.
    var socket: StreamSocket? { channel?.socket }

    func channelOpened(_ channel: ByteChannel) {
        record.endpoint = channel.endpoint
        record.details = channel.agreedTLS ?? "plain"
        do {
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
        timer = loop.schedule(afterNs: Self.upgradeLimitNs) { [self] in
            end("no answer to the upgrade within 10 s", retryAfterNs: 0)
        }
    }

    func channelReceived(_ channel: ByteChannel) {
        do {
            if !isOpen, try !readUpgrade(channel) { return }
            let sawMessage = try readFrames(channel)
            if sawMessage { owner?.feedBatchEnded(self) }
        } catch let error as WebSocketError {
            sayGoodbye(code: error.closeCode == 0 ? nil : error.closeCode)
            end("\(channel.endpoint) broke the WebSocket protocol: \(error)", retryAfterNs: 0)
        } catch {
            end("\(error)", retryAfterNs: 0)
        }
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        end(reason.message, retryAfterNs: 0)
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
            if isFavourite {
                channel.socket.letReadsWait()
                loop.favour(channel)
            }
            owner?.feedOpened(self)
            return true
        case .refused(let refusal):
            let body = String(decoding: refusal.body.prefix(200), as: UTF8.self)
            // Without a wish of its own: 429 and 418 (banned) are given a minute, so that it is not made worse.
            let standard = refusal.status == 429 || refusal.status == 418 ? 60 : 0
            end(
                "\(channel.endpoint) refused the upgrade: HTTP \(refusal.status) \(refusal.reason) \(body)",
                retryAfterNs: Int64(min(refusal.retryAfterSeconds ?? standard, 3_600)) * 1_000_000_000
            )
            return false
        }
    }

    /// Decodes what has come; whether there was a message among it.
    @inline(__always)
    private func readFrames(_ channel: ByteChannel) throws -> Bool {
        var sawMessage = false
        while isOpen, let frame = try decoder.next(channel.input.unread) {
            switch frame.kind {
            case .text, .binary:
                owner?.feedMessage(self, frame.payload, channel.stamp)
                sawMessage = true
            case .ping: answerPing(frame.payload)
            case .pong, .fragment: break
            case .close:
                let reason = String(decoding: frame.payload, as: UTF8.self)
                sayGoodbye(code: frame.closeCode == CloseCode.noStatus ? nil : frame.closeCode)
                end("\(channel.endpoint) closed with code \(frame.closeCode) \(reason)", retryAfterNs: 0)
                return sawMessage
            }
            channel.input.consume(frame.consumedBytes)
        }
        return sawMessage
    }

    private func answerPing(_ payload: UnsafeRawBufferPointer) {
        var bytes: [UInt8] = []
        encoder.append(.pong, payload, to: &bytes)
        channel?.write(bytes)
    }

    private func sayGoodbye(code: UInt16?) {
        guard !sentClose, isOpen else { return }
        sentClose = true
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
