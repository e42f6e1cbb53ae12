import WebSocketCodec

/// What the exchange says, in words for a log and a person.
enum FeedText {
    /// A refused upgrade, with what to do about it where that is known.
    static func refusal(_ refusal: UpgradeRefusal, by endpoint: String) -> String {
        let body = refusal.body.withUnsafeBytes { shown(UnsafeRawBufferPointer(rebasing: $0.prefix(200))) }
        let answer = ["HTTP \(refusal.status)", refusal.reason, body].filter { !$0.isEmpty }.joined(separator: " ")
        return "\(endpoint) refused the upgrade: \(answer)" + hint(refusal.status)
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 404:
            ": is the path of the feed's URL right? (/ws/STREAM or /stream?streams=STREAM, on USD-M below /public)"
        case 429: ": too many connections or messages from this host's address"
        case 418: ": this host's address is banned for a time, for going on after a 429"
        case 403: ": this host's address, or its country, is not let in"
        case 451: ": the exchange does not serve this host's country"
        case 500...: ": a fault at the exchange"
        default: ""
        }
    }

    /// Octets from the network as one line of text.
    static func shown(_ octets: UnsafeRawBufferPointer) -> String {
        String(decoding: octets.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }

    /// A time for a message: whole seconds where it has some.
    static func seconds(_ ns: Int64) -> String {
        ns >= 1_000_000_000 ? "\(ns / 1_000_000_000) s" : "\(ns / 1_000_000) ms"
    }
}
