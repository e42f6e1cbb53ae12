import CSockets

/// A non-blocking TCP socket whose reads carry the kernel's receive time.
///
/// Closed when it is released.
public final class StreamSocket {
    /// How a read came out.
    public enum ReadOutcome: Sendable {
        /// This many octets came.
        case read(Int)
        /// Nothing is there at the moment.
        case wouldBlock
        /// The other side has closed its direction.
        case closed
        /// The connection is broken; the system's error number.
        case failed(Int32)
    }

    /// The descriptor.
    public let descriptor: Int32
    /// Whether the kernel stamps what arrives; false elsewhere than on Linux.
    public let hasKernelTimes: Bool

    /// Octets that were read so long after the kernel's time of them are looked at: they may have waited for others.
    private static let suspiciousNs: Int64 = 100_000
    /// Segments that had come ahead of their turn when that was last looked at.
    private var outOfOrder: UInt32 = 0
    /// Octets that came before this moment could be read no earlier: one before them was missing.
    private var inOrderFromNs = Int64.min

    /// Takes over a connected or connecting descriptor: non-blocking, Nagle's algorithm off, receive times on.
    init(takingOver descriptor: Int32) {
        self.descriptor = descriptor
        _ = latexp_prepare_descriptor(descriptor)
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, size)
        #if !os(Linux)
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &one, size)
        #endif
        self.hasKernelTimes = latexp_enable_receive_times(descriptor) == 0
        if hasKernelTimes { _ = latexp_enable_left_counts(descriptor) }
    }

    deinit { closeDescriptor(descriptor) }

    /// Begins to connect; the socket is writable when that has come to an end.
    ///
    /// - Parameters:
    ///   - address: where to.
    ///   - congestionControl: asked for before connecting; nil leaves the host's own. Where the host refuses it (an
    ///     ordinary user may have the host's own and `reno`), `reno` is taken, which every host allows. Later would be
    ///     too late: a connection that began with BBR stays paced with any other.
    /// - Throws: `TransportError` `unreachable` when it fails at once.
    public static func connect(to address: SocketAddress, congestionControl: String? = nil) throws -> StreamSocket {
        #if os(Linux)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else {
            throw TransportError(.system, "cannot open a socket: \(systemMessage(errno))")
        }
        let stream = StreamSocket(takingOver: descriptor)
        if let congestionControl, latexp_set_congestion_control(descriptor, congestionControl) != 0 {
            _ = latexp_set_congestion_control(descriptor, "reno")
        }
        let code = address.withSockaddr { systemConnect(descriptor, $0, $1) }
        guard code == 0 || errno == EINPROGRESS else {
            throw TransportError(.unreachable, "cannot connect to \(address): \(systemMessage(errno))")
        }
        return stream
    }

    /// What became of a connection attempt, once the socket is writable; nil is success.
    public func connectionFailure() -> Int32? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
        return code == 0 ? nil : code
    }

    /// Lets `read` wait for data, for some milliseconds at most.
    public func letReadsWait() {
        _ = latexp_let_reads_wait(descriptor, Self.readWaitUs)
    }

    /// How long a read may wait; the kernel rounds it up to its tick.
    private static let readWaitUs: Int64 = 2_000

    /// Has TCP acknowledge every second of the other side's messages instead of each as soon as it is read.
    ///
    /// RFC 1122 section 4.2.3.2 asks for no more. It takes the sending of the acknowledgement out of the way between
    /// reading a message and sending it on. The kernel goes back to its own way when a stream falls silent: say it
    /// again now and then.
    public func delayAcknowledgements() {
        _ = latexp_delay_acknowledgements(descriptor)
    }

    /// Reads once into `buffer`; `stamp` gets the kernel's receive time, both clocks right after the read, and what is
    /// left.
    ///
    /// - Parameter waits: to wait for data if the socket lets reads wait.
    @inline(__always)
    public func read(
        into buffer: UnsafeMutableRawBufferPointer,
        stamp: inout ReadStamp,
        waits: Bool = false
    ) -> ReadOutcome {
        let count = latexp_receive(
            descriptor,
            buffer.baseAddress,
            buffer.count,
            waits ? 1 : 0,
            &stamp.kernelNs,
            &stamp.leftOctets
        )
        stamp.wallNs = HostClock.wallNs()
        stamp.monotonicNs = HostClock.monotonicNs()
        if count > 0 {
            // Without a kernel's time the difference wraps, and is below zero.
            if stamp.wallNs &- stamp.kernelNs > Self.suspiciousNs { distrust(&stamp) }
            return .read(count)
        }
        if count == 0 { return .closed }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed(errno)
    }

    /// Takes the kernel's time away from octets that had to wait for a segment that was lost.
    ///
    /// The kernel stamps a segment as it comes, also one that comes ahead of its turn, and keeps the later segment's
    /// time when it joins the two. Nobody could have read such octets before the missing ones came: the time after the
    /// read is nearer the truth, and what follows from a late reader alone is left as it is.
    @inline(never)
    private func distrust(_ stamp: inout ReadStamp) {
        let count = latexp_out_of_order_segments(descriptor)
        if count != outOfOrder {
            outOfOrder = count
            inOrderFromNs = stamp.wallNs
        }
        // A clock that was set back must not make all times suspicious.
        if inOrderFromNs > stamp.wallNs { inOrderFromNs = .min }
        if stamp.kernelNs < inOrderFromNs { stamp.kernelNs = ReadStamp.absent }
    }

    /// Writes what the kernel takes: its count, 0 when it takes nothing now, or a negated error number.
    @inline(__always)
    public func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = latexp_send(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : -Int(errno)
    }

    /// Announces that nothing more will be written.
    public func finishWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends both directions; the descriptor itself goes with the object.
    public func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// The other side's address.
    public var remoteAddress: SocketAddress? { .of(descriptor, remote: true) }
    /// This side's address.
    public var localAddress: SocketAddress? { .of(descriptor, remote: false) }

    /// The connection's TCP state as the kernel sees it; nil where it does not say.
    public var tcpState: latexp_tcp_state? {
        var state = latexp_tcp_state()
        return latexp_tcp_state(descriptor, &state) == 0 ? state : nil
    }

    /// The octets that were written and not sent yet; 0 where the kernel does not say.
    ///
    /// Cheaper to ask for than all of `tcpState`.
    public var unsentOctets: Int { Int(latexp_unsent_octets(descriptor)) }

    /// The name of the congestion control; nil where the kernel does not say.
    public var congestionControl: String? {
        var name = [CChar](repeating: 0, count: 32)
        guard latexp_congestion_control(descriptor, &name, socklen_t(name.count)) == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
