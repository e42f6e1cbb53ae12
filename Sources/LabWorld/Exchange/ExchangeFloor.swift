import MarketFeed
import WebSocketCodec
import WireTransport

/// The exchange's port, its clients and its feed, on the exchange's thread.
final class ExchangeFloor {
    /// More clients than any run has; beyond, new ones are closed at once.
    private static let connectionLimit = 1_000
    /// Events that are this late, as after a machine's sleep, are not made up for.
    private static let longestDelayNs: Int64 = 1_000_000_000
    /// Connections whose account is kept after their end.
    private static let accountLimit = 100_000

    let loop: EventLoop
    let settings: ExchangeSettings
    let tls: TLSContext
    /// What goes wrong now.
    var faults = ExchangeFaults()
    private let observer: any ExchangeObserver
    private let listener: ListeningSocket
    private var connections: [ExchangeConnection] = []
    private var generator: FeedGenerator
    private var next: FeedEvent
    private var nextNs: Int64
    private var encoder = FrameEncoder(role: .server)
    private var payload: [UInt8] = []
    private var writes: [ExchangeWrite] = []
    /// The accounts of connections that are over.
    private var closedAccounts: [ExchangeAccount] = []

    var port: Int { listener.port }
    var connectionCount: Int { connections.count }

    init(
        loop: EventLoop,
        settings: ExchangeSettings,
        tls: TLSContext,
        observer: any ExchangeObserver,
        listener: ListeningSocket
    ) {
        self.loop = loop
        self.settings = settings
        self.tls = tls
        self.observer = observer
        self.listener = listener
        generator = FeedGenerator(
            seed: settings.seed,
            rate: settings.rate,
            market: settings.market,
            streamCount: settings.streams.count,
            isEven: settings.isEven
        )
        next = generator.next()
        nextNs = HostClock.monotonicNs() + next.gapNs
        listener.onAccept = { [unowned self] in accept($0) }
        loop.add(listener)
        scheduleNext()
    }

    func close() {
        loop.remove(listener)
        for connection in connections { connection.close(code: CloseCode.goingAway) }
    }

    /// A client is gone.
    func remove(_ connection: ExchangeConnection) {
        connections.removeAll { $0 === connection }
        if closedAccounts.count < Self.accountLimit { closedAccounts.append(connection.account) }
    }

    /// What was sent on each connection so far.
    var accounts: [ExchangeAccount] { closedAccounts + connections.map(\.account) }

    /// The ports of the clients' ends.
    var peerPorts: [Int] { connections.map(\.peerPort) }

    func eachConnection(_ body: (ExchangeConnection) -> Void) {
        for connection in connections { body(connection) }
    }

    /// A client has said something.
    func heard(_ message: ExchangeMessage, from connection: ExchangeConnection) {
        observer.exchangeHeard(message, fromPort: connection.peerPort, atNs: HostClock.monotonicNs())
    }

    private func accept(_ socket: StreamSocket) {
        guard connections.count < Self.connectionLimit,
            let connection = try? ExchangeConnection(socket, floor: self)
        else { return }
        connections.append(connection)
    }

    // MARK: The feed

    private func scheduleNext() {
        loop.schedule(atMonotonicNs: nextNs) { [unowned self] in sendDue() }
    }

    private func sendDue() {
        while nextNs <= HostClock.monotonicNs() {
            publish(next)
            next = generator.next()
            nextNs = max(nextNs, HostClock.monotonicNs() - Self.longestDelayNs) + next.gapNs
        }
        scheduleNext()
    }

    /// Sends the next events at once, whenever they would have been due.
    func publishNow(_ count: Int) {
        for _ in 0..<count {
            publish(next)
            next = generator.next()
        }
    }

    /// Sends an event to everyone who wants it, one right after the other.
    private func publish(_ event: FeedEvent) {
        let receivers = connections.filter { $0.wants(event.streamIndex) }
        guard !receivers.isEmpty else { return }
        let sentNs = HostClock.wallNs()
        let frames = makeFrames(event, sentNs: sentNs, Set(receivers.map(\.shape)))
        observer.exchangeSends(updateID: event.updateID, sentNs: sentNs)
        writes.removeAll(keepingCapacity: true)
        for connection in receivers {
            connection.send(frame: frames[connection.shape] ?? [])
            writes.append(ExchangeWrite(peerPort: connection.peerPort, endOctets: connection.wireOctets))
        }
        observer.exchangeWrote(updateID: event.updateID, writes)
    }

    private func makeFrames(
        _ event: FeedEvent,
        sentNs: Int64,
        _ shapes: Set<ExchangeConnection.Shape>
    ) -> [ExchangeConnection.Shape: [UInt8]] {
        shapes.reduce(into: [:]) { frames, shape in
            payload.removeAll(keepingCapacity: true)
            event.append(
                to: &payload,
                stream: settings.streams[event.streamIndex],
                market: settings.market,
                eventTimeNs: sentNs + (shape.fault?.shiftNs ?? 0),
                shape: shape
            )
            if shape.fault == .torn { payload.removeLast() }
            var frame: [UInt8] = []
            encoder.append(.text, payload, to: &frame)
            frames[shape] = frame
        }
    }
}
