/// What a stranger says, made fit for a log and a terminal.
enum PeerText {
    /// Printable ASCII, at most `limit` octets; all else becomes a question mark.
    static func shown(_ text: some StringProtocol, limit: Int = 200) -> String {
        shown(Array(text.utf8), limit: limit)
    }

    /// The same for octets.
    static func shown(_ octets: some Collection<UInt8>, limit: Int = 200) -> String {
        let shown = octets.prefix(limit).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: shown, as: UTF8.self) + (octets.count > limit ? "…" : "")
    }
}
