import CSockets

/// The name that a server's certificate must have: a host name or an address.
enum ServerName: Equatable {
    /// A host name, without the dot at its end that DNS allows and certificates do not.
    case host(String)
    /// An address, 4 or 16 octets; certificates list them apart from names.
    case address([UInt8])

    /// The name in a URL or on a command line: an address may be in brackets and have a zone.
    ///
    /// - Throws: `TransportError` `untrusted` for what no certificate can be checked against: OpenSSL takes some of
    ///   that for "no name is asked for" and would accept any.
    init(_ text: String) throws {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let bare = isBracketed ? String(text.dropFirst().dropLast()) : text
        if let octets = Self.addressOctets(bare) {
            self = .address(octets)
        } else if !isBracketed, let host = Self.hostName(bare) {
            self = .host(host)
        } else {
            throw TransportError(
                .untrusted,
                "no certificate can be checked for the name '\(PeerText.shown(text))': it is neither a host name nor an address"
            )
        }
    }

    private static func addressOctets(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var sixteen = in6_addr()
        let withoutZone = text.prefix { $0 != "%" }
        guard inet_pton(AF_INET6, String(withoutZone), &sixteen) == 1 else { return nil }
        return withUnsafeBytes(of: &sixteen) { Array($0) }
    }

    /// The name without its last dot, if it is one (RFC 1123 section 2.1, with the underscore that DNS has beside it).
    private static func hostName(_ text: String) -> String? {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard (1...253).contains(name.utf8.count) else { return nil }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        func isAllowed(_ octet: UInt8) -> Bool {
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(isAllowed) }) else { return nil }
        // "127.1" and "0x7f.1" are addresses to the system's look-up, but names to nobody.
        guard let last = labels.last, !isNumber(last) else { return nil }
        return String(name)
    }

    /// Whether the look-up would take a label for a number, as in the parts of an IPv4 address.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let text = String(Substring(label)).lowercased()
        return text.hasPrefix("0x") ? text.dropFirst(2).allSatisfy(\.isHexDigit) : text.allSatisfy(\.isNumber)
    }
}
