import CSockets
import Foundation
import MarketFeed
import WebSocketCodec
import WireTransport

/// One client of the exchange.
final class ExchangeConnection: ByteChannelOwner {
    private enum Phase {
        case upgrading
        case open
        case closing
    }

    /// The form in which a client gets its events.
    struct Shape: Hashable {
        /// Whether they stand in the wrapper of a combined stream.
        var isCombined = false
        /// Whether their times are in microseconds.
        var usesMicroseconds = false
        /// What the client asked to be wrong with them.
        var fault: ExchangeFaultPath?
    }

    /// The port of the other end.
    let peerPort: Int
    /// The form in which the client gets its events.
    private(set) var shape = Shape()
    private let floor: ExchangeFloor
    private var channel: ByteChannel?
    private var phase = Phase.upgrading
    private var upgrade = IncomingUpgradeParser()
    private var decoder = FrameDecoder(role: .server, maximumMessageBytes: 32 << 10, validatesUTF8: true)
    private var encoder = FrameEncoder(role: .server)
    private var isPublic = true
    private var subscriptions: [String] = []
    private var wantedStreams: Set<Int> = []
    private var timer: TimerID?
    private var unansweredPings: [(payload: [UInt8], sentNs: Int64)] = []
    private var openedNs: Int64 = 0
    private var lagNs: Int64 = 0
    private var isMute = false
    private var isDeaf = false
    private var eventsWritten = 0

    init(_ socket: StreamSocket, floor: ExchangeFloor) throws {
        self.floor = floor
        peerPort = socket.remoteAddress?.port ?? 0
        channel = ByteChannel(
            socket: socket,
            isConnected: true,
            tls: try TLSSession(server: floor.tls),
            loop: floor.loop,
            owner: self,
            inputCapacity: 64 << 10,
            // A burst of many thousand events waits for a long way's window.
            outputLimit: 64 << 20
        )
        timer = floor.loop.schedule(afterNs: floor.settings.upgradeLimitNs) { [weak self] in
            self?.channel?.fail(TransportError(.closed, "no upgrade in time"))
        }
    }

    /// Octets put on the wire so far.
    var wireOctets: Int { channel?.wireOctetsQueued ?? 0 }

    /// Whether events of a stream go to this client.
    func wants(_ streamIndex: Int) -> Bool { phase == .open && !isMute && wantedStreams.contains(streamIndex) }

    /// What was sent to this client so far.
    var account: ExchangeAccount { ExchangeAccount(peerPort: peerPort, events: eventsWritten) }

    /// Sends a frame that is made already.
    func send(frame: [UInt8]) {
        eventsWritten += 1
        guard lagNs > 0 else {
            channel?.write(frame)
            return
        }
        floor.loop.schedule(afterNs: lagNs) { [weak self] in
            guard let self, phase == .open else { return }
            channel?.write(frame)
        }
    }

    /// Says that the server is about to shut down.
    func announceShutdown() {
        guard phase == .open else { return }
        var payload: [UInt8] = []
        let nowMs = HostClock.wallNs() / 1_000_000
        ControlPayload.serverShutdown(eventTimeMs: nowMs, isWrapped: shape.isCombined).append(to: &payload)
        sendFrame(.text, payload)
    }

    /// Closes with a code, or breaks off without one.
    func end(code: UInt16?, reason: String) {
        if let code {
            close(code: code, reason: reason)
        } else {
            channel?.fail(TransportError(.closed, "broken off"))
        }
    }

    /// Sends nothing any more and answers nothing, with the connection open.
    func fallSilent() {
        isMute = true
        isDeaf = true
        if let timer { floor.loop.cancel(timer) }
        timer = nil
    }

    /// Messages that are cut short, are no JSON, or lack what makes them an event.
    private static let nonsense = [
        #"{"e":"bookTicker","u":"#, "", "null", "[1,2]",
        #"{"e":"bookTicker","s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1",}"#,
        #"{"u":5 "s":"BTCUSDT"}"#, "\u{0}\u{1}", String(repeating: "[", count: 2_000),
    ]

    /// Sends messages that are none, in turn.
    func sendNonsense(_ count: Int) {
        guard phase == .open else { return }
        for index in 0..<count { sendFrame(.text, Array(Self.nonsense[index % Self.nonsense.count].utf8)) }
    }

