import WireTransport

/// A simulated Binance: WebSocket over TLS on a loopback port, with a thread of its own.
///
/// Every connection gets the same events at the same moment.
public final class Exchange: Sendable {
    /// The loopback port.
    public let port: Int
    let thread: LoopThread<ExchangeFloor>

    /// Opens the exchange on an address of this machine, loopback's unless another is given, and a port, a free one for
    /// 0.
    ///
    /// - Throws: `TransportError` when the certificate cannot be used or no port can be listened on.
    public convenience init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver,
        address: String = "127.0.0.1",
        port: Int = 0
    ) throws {
        try self.init(settings, certificateFile: certificateFile, keyFile: keyFile, observer: observer) {
            try ListeningSocket(host: address, port: port)
        }
    }

    /// Opens the exchange on loopback, or in a namespace on all its addresses and the usual port.
    convenience init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver,
        place: ServerPlace
    ) throws {
        try self.init(settings, certificateFile: certificateFile, keyFile: keyFile, observer: observer) {
            // A socket belongs to the namespace that it was made in, whatever thread uses it.
            if case .namespace(let namespace, _) = place { try namespace.enter() }
            return try place.listen(usualPort: 443)
        }
    }

    private init(
        _ settings: ExchangeSettings,
        certificateFile: String,
        keyFile: String,
        observer: any ExchangeObserver,
        listen: @escaping @Sendable () throws -> ListeningSocket
    ) throws {
        thread = try LoopThread("exchange") { loop in
            let listener = try listen()
            return ExchangeFloor(
                loop: loop,
                settings: settings,
                tls: try TLSContext.server(certificateFile: certificateFile, keyFile: keyFile),
                observer: observer,
                listener: listener
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
