/// The payload of a close frame: nothing, or a code and a reason (RFC 6455 section 5.5.1).
enum ClosePayload {
    /// Takes the payload apart and checks it.
    static func decode(
        _ payload: UnsafeRawBufferPointer
    ) throws(WebSocketError) -> (code: UInt16, reason: UnsafeRawBufferPointer) {
        guard !payload.isEmpty else { return (CloseCode.noStatus, payload) }
        guard payload.count >= 2 else {
            throw .violation(.invalidClosePayload, "a close frame has one byte where a code takes two")
        }
        let code = UInt16(bigEndian: payload.loadUnaligned(as: UInt16.self))
        guard CloseCode.isValidOnWire(code) else {
            throw .violation(.invalidCloseCode, "close code \(code) must not be sent")
        }
        let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
        guard UTF8Validation.isValid(reason) else {
            throw WebSocketError(
                .invalidUTF8,
                "the reason of a close frame with code \(code) is not UTF-8",
                closeCode: CloseCode.invalidPayload
            )
        }
        return (code, reason)
    }

    /// A payload that fits a control frame: an over-long reason is cut between characters.
    static func encode(code: UInt16, reason: String) -> [UInt8] {
        var payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
        for character in reason.unicodeScalars {
            let bytes = UTF8.encode(character).map(Array.init) ?? []
            guard payload.count + bytes.count <= FrameDecoder.maximumControlBytes else { break }
            payload.append(contentsOf: bytes)
        }
        return payload
    }
}
