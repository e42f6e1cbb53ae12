import CSockets

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The raw `sockaddr`.
    let octets: [UInt8]

    init(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        self.octets = Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
    }

    /// Calls `body` with the raw `sockaddr`.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        return withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.copyBytes(from: octets)
            return bytes.withMemoryRebound(to: sockaddr.self) { pointer in
                guard let base = pointer.baseAddress else { preconditionFailure("sockaddr_storage is not empty") }
                return body(base, socklen_t(octets.count))
            }
        }
    }

    /// `AF_INET` or `AF_INET6`.
    public var family: Int32 { withSockaddr { pointer, _ in Int32(pointer.pointee.sa_family) } }

    /// The numeric host and port.
    private var parts: (host: String, port: String) {
        var host = [CChar](repeating: 0, count: 64)
        var port = [CChar](repeating: 0, count: 16)
        let code = withSockaddr { pointer, length in
            getnameinfo(
                pointer,
                length,
                &host,
                socklen_t(host.count),
                &port,
                socklen_t(port.count),
                NI_NUMERICHOST | NI_NUMERICSERV
            )
        }
        guard code == 0 else { return ("?", "0") }
        // An IPv4 peer of a socket that listens on both families.
        let text = Self.text(host)
        return (text.hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text, Self.text(port))
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The numeric host, without brackets.
    public var host: String { parts.host }

    /// The port.
    public var port: Int { Int(parts.port) ?? 0 }

    /// `203.0.113.7:443`, `[2001:db8::1]:443`.
    public var description: String {
        let (host, port) = parts
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// All addresses of a name, the families in the system's order; blocks.
    ///
    /// Numeric addresses are not looked up.
    ///
    /// - Throws: `TransportError` `unresolved` with the name and the system's reason.
    public static func resolve(host: String, port: Int, passive: Bool = false) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if os(Linux)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = passive ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            let reason = gai_strerror(code).map { String(cString: $0) } ?? "error \(code)"
            throw TransportError(.unresolved, "cannot resolve \(host): \(reason); check the name and the host's DNS")
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var item = list
        while let entry = item?.pointee {
            if let address = entry.ai_addr { addresses.append(SocketAddress(address, length: entry.ai_addrlen)) }
            item = entry.ai_next
        }
        return inFixedOrder(addresses)
    }

    /// The families as they came, the addresses of each in an order of their own.
    ///
    /// A name server turns its answer from look-up to look-up; lanes that spread over the addresses by number must
    /// agree on the numbers all the same.
    static func inFixedOrder(_ addresses: [SocketAddress]) -> [SocketAddress] {
        var families: [Int32] = []
        for address in addresses where !families.contains(address.family) { families.append(address.family) }
        return families.flatMap { family in
            addresses.filter { $0.family == family }.sorted { $0.octets.lexicographicallyPrecedes($1.octets) }
        }
    }

    /// The most addresses of one name that are tried.
    static let dialledAtMost = 16

    /// The order in which to try the addresses of a name: families in turns, the one that the system puts first first,
    /// and of each family the one of this number first, then those behind it (RFC 8305 section 4).
    ///
    /// The number counts in each family by itself: lanes that spread over a name's addresses do so whether or not a
    /// family works.
    static func inDialOrder(_ addresses: [SocketAddress], preferring number: Int) -> [SocketAddress] {
        var families: [[SocketAddress]] = []
        for address in addresses {
            if let index = families.firstIndex(where: { $0[0].family == address.family }) {
                // A hosts file may have the same line twice.
                if !families[index].contains(address) { families[index].append(address) }
            } else {
                families.append([address])
            }
        }
        let turned = families.map { family in
            let start = number % family.count
            return family[start...] + family[..<start]
        }
        let longest = turned.map(\.count).max() ?? 0
        let order = (0..<longest).flatMap { place in
            turned.compactMap { place < $0.count ? Array($0)[place] : nil }
        }
        return Array(order.prefix(dialledAtMost))
    }

    /// The local or remote address of a connected socket.
    static func of(_ descriptor: Int32, remote: Bool) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let code =
                    remote ? getpeername(descriptor, address, &length) : getsockname(descriptor, address, &length)
                return code == 0 ? SocketAddress(address, length: length) : nil
            }
        }
    }
}
