import CSockets

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A system call that failed in a test.
struct SocketFailure: Error, CustomStringConvertible {
    let call: String
    var number = errno

    var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// Waits for bytes, at most 20 seconds.
func waitReadable(_ descriptor: Int32) throws {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = poll(&entry, 1, 20_000)
    guard count > 0 else { throw SocketFailure(call: count == 0 ? "no bytes for 20 s" : "poll") }
}

/// A blocking TCP socket on 127.0.0.1.
struct LoopbackSocket: ~Copyable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    static func dialing(port: UInt16) throws -> LoopbackSocket {
        let socket = try LoopbackSocket(descriptor: makeDescriptor())
        try withAddress(port: port) { address, length in
            guard connect(socket.descriptor, address, length) == 0 else { throw SocketFailure(call: "connect") }
        }
        return socket
    }

    /// Listens on a port that the kernel chooses.
    static func listening() throws -> LoopbackSocket {
        let socket = try LoopbackSocket(descriptor: makeDescriptor())
        try withAddress(port: 0) { address, length in
            guard bind(socket.descriptor, address, length) == 0 else { throw SocketFailure(call: "bind") }
        }
        guard listen(socket.descriptor, 4) == 0 else { throw SocketFailure(call: "listen") }
        return socket
    }

    func port() throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
        }
        guard status == 0 else { throw SocketFailure(call: "getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    func nextClient() throws -> LoopbackSocket {
        try waitReadable(descriptor)
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw SocketFailure(call: "accept") }
        return LoopbackSocket(descriptor: accepted)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            guard count > 0 else { throw SocketFailure(call: "write") }
            sent += count
        }
    }

    /// Whatever has arrived; empty at the end of the stream.
    func receive() throws -> [UInt8] {
        try waitReadable(descriptor)
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw SocketFailure(call: "read") }
        return Array(bytes[..<count])
    }

    private static func makeDescriptor() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw SocketFailure(call: "socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func withAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try withUnsafePointer(to: address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