    /// Sends octets as they are, inside TLS.
    func sendOctets(_ octets: [UInt8]) {
        guard phase == .open else { return }
        channel?.write(octets)
    }

    /// Sends half a message and resets the connection.
    func breakOffInsideMessage() {
        guard phase == .open, let channel else { return }
        var frame: [UInt8] = []
        encoder.append(.text, Array("{\"e\":\"bookTicker\",\"u\":1".utf8), to: &frame)
        channel.write(Array(frame.prefix(frame.count / 2)))
        _ = latexp_reset(channel.descriptor)
        channel.fail(TransportError(.closed, "broken off inside a message"))
    }

    /// Sends half a TLS record and closes.
    func endInsideRecord() {
        guard phase == .open, let channel else { return }
        // A record of application data that shall have 1,024 octets (RFC 8446, 5.1), and has 256.
        let torn: [UInt8] = [0x17, 0x03, 0x03, 0x04, 0x00] + [UInt8](repeating: 0x5a, count: 256)
        torn.withUnsafeBytes { _ = channel.socket.write($0) }
        channel.fail(TransportError(.closed, "ended inside a record"))
    }

    /// Sends a ping and texts right behind it.
    func ping(_ payload: [UInt8], thenTexts texts: [[UInt8]], count: Int) {
        guard phase == .open else { return }
        var frames: [UInt8] = []
        for _ in 0..<count { encoder.append(.ping, payload, to: &frames) }
        for text in texts { encoder.append(.text, text, to: &frames) }
        channel?.write(frames)
    }

    /// Sends a close frame and closes.
    func close(code: UInt16?, reason: String = "") {
        guard phase == .open else {
            channel?.closeWhenFlushed()
            return
        }
        phase = .closing
        var frame: [UInt8] = []
        encoder.appendClose(code, reason: reason, to: &frame)
        channel?.write(frame)
        channel?.closeWhenFlushed()
    }

    // MARK: What comes

    func channelOpened(_ channel: ByteChannel) {}

    func channelReceived(_ channel: ByteChannel) {
        guard !isDeaf else { return channel.input.consume(channel.input.count) }
        if phase == .upgrading { takeUpgrade(channel) }
        if phase == .open { takeFrames(channel) }
        // After its end nothing that the client says matters.
        if phase == .closing { channel.input.consume(channel.input.count) }
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        phase = .closing
        if let timer { floor.loop.cancel(timer) }
        self.channel = nil
        floor.remove(self)
    }

    private func takeUpgrade(_ channel: ByteChannel) {
        guard let outcome = upgrade.next(UnsafeRawBufferPointer(channel.input.unread)) else { return }
        switch outcome {
        case .reject(let answer): refuse(channel, answer)
        case .upgrade(let request):
            channel.input.consume(request.consumedBytes)
            floor.heard(.upgrade(request.target), from: self)
            if let refusal = floor.faults.refusal { return refuse(channel, refusal) }
            let (fault, path) = ExchangeFaultPath.split(request.path)
            let route = ExchangeRoute(path: path, query: request.query, market: floor.settings.market)
            guard let route else {
                return refuse(channel, HTTPAnswer(status: 404, reason: "Not Found", body: "Invalid request path"))
            }
            channel.write(request.acceptance())
            phase = .open
            shape = Shape(isCombined: route.isCombined, usesMicroseconds: route.usesMicroseconds, fault: fault)
            lagNs = floor.faults.lagNs
            isMute = floor.faults.isMute || fault == .mute
            isPublic = route.isPublic
            subscribe(route.streams)
            openedNs = HostClock.monotonicNs()
            scheduleKeepAlive()
        }
    }

    private func refuse(_ channel: ByteChannel, _ answer: HTTPAnswer) {
        phase = .closing
        let hasNoLength = floor.faults.refusalHasNoLength
        let text = String(decoding: answer.bytes, as: UTF8.self)
        let lines = text.components(separatedBy: "\r\n").filter { !hasNoLength || !$0.hasPrefix("Content-Length") }
        channel.write(Array(lines.joined(separator: "\r\n").utf8))
        channel.closeWhenFlushed()
    }

    private func takeFrames(_ channel: ByteChannel) {
        do throws(WebSocketError) {
            while phase == .open, let frame = try decoder.next(channel.input.unread) {
                take(frame)
                channel.input.consume(frame.consumedBytes)
            }
        } catch {
            close(code: error.closeCode, reason: error.message)
        }
    }

