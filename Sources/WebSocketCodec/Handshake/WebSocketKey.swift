/// The key of an opening handshake and the value that proves it was read (RFC 6455 sections 1.3 and 4.1).
enum WebSocketKey {
    static let byteCount = 16

    /// The value of `Sec-WebSocket-Accept` for a key as written in `Sec-WebSocket-Key`.
    static func accept(for key: String) -> String {
        Base64.encode(SHA1.digest(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// Whether this is the text of 16 bytes.
    static func isValid(_ key: String) -> Bool {
        Base64.decode(key)?.count == byteCount
    }
}
