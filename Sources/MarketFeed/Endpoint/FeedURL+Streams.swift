/// The streams that a URL may name itself: `/ws/<name>/<name>`, or `/stream?streams=<name>/<name>`.
extension FeedURL {
    /// The streams named, in their order, as they are written in requests; empty when there are none.
    public var namedStreams: [String] {
        let segments = path.split(separator: "/")
        if let raw = segments.firstIndex(of: "ws") { return segments[(raw + 1)...].map(Self.decoded) }
        guard segments.last == "stream" else { return [] }
        let list = parameters.last { Self.name(of: $0) == "streams" }?.split(separator: "=", maxSplits: 1)
        guard let list, list.count == 2 else { return [] }
        return Self.decoded(list[1]).split(separator: "/").map(String.init)
    }

    /// The URL that names no stream: `wss://host/ws`, `wss://host/stream`; other parameters stay.
    public var withoutStreams: String {
        let segments = path.split(separator: "/")
        let kept = segments.firstIndex(of: "ws").map { segments[...$0] } ?? segments[...]
        let query = parameters.filter { Self.name(of: $0) != "streams" }.joined(separator: "&")
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return (isSecure ? "wss://" : "ws://") + "\(name):\(port)" + kept.map { "/" + $0 }.joined()
            + (query.isEmpty ? "" : "?" + query)
    }

    private var parameters: [Substring] { (query ?? "").split(separator: "&") }

    private static func name(of parameter: Substring) -> String { parameter.prefix { $0 != "=" }.lowercased() }

    /// The text with each `%XX` as its octet; what is no such escape stays as it is.
    private static func decoded(_ text: Substring) -> String {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            let digits = rest.prefix(2)
            if octet == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                octets.append(value)
                rest = rest.dropFirst(2)
            } else {
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
