/// Opens connections: looks the name up, then tries each address in turn until one answers.
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
        /// Which of the addresses to try first, so that several lanes spread over them.
        public var preferredIndex: Int
        /// The longest unconsumed input of the connection.
        public var inputCapacity: Int
        /// The congestion control to ask for before connecting; nil for the host's own.
        public var congestionControl: String?

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

    /// How long one address may take until TCP and TLS are open.
    public static let attemptNs: Int64 = 5_000_000_000

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
        resolver.resolve(host: target.host, port: target.port) { [loop] answer in
            switch answer {
            case .failure(let error): completion(.failure(error))
            case .success(let addresses):
                let start = addresses.isEmpty ? 0 : target.preferredIndex % addresses.count
                let ordered = Array(addresses[start...] + addresses[..<start])
                Attempt(target: target, addresses: ordered, loop: loop, owner: owner, completion: completion).next()
            }
        }
    }
}

/// One dial under way.
///
/// It owns the channel until that is open, then hands it over.
private final class Attempt: ByteChannelOwner {
    private let target: Dialer.Target
    private var addresses: [SocketAddress]
    private let loop: EventLoop
    private let finalOwner: any ByteChannelOwner
    private let completion: (Result<ByteChannel, TransportError>) -> Void
    private var failures: [TransportError] = []
    private var timer: TimerID?

    init(
        target: Dialer.Target,
        addresses: [SocketAddress],
        loop: EventLoop,
        owner: any ByteChannelOwner,
        completion: @escaping (Result<ByteChannel, TransportError>) -> Void
    ) {
        self.target = target
        self.addresses = addresses
        self.loop = loop
        self.finalOwner = owner
        self.completion = completion
    }

    func next() {
        guard !addresses.isEmpty else {
            let reasons = failures.map(\.message).joined(separator: "; ")
            completion(.failure(TransportError(failures.first?.code ?? .unreachable, reasons)))
            return
        }
        let address = addresses.removeFirst()
        do {
            let session = try target.tls.map { try TLSSession(client: $0, serverName: target.serverName) }
            let channel = ByteChannel(
                socket: try StreamSocket.connect(to: address, congestionControl: target.congestionControl),
                isConnected: false,
                tls: session,
                loop: loop,
                owner: self,
                inputCapacity: target.inputCapacity
            )
            channel.intendedAddress = address
            timer = loop.schedule(afterNs: Dialer.attemptNs) { [channel] in
                channel.fail(TransportError(.unreachable, "no answer from \(address) within 5 s"))
            }
        } catch let error as TransportError {
            failures.append(error)
            next()
        } catch {
            failures.append(TransportError(.system, "\(error)"))
            next()
        }
    }

    func channelOpened(_ channel: ByteChannel) {
        if let timer { loop.cancel(timer) }
        channel.handOver(to: finalOwner)
        completion(.success(channel))
        finalOwner.channelOpened(channel)
    }

    func channelReceived(_ channel: ByteChannel) {}

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        if let timer { loop.cancel(timer) }
        failures.append(reason)
        // A certificate that is not accepted will not be accepted at the next address either, but one server among many may be
        // set up wrongly: go on.
        next()
    }
}
