import MarketFeed
import WebSocketCodec
import WireTransport

/// One client of a paced feed: whatever path it asks for, it gets the one stream that there is.
final class PacedClient: ByteChannelOwner {
    private enum Phase {
        case upgrading
        case open
        case closing
    }

    /// Whether it takes events in the wrapper of a combined stream.
    private(set) var isCombined = false
    /// Whether it has been sent the feed's goodbye and everything before.
    private(set) var isGone = false
    private unowned let feed: PacedFeed
    private var channel: ByteChannel?
    private var phase = Phase.upgrading
    private var upgrade = IncomingUpgradeParser()
    private var decoder = FrameDecoder(role: .server, maximumMessageBytes: 32 << 10, validatesUTF8: true)
    private var encoder = FrameEncoder(role: .server)
    private var packed: [UInt8] = []

    init(_ socket: StreamSocket, feed: PacedFeed, tls: TLSContext?) throws {
        self.feed = feed
        channel = ByteChannel(
            socket: socket,
            isConnected: true,
            tls: try tls.map { try TLSSession(server: $0) },
            loop: feed.loop,
            owner: self,
            inputCapacity: 64 << 10,
            outputLimit: 64 << 20
        )
    }

    /// Whether messages go to it.
    var isOpen: Bool { phase == .open }

    /// Sends a frame; what the kernel does not take waits in a queue, in order.
    @inline(__always)
    func send(_ frame: UnsafeRawBufferPointer) {
        if phase == .open { channel?.write(frame) }
    }

    /// Keeps a frame for the next `sendPacked()`.
    @inline(__always)
    func pack(_ frame: UnsafeRawBufferPointer) {
        if phase == .open { packed.append(contentsOf: frame) }
    }

    /// Sends all frames that were packed since, in one go.
    func sendPacked() {
        packed.withUnsafeBytes { send($0) }
        packed.removeAll(keepingCapacity: true)
    }

    /// Says goodbye behind everything that was sent.
    func close() {
        guard phase == .open else {
            channel?.abandon()
            isGone = true
            return
        }
        phase = .closing
        var frame: [UInt8] = []
        encoder.appendClose(CloseCode.normal, reason: "the feed is over", to: &frame)
        channel?.write(frame)
        channel?.closeWhenFlushed()
    }

    func channelOpened(_ channel: ByteChannel) {}

    func channelReceived(_ channel: ByteChannel) {
        if phase == .upgrading { takeUpgrade(channel) }
        if phase == .open { takeFrames(channel) }
        if phase == .closing { channel.input.consume(channel.input.count) }
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        let wasOpen = phase == .open
        phase = .closing
        isGone = true
        self.channel = nil
        feed.lost(self, reason: wasOpen ? reason.message : nil)
    }

    private func takeUpgrade(_ channel: ByteChannel) {
        switch upgrade.next(UnsafeRawBufferPointer(channel.input.unread)) {
        case nil: return
        case .reject(let answer):
            phase = .closing
            channel.write(answer.bytes)
            channel.closeWhenFlushed()
        case .upgrade(let request):
            channel.input.consume(request.consumedBytes)
            isCombined = request.path.hasSuffix("/stream")
            channel.write(request.acceptance())
            phase = .open
            feed.opened(self)
        }
    }

    private func takeFrames(_ channel: ByteChannel) {
        do throws(WebSocketError) {
            while phase == .open, let frame = try decoder.next(channel.input.unread) {
                take(frame)
                channel.input.consume(frame.consumedBytes)
            }
        } catch {
            channel.fail(TransportError(.broken, error.message))
        }
    }

    private func take(_ frame: DecodedFrame) {
        var reply: [UInt8] = []
        switch frame.kind {
        case .ping: encoder.append(.pong, Array(frame.payload), to: &reply)
        case .close: return close()
        case .text: encoder.append(.text, answer(to: ExchangeRequest(frame.payload)), to: &reply)
        case .pong, .binary, .fragment: return
        }
        channel?.write(reply)
    }

    /// Every subscription is granted: the stream is the same in any case.
    private func answer(to request: ExchangeRequest) -> [UInt8] {
        var payload: [UInt8] = []
        switch request {
        case .subscribe(_, let id), .unsubscribe(_, let id), .listSubscriptions(let id):
            ControlPayload.acknowledgement(id: id).append(to: &payload)
        case .invalid(let code, let message, let id):
            ControlPayload.error(code: code, message: message, id: id).append(to: &payload)
        }
        return payload
    }
}