    private func take(_ frame: DecodedFrame) {
        note(frame)
        switch frame.kind {
        case .text: answer(ExchangeRequest(frame.payload))
        case .ping: sendFrame(.pong, Array(frame.payload))
        case .pong: takePong(Array(frame.payload))
        case .close: close(code: frame.closeCode == CloseCode.noStatus ? nil : frame.closeCode)
        case .binary: close(code: CloseCode.policyViolation, reason: "Invalid request")
        case .fragment: break
        }
    }

    private func note(_ frame: DecodedFrame) {
        switch frame.kind {
        case .text: floor.heard(.text(Array(frame.payload)), from: self)
        case .pong: floor.heard(.pong(Array(frame.payload)), from: self)
        case .close: floor.heard(.close(frame.closeCode), from: self)
        case .ping, .binary, .fragment: break
        }
    }

    private func sendFrame(_ opcode: Opcode, _ payload: [UInt8]) {
        var frame: [UInt8] = []
        encoder.append(opcode, payload, to: &frame)
        channel?.write(frame)
    }

    // MARK: Subscriptions

    private func answer(_ request: ExchangeRequest) {
        var payload: [UInt8] = []
        switch request {
        case .subscribe(_, let id) where floor.faults.subscribeAnswer != .acknowledgement:
            guard let error = Self.refusal(floor.faults.subscribeAnswer, id) else { return }
            error.append(to: &payload)
        case .subscribe(let streams, let id):
            guard subscribe(streams) else {
                let message = "Invalid request: too many streams"
                ControlPayload.error(code: 2, message: message, id: id).append(to: &payload)
                break
            }
            ControlPayload.acknowledgement(id: id).append(to: &payload)
        case .unsubscribe(let streams, let id):
            subscriptions.removeAll { streams.contains($0) }
            noteWantedStreams()
            ControlPayload.acknowledgement(id: id).append(to: &payload)
        case .listSubscriptions(let id):
            ControlPayload.subscriptions(id: id, streams: subscriptions).append(to: &payload)
        case .invalid(let code, let message, let id):
            ControlPayload.error(code: code, message: message, id: id).append(to: &payload)
        }
        sendFrame(.text, payload)
    }

    private static func refusal(_ answer: ExchangeFaults.SubscribeAnswer, _ id: Int64) -> ControlPayload? {
        let message = "Invalid request: too many streams"
        return switch answer {
        case .nestedError: .error(code: 2, message: message, id: id)
        case .flatError: .flatError(code: 2, message: message, id: id)
        case .acknowledgement, .silence: nil
        }
    }

    /// Unknown streams are taken like others; nothing ever comes for them.
    @discardableResult
    private func subscribe(_ streams: [String]) -> Bool {
        let new = streams.filter { !subscriptions.contains($0) }
        guard subscriptions.count + new.count <= FeedEndpoint.maximumStreams else { return false }
        for stream in new where !subscriptions.contains(stream) { subscriptions.append(stream) }
        noteWantedStreams()
        return true
    }

    private func noteWantedStreams() {
        let indices = floor.settings.streams.indices.filter { subscriptions.contains(floor.settings.streams[$0].name) }
        wantedStreams = isPublic ? Set(indices) : []
    }

    // MARK: Pings

    private func scheduleKeepAlive() {
        if let timer { floor.loop.cancel(timer) }
        timer = floor.loop.schedule(afterNs: floor.settings.pingIntervalNs) { [weak self] in self?.keepAlive() }
    }

    private func keepAlive() {
        guard phase == .open else { return }
        let nowNs = HostClock.monotonicNs()
        if let oldest = unansweredPings.first, nowNs - oldest.sentNs >= floor.settings.pongLimitNs {
            return close(code: CloseCode.policyViolation, reason: "Pong timeout")
        }
        guard nowNs - openedNs < floor.settings.lifetimeNs else { return close(code: CloseCode.goingAway) }
        let payload = Array("\(HostClock.wallNs() / 1_000_000)".utf8)
        unansweredPings.append((payload, nowNs))
        sendFrame(.ping, payload)
        scheduleKeepAlive()
    }

    /// A pong that repeats a ping answers it and all before it; any other counts for nothing.
    private func takePong(_ payload: [UInt8]) {
        guard let index = unansweredPings.lastIndex(where: { $0.payload == payload }) else { return }
        unansweredPings.removeFirst(index + 1)
    }
}
