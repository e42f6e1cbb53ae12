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
    public init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver
    ) throws {
        thread = try LoopThread("exchange") { loop in
            try ExchangeFloor(
                loop: loop,
                settings: settings,
                tls: try TLSContext.server(certificateFile: certificateFile, keyFile: keyFile),
                observer: observer
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
