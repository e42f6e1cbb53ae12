import Foundation

/// One line of a known_hosts file.
struct KnownHostsEntry: Sendable {
    enum Marker: String {
        case revoked = "@revoked"
        case certificateAuthority = "@cert-authority"
    }

    let marker: Marker?
    let key: PublicKey
    let file: String
    let number: Int
    private let patterns: Patterns

    private enum Patterns: Sendable {
        case plain([(pattern: String, isNegated: Bool)])
        case hashed(salt: [UInt8], hash: [UInt8])
    }

    /// Reads a line; nil for a comment, an empty line, and what is no entry for a key of SSH 2.
    init?(line: String, file: String, number: Int) {
        var fields = line.split(whereSeparator: \.isWhitespace)
        guard let first = fields.first, !first.hasPrefix("#") else { return nil }
        if first.hasPrefix("@") {
            guard let marker = Marker(rawValue: String(first)) else { return nil }
            self.marker = marker
            fields.removeFirst()
        } else {
            self.marker = nil
        }
        guard fields.count >= 3, let key = PublicKey(base64: fields[2]), key.type == fields[1] else { return nil }
        guard let patterns = Self.parsePatterns(fields[0]) else { return nil }
        self.patterns = patterns
        self.key = key
        self.file = file
        self.number = number
    }

    private static func parsePatterns(_ field: Substring) -> Patterns? {
        guard field.hasPrefix("|") else {
            return .plain(
                field.split(separator: ",").map { item in
                    let isNegated = item.hasPrefix("!")
                    return (item.dropFirst(isNegated ? 1 : 0).lowercased(), isNegated)
                }
            )
        }
        let parts = field.split(separator: "|")
        guard parts.count == 3, parts[0] == "1" else { return nil }
        guard let salt = Data(base64Encoded: String(parts[1])), let hash = Data(base64Encoded: String(parts[2])) else {
            return nil
        }
        return .hashed(salt: [UInt8](salt), hash: [UInt8](hash))
    }

    /// Whether the line is about this name, given in lower case; a negated pattern that matches takes the line out.
    func matches(_ name: String) -> Bool {
        switch patterns {
        case .hashed(let salt, let hash):
            return HMACSHA1.authenticate(Array(name.utf8), key: salt) == hash
        case .plain(let patterns):
            let matching = patterns.filter { Self.matches(Array(name.utf8)[...], Array($0.pattern.utf8)[...]) }
            return !matching.isEmpty && !matching.contains(where: \.isNegated)
        }
    }

    /// Matches `*` and `?`; iterative, since the pattern comes from a file.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while let character = name.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (name, pattern)
            } else if let expected = pattern.first, expected == UInt8(ascii: "?") || expected == character {
                name = name.dropFirst()
                pattern = pattern.dropFirst()
            } else if let last = retry {
                name = last.name.dropFirst()
                pattern = last.pattern
                retry = (name, pattern)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
