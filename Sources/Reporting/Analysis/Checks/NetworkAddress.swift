#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 or IPv6 address, as it is looked up in ranges.
struct NetworkAddress: Hashable, Sendable {
    /// Four octets, or sixteen.
    let octets: [UInt8]

    /// An address alone, or with a port: `192.0.2.1:443`, `[2001:db8::1]:443`; nil for anything else, such as a name.
    init?(_ text: String) {
        if let octets = Self.parse(text) {
            self.octets = octets
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let octets = Self.parse(String(host)) else { return nil }
        self.octets = octets
    }

    private static func parse(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: count)
            guard inet_pton(family, text, &octets) == 1 else { continue }
            // An IPv4 address in IPv6's clothes, as sockets of both families show it.
            let isMapped = count == 16 && octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 255 && octets[11] == 255
            return isMapped ? Array(octets[12...]) : octets
        }
        return nil
    }

    /// Whether the first `bits` of both are the same.
    func shares(_ bits: Int, with other: NetworkAddress) -> Bool {
        guard octets.count == other.octets.count, (0...octets.count * 8).contains(bits) else { return false }
        let whole = bits / 8
        guard octets[..<whole] == other.octets[..<whole] else { return false }
        guard bits % 8 > 0 else { return true }
        return (octets[whole] ^ other.octets[whole]) >> UInt8(8 - bits % 8) == 0
    }

    /// Whether no router of the internet knows it: RFC 1918, RFC 6598 (shared), RFC 4193 (unique local), loopback, link
    /// local.
    var isPrivate: Bool {
        let ranges = [
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10", "::1/128",
        ]
        return ranges.contains { AddressPrefix($0)?.contains(self) ?? false }
    }
}

/// A range of addresses such as `10.0.0.0/16`.
struct AddressPrefix: Hashable, Sendable {
    let address: NetworkAddress
    let bits: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard
            parts.count == 2, let address = NetworkAddress(String(parts[0])), let bits = Int(parts[1]),
            (0...address.octets.count * 8).contains(bits)
        else { return nil }
        self.address = address
        self.bits = bits
    }

    func contains(_ other: NetworkAddress) -> Bool { address.shares(bits, with: other) }
}
