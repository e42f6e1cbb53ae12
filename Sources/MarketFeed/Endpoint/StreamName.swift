/// The rules for names such as `btcusdt@bookTicker` or `!bookTicker`.
enum StreamName {
    /// Checks one name.
    ///
    /// The exchange acknowledges a name in the wrong case and then never sends anything, so that is caught here.
    static func check(_ name: String) throws(MarketFeedError) {
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/?&#%\"\\+".utf8.contains($0) }
        guard !name.isEmpty, isPlain else {
            throw MarketFeedError(
                .invalidStreamName,
                "\(name.debugDescription) is not a stream name: write one such as btcusdt@bookTicker"
            )
        }
        let symbol = name.prefix { $0 != "@" }
        let hasUpperCase = symbol.utf8.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
        guard !hasUpperCase || name.hasPrefix("!") else {
            let suggestion = symbol.lowercased() + name.dropFirst(symbol.count)
            throw MarketFeedError(
                .invalidStreamName,
                "stream \(name) has its symbol in capitals, for which the exchange sends nothing: write \(suggestion)"
            )
        }
    }

    /// The name as it stands in a URL: UTF-8 beyond ASCII as `%XX` (symbols may be Chinese since 2025-12).
    static func percentEncoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = name.utf8.flatMap { byte in
            byte < 0x80 ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
