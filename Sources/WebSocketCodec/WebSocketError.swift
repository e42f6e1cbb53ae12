/// What went wrong on a WebSocket connection, and the close code that tells the peer so.
public struct WebSocketError: Error, CustomStringConvertible, Equatable {
    /// The kinds of failure; branch on these, never on the text.
    public enum Code: String, Sendable, CaseIterable {
        case reservedBits, unknownOpcode, maskedFrame, unmaskedFrame
        case controlFrameTooLong, controlFrameFragmented
        case unexpectedContinuation, continuationExpected
        case nonMinimalLength, invalidLength, messageTooLong
        case invalidUTF8, invalidClosePayload, invalidCloseCode
        case headTooLong, malformedHead, handshakeRejected
        case invalidRequest
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, in words for a log.
    public let message: String
    /// The status to put into the close frame (RFC 6455 section 7.4.1); 0 when no frame may be sent, as before the
    /// upgrade.
    public let closeCode: UInt16

    /// Describes one failure.
    public init(_ code: Code, _ message: String, closeCode: UInt16 = 0) {
        self.code = code
        self.message = message
        self.closeCode = closeCode
    }

    /// The code and the message.
    public var description: String {
        "WebSocket \(code.rawValue): \(message)"
    }
}
