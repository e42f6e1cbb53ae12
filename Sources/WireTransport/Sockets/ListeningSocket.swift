import CSockets

/// A TCP port that takes connections.
public final class ListeningSocket: LoopMember {
    /// The descriptor that the loop watches.
    public let descriptor: Int32
    /// The port that was got; the asked one, or the kernel's choice for 0.
    public let port: Int
    /// Called with each new connection.
    public var onAccept: ((StreamSocket) -> Void)?

    /// How long nobody is let in when the system has no descriptors left; asking on would burn the processor.
    private static let pauseNs: Int64 = 100_000_000
    private var pausedUntilNs: Int64 = 0

    /// Listens on `host` (numeric) and `port`; 0 takes any free one.
    ///
    /// - Throws: `TransportError` `cannotListen`, for example when another process has the port.
    public init(host: String, port: Int) throws {
        guard let address = try SocketAddress.resolve(host: host, port: port, passive: true).first else {
            throw TransportError(.cannotListen, "\(host) is no address to listen on")
        }
        #if os(Linux)
            descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(address.family, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else {
            throw TransportError(.system, "cannot open a socket: \(systemMessage(errno))")
        }
        _ = latexp_prepare_descriptor(descriptor)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        // Receive times are asked for on the listener too: connections inherit them, so that the first read has one.
        _ = latexp_enable_receive_times(descriptor)
        let socket = descriptor
        let bound = address.withSockaddr { bind(socket, $0, $1) }
        guard bound == 0, listen(descriptor, 128) == 0 else {
            let code = errno
            close(descriptor)
            throw TransportError(
                .cannotListen,
                "cannot listen on \(address): \(Self.advice(code, command: "ss -tlnp"))"
            )
        }
        self.port = SocketAddress.of(descriptor, remote: false)?.port ?? port
    }

    /// The system's reason why a port cannot be had, and what to do about it.
    ///
    /// - Parameter command: what shows who has a port.
    static func advice(_ code: Int32, command: String) -> String {
        let reason = systemMessage(code)
        guard code == EACCES || code == EPERM else {
            return "\(reason); choose another port, or see who has it with `\(command)`"
        }
        return "\(reason); ports below 1024 are mostly for root: choose a higher one"
    }

    deinit { close(descriptor) }

    /// Whether it waits to read.
    public var wantsToRead: Bool { pausedUntilNs == 0 || HostClock.monotonicNs() >= pausedUntilNs }
    /// Whether it waits to write.
    public var wantsToWrite: Bool { false }

    /// Does what the loop says is possible now.
    public func ready(toRead: Bool, toWrite: Bool) {
        // A bounded number, so that a flood of strangers cannot starve the connections that are measured.
        for _ in 0..<16 {
            let accepted = accept(descriptor, nil, nil)
            guard accepted >= 0 else {
                let isShort = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
                pausedUntilNs = isShort ? HostClock.monotonicNs() + Self.pauseNs : 0
                return
            }
            onAccept?(StreamSocket(takingOver: accepted))
        }
    }
}
