import CSockets

/// A non-blocking UDP socket whose reads carry the kernel's receive time.
///
/// Closed when it is released, if not before.
public final class DatagramSocket {
    /// How a read came out.
    public enum ReadOutcome: Sendable {
        /// A datagram of this many octets came.
        case read(Int)
        /// Nothing is there at the moment.
        case wouldBlock
        /// The system reports an error, for example that nobody listens at the other end; reading may go on.
        case failed(Int32)
    }

    /// The octets of the longest datagram over IPv4.
    public static let maximumSize = 65_507

    /// The descriptor; negative once closed.
    public private(set) var descriptor: Int32
    /// The port on this side.
    public let port: Int
    /// Whether the kernel stamps what arrives; false elsewhere than on Linux.
    public let hasKernelTimes: Bool
    /// The receive buffer that the kernel gave, octets as it counts them: its own overhead is in there.
    public let receiveBufferOctets: Int
    private let family: Int32
    private let from: UnsafeMutablePointer<sockaddr_storage>
    private var fromLength: socklen_t = 0

    private init(_ address: SocketAddress, receiveBufferOctets wanted: Int, _ attach: (Int32) throws -> Void) throws {
        #if os(Linux)
            let kind = Int32(SOCK_DGRAM.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else {
            throw TransportError(.system, "cannot open a socket: \(systemMessage(errno))")
        }
        _ = latexp_prepare_descriptor(descriptor)
        hasKernelTimes = latexp_enable_receive_times(descriptor) == 0
        receiveBufferOctets = Int(latexp_widen_receive_buffer(descriptor, Int32(clamping: wanted)))
        _ = latexp_allow_fragments(descriptor, address.family)
        do {
            try attach(descriptor)
        } catch {
            closeDescriptor(descriptor)
            throw error
        }
        self.descriptor = descriptor
        family = address.family
        port = SocketAddress.of(descriptor, remote: false)?.port ?? 0
        from = .allocate(capacity: 1)
        from.initialize(to: sockaddr_storage())
    }

    deinit {
        close()
        from.deallocate()
    }

    /// Gives the port back at once, whoever still holds this socket; nothing comes or goes any more.
    public func close() {
        guard descriptor >= 0 else { return }
        closeDescriptor(descriptor)
        descriptor = -1
    }

    /// Takes datagrams on `host` (numeric) and `port`; 0 takes any free one.
    ///
    /// - Throws: `TransportError` `cannotListen`, for example when another process has the port.
    public static func listen(host: String, port: Int, receiveBufferOctets: Int) throws -> DatagramSocket {
        guard let address = try SocketAddress.resolve(host: host, port: port, passive: true).first else {
            throw TransportError(.cannotListen, "\(host) is no address to listen on")
        }
        return try DatagramSocket(address, receiveBufferOctets: receiveBufferOctets) { descriptor in
            guard address.withSockaddr({ bind(descriptor, $0, $1) }) != 0 else { return }
            throw TransportError(
                .cannotListen,
                "cannot take datagrams on \(address): \(ListeningSocket.advice(errno, command: "ss -ulnp"))"
            )
        }
    }

    /// A socket for one peer, that hears what hosts on the way answer, and when this host itself drops a datagram.
    ///
    /// - Throws: `TransportError` `unreachable` when there is no way to it.
    public static func connect(to address: SocketAddress, receiveBufferOctets: Int = 1 << 18) throws -> DatagramSocket {
        try DatagramSocket(address, receiveBufferOctets: receiveBufferOctets) { descriptor in
            _ = latexp_report_errors(descriptor, address.family)
            guard address.withSockaddr({ systemConnect(descriptor, $0, $1) }) != 0 else { return }
            throw TransportError(.unreachable, "cannot send to \(address): \(systemMessage(errno))")
        }
    }

    /// Reads one datagram into `buffer`; `stamp` gets the kernel's receive time and both clocks right after the read.
    @inline(__always)
    public func receive(into buffer: UnsafeMutableRawBufferPointer, stamp: inout ReadStamp) -> ReadOutcome {
        let count = latexp_receive_datagram(
            descriptor,
            buffer.baseAddress,
            buffer.count,
            from,
            &fromLength,
            &stamp.kernelNs
        )
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed(errno) }
        stamp.wallNs = HostClock.wallNs()
        stamp.monotonicNs = HostClock.monotonicNs()
        return .read(count)
    }

    /// Who sent the datagram that was read last; made anew at each call.
    public var sender: SocketAddress {
        UnsafePointer(from).withMemoryRebound(to: sockaddr.self, capacity: 1) {
            SocketAddress($0, length: fromLength)
        }
    }

    /// Sends one datagram made of two pieces to the connected peer: its octets, 0 when the kernel has no room for it
    /// now, or a negated error number.
    @inline(__always)
    public func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
        let count = latexp_send_datagram(descriptor, head.baseAddress, head.count, body.baseAddress, body.count, nil, 0)
        return count >= 0 ? count : Self.failure(errno)
    }

    /// Sends one datagram to an address.
    public func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, to address: SocketAddress) -> Int {
        let count = address.withSockaddr {
            latexp_send_datagram(descriptor, head.baseAddress, head.count, body.baseAddress, body.count, $0, $1)
        }
        return count >= 0 ? count : Self.failure(errno)
    }

    private static func failure(_ number: Int32) -> Int {
        number == EAGAIN || number == EINTR ? 0 : -Int(number)
    }

    /// The error numbers that hosts on the way, or this one, have reported since the last call; at most a handful.
    public func takeReports() -> [Int32] {
        var reports: [Int32] = []
        while reports.count < 16 {
            let number = latexp_take_error(descriptor)
            guard number != 0 else { break }
            reports.append(number)
        }
        return reports
    }

    /// The datagrams that this socket dropped, because its buffer was full or a checksum wrong; nil where nobody
    /// counts.
    public var drops: Int? {
        let drops = latexp_socket_drops(descriptor)
        return drops < 0 ? nil : Int(drops)
    }

    /// The longest packet that the way to the connected peer takes, as far as the kernel knows.
    public var packetOctets: Int? {
        let octets = latexp_path_packet_octets(descriptor, family)
        return octets > 0 ? Int(octets) : nil
    }
}

/// `connect(2)`, whose name the static method above hides.
private func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    connect(descriptor, address, length)
}

/// `close(2)`, whose name the method above hides.
private func closeDescriptor(_ descriptor: Int32) {
    close(descriptor)
}
