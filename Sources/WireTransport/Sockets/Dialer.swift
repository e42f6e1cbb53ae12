/// Opens connections: looks the name up, then lets its addresses race until one is open.
public final class Dialer {
    /// Where to connect, and how.
    public struct Target {
        /// The name or address.
        public var host: String
        /// The port.
        public var port: Int
        /// TLS settings; nil for plain TCP.
        ///
        /// The certificate must be for `serverName`.
        public var tls: TLSContext?
        /// The name that the certificate must have.
        public var serverName: String
        /// Which of the addresses of each family to try first, so that several lanes spread over them.
        public var preferredIndex: Int
        /// The longest unconsumed input of the connection.
        public var inputCapacity: Int
        /// The congestion control to ask for before connecting; nil for the host's own.
        public var congestionControl: String?
        /// Who dials, for reports.
        public var label = ""

        /// A target.
        public init(
            host: String,
            port: Int,
            tls: TLSContext? = nil,
            serverName: String? = nil,
            preferredIndex: Int = 0,
            inputCapacity: Int = 2 << 20,
            congestionControl: String? = nil
        ) {
            self.host = host
            self.port = port
            self.tls = tls
            self.serverName = serverName ?? host
            self.preferredIndex = preferredIndex
            self.inputCapacity = inputCapacity
            self.congestionControl = congestionControl
        }
    }

    /// Hears what happens while connections are dialled, on the loop's thread.
    public var onReport: ((DialReport) -> Void)?

    private let loop: EventLoop
    private let resolver: Resolver

    /// A dialer on a loop.
    public init(loop: EventLoop, resolver: Resolver) {
        self.loop = loop
        self.resolver = resolver
    }

    /// Connects and calls `completion` once with the open channel, or with the reasons of every address.
    ///
    /// The channel then belongs to `owner`, which hears `channelOpened` right after the completion.
    public func dial(
        _ target: Target,
        owner: any ByteChannelOwner,
        _ completion: @escaping (Result<ByteChannel, TransportError>) -> Void
    ) {
        let beganNs = HostClock.monotonicNs()
        let report = { [onReport] (event: DialReport.Event) -> Void in
            onReport?(DialReport(label: target.label, host: target.host, event: event))
        }
        resolver.resolve(host: target.host, port: target.port) { [loop] answer in
            switch answer {
            case .failure(let error):
                report(.gaveUp(error))
                completion(.failure(error))
            case .success(let found):
                let addresses = SocketAddress.inDialOrder(found, preferring: target.preferredIndex)
                report(.resolved(addresses))
                Dial(
                    target: target,
                    addresses: addresses,
                    loop: loop,
                    beganNs: beganNs,
                    owner: owner,
                    report: report,
                    completion: completion
                ).begin()
            }
        }
    }
}
