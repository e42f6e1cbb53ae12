/// The text form of IPv6 addresses (RFC 4291 section 2.2), without zones.
enum IPv6Syntax {
    /// Whether this is an address, given without brackets.
    static func isValid(_ text: Substring) -> Bool {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        // A pair of colons at an end leaves two empty parts; a single colon there is wrong.
        if parts.first?.isEmpty == true {
            guard parts.count >= 3, parts[1].isEmpty else { return false }
            parts.removeFirst()
        }
        if parts.last?.isEmpty == true {
            guard parts.count >= 2, parts[parts.count - 2].isEmpty else { return false }
            parts.removeLast()
        }
        let gaps = parts.count { $0.isEmpty }
        guard gaps <= 1 else { return false }
        var groups = 0
        for (index, part) in parts.enumerated() where !part.isEmpty {
            if index == parts.count - 1, isIPv4(part) {
                groups += 2
            } else {
                guard part.utf8.count <= 4, part.utf8.allSatisfy(isHexadecimal) else { return false }
                groups += 1
            }
        }
        return gaps == 1 ? groups <= 7 : groups == 8
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } && UInt8(part) != nil
            }
    }
}
