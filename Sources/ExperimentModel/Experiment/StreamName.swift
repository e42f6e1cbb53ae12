/// What the name of an exchange's stream must look like: `<symbol>@<kind>` with the symbol in small letters, or `!<kind>`.
///
/// Binance web-socket streams: "All symbols for streams are lowercase"; a name that it does not know is acknowledged and silent.
enum StreamName {
    /// The names that `problem` takes of a real exchange, as a regular expression for JSON Schema.
    ///
    /// Printable ASCII without quote and slash, cut at each `@` into parts that are not empty.
    static let pattern =
        "^(!([!#-.0-?A-~]*(@[!#-.0-?A-~]+)+|[!#-.0-?A-~]+)"
        + "|[#-.0-?\\[-~][!#-.0-?\\[-~]*(@[!#-.0-?A-~]+)+)$"
    /// The kinds that a lab's exchange has events for.
    private static let labKinds = ["bookTicker", "trade"]
    /// What the kinds of Binance's streams begin with, spot, USD-M and COIN-M.
    private static let kinds = [
        "aggTrade", "assetIndex", "avgPrice", "bookTicker", "compositeIndex", "continuousKline_", "contractInfo",
        "depth",
        "forceOrder", "indexPrice", "kline_", "markPrice", "miniTicker", "referencePrice", "rpiDepth", "ticker",
        "trade",
    ]

    /// Why no such stream can be taken; nil when it can.
    static func problem(_ name: String, isLab: Bool) -> String? {
        let example = "one looks like btcusdt@bookTicker"
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x2f }
        let isWhole = !parts.contains { $0.isEmpty }
        guard isPlain, isWhole, name.hasPrefix("!") ? name.count > 1 : parts.count > 1 else {
            return "'\(name.prefix(60))' is no stream name; \(example)"
        }
        let symbol = parts[0]
        if !name.hasPrefix("!"), symbol.contains(where: \.isUppercase) {
            let small = ([symbol.lowercased()] + parts.dropFirst().map(String.init)).joined(separator: "@")
            return "'\(name)' has its symbol in capitals, which the exchange does not know in streams; use \(small)"
        }
        guard isLab else { return nil }
        let isSymbol = symbol.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f
        }
        guard parts.count == 2, isSymbol, labKinds.contains(String(parts[1])) else {
            let known = labKinds.map { "<symbol>@\($0)" }.joined(separator: " and ")
            return "the simulated exchange has no events for '\(name.prefix(60))', only for \(known)"
        }
        return nil
    }

    /// Whether the exchange is known to have streams of this kind.
    static func isKnownKind(_ name: String) -> Bool {
        let kind = name.hasPrefix("!") ? name.dropFirst() : name.drop { $0 != "@" }.dropFirst()
        return kinds.contains { kind.hasPrefix($0) }
    }
}
