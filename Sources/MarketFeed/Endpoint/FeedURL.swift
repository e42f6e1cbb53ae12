/// A `ws://` or `wss://` URL, taken apart (RFC 6455 section 3, RFC 3986).
public struct FeedURL: Sendable, Equatable, CustomStringConvertible {
    /// The longest URL taken: 1,024 streams with long names stay below it.
    public static let maximumBytes = 64 * 1024

    /// Whether the scheme is `wss`.
    public let isSecure: Bool
    /// The host's name or address in lower case; an IPv6 address without its brackets.
    public let host: String
    /// The port, the scheme's default when the URL has none.
    public let port: Int
    /// The path as written, empty when there is none.
    public let path: String
    /// What comes after the question mark; `nil` when there is none.
    public let query: String?

    /// Takes a URL apart.
    ///
    /// - Throws: ``MarketFeedError`` that says which part is wrong.
    public init(_ text: String) throws(MarketFeedError) {
        let shown = Self.shown(text)
        guard text.utf8.count <= Self.maximumBytes else {
            throw MarketFeedError(.urlTooLong, "the feed URL \(shown) is over \(Self.maximumBytes) bytes")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw MarketFeedError(
                .urlSyntax,
                "the feed URL \(shown) has blanks, control or non-ASCII characters: write them as %XX"
            )
        }
        let (isSecure, rest) = try Self.scheme(Substring(text))
        guard !rest.utf8.contains(UInt8(ascii: "#")) else {
            throw MarketFeedError(.fragmentInURL, "the feed URL \(shown) has a fragment (#...): leave it out")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }
        self.isSecure = isSecure
        self.path = String(path)
        self.query = path.endIndex < target.endIndex ? String(target[path.endIndex...].dropFirst()) : nil
        (self.host, self.port) = try Self.authority(authority, defaultPort: isSecure ? 443 : 80)
    }

    /// The URL again, without the port where it is the default.
    public var description: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let shownPort = port == (isSecure ? 443 : 80) ? "" : ":\(port)"
        return (isSecure ? "wss://" : "ws://") + name + shownPort + path + (query.map { "?" + $0 } ?? "")
    }

    /// The URL for a message: short, and without what may be a password.
    private static func shown(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "@")) ? "given" : String(text.prefix(100)).debugDescription
    }

    private static func scheme(_ text: Substring) throws(MarketFeedError) -> (isSecure: Bool, rest: Substring) {
        let scheme = text.prefix { $0 != ":" && $0 != "/" }
        let rest = text[scheme.endIndex...]
        guard rest.hasPrefix("://") else {
            throw MarketFeedError(
                .unsupportedScheme,
                "the feed URL \(shown(String(text))) has no scheme: begin it with wss:// (or ws://)"
            )
        }
        switch scheme.lowercased() {
        case "wss": return (true, rest.dropFirst(3))
        case "ws": return (false, rest.dropFirst(3))
        default:
            throw MarketFeedError(.unsupportedScheme, "the feed URL's scheme \(scheme) is not ws or wss")
        }
    }

    private static func authority(
        _ text: Substring,
        defaultPort: Int
    ) throws(MarketFeedError) -> (host: String, port: Int) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            throw MarketFeedError(.credentialsInURL, "the feed URL has a user name or password: leave it out")
        }
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else {
                throw MarketFeedError(.invalidHost, "the feed URL's IPv6 address \(text) has no closing bracket")
            }
            host = text[..<close].dropFirst()
            rest = text[close...].dropFirst()
            guard IPv6Syntax.isValid(host) else {
                throw MarketFeedError(.invalidHost, "the feed URL's host [\(host)] is not an IPv6 address")
            }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
            try checkName(host)
        }
        return (host.lowercased(), try port(rest, default: defaultPort))
    }

    private static func checkName(_ host: Substring) throws(MarketFeedError) {
        guard !host.isEmpty else {
            throw MarketFeedError(.missingHost, "the feed URL has no host")
        }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, host.utf8.count <= 253, !Self.hasEmptyLabel(host) else {
            throw MarketFeedError(.invalidHost, "the feed URL's host \(host.prefix(100)) is not a name or address")
        }
    }

    private static func port(_ text: Substring, default defaultPort: Int) throws(MarketFeedError) -> Int {
        guard !text.isEmpty else { return defaultPort }
        let digits = text.dropFirst()
        guard text.hasPrefix(":"), !digits.isEmpty, digits.utf8.count <= 5,
            digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let port = Int(digits), (1...65535).contains(port)
        else {
            throw MarketFeedError(
                .invalidPort,
                "\(text.prefix(20)) after the feed URL's host is not a port: write : and a number from 1 to 65535"
            )
        }
        return port
    }

    /// Whether a name begins with a dot or has two in a row; one at its end is allowed.
    private static func hasEmptyLabel(_ host: Substring) -> Bool {
        host.split(separator: ".", omittingEmptySubsequences: false).dropLast().contains { $0.isEmpty }
    }
}
