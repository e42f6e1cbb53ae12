import WireTransport

/// A simulated Binance: WebSocket over TLS on a loopback port, with a thread of its own.
///
/// Every connection gets the same events at the same moment.
public final class Exchange: Sendable {
    /// The loopback port.
    public let port: Int
    private let thread: LoopThread<ExchangeFloor>

    /// Opens the exchange.
    ///
    /// - Throws: `TransportError` when the certificate cannot be used or no port can be listened on.
    public convenience init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver
    ) throws {
        try self.init(
            settings,
            certificateFile: certificateFile,
            keyFile: keyFile,
            observer: observer,
            place: .loopback
        )
    }

    /// Opens the exchange on loopback, or in a namespace on all its addresses and the usual port.
    init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver,
        place: ServerPlace
    ) throws {
        thread = try LoopThread("exchange") { loop in
            // A socket belongs to the namespace that it was made in, whatever thread uses it.
            if case .namespace(let namespace, _) = place { try namespace.enter() }
            return ExchangeFloor(
                loop: loop,
                settings: settings,
                tls: try TLSContext.server(certificateFile: certificateFile, keyFile: keyFile),
                observer: observer,
                listener: try place.listen(usualPort: 443)
            )
        }
        port = thread.ask { $0.port } ?? 0
    }

    /// The number of clients that are connected now.
    public var connectionCount: Int { thread.ask { $0.connectionCount } ?? 0 }

    /// Says goodbye to every client and closes the port.
    public func stop() {
        thread.stop { $0.close() }
    }
}
