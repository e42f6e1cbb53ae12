/// One thing that arrived, and how many bytes of the receive buffer it took.
public struct DecodedFrame {
    /// What arrived.
    public enum Kind: UInt8, Sendable {
        /// A whole text message, put together when it was fragmented.
        case text
        /// A whole binary message, put together when it was fragmented.
        case binary
        /// A ping: answer it with a pong of the same payload.
        case ping
        /// A pong.
        case pong
        /// The peer's close; nothing after it is looked at.
        case close
        /// A piece of a message that is not complete: it was kept, there is nothing to do but to skip its bytes.
        case fragment
    }

    /// What arrived.
    public let kind: Kind
    /// The code of a close frame, ``CloseCode/noStatus`` when it had none; 0 for every other kind.
    public let closeCode: UInt16
    /// How many bytes of the buffer are used up.
    public let consumedBytes: Int
    /// The unmasked payload (of a close frame: the reason, valid UTF-8).
    ///
    /// It lies in the buffer given or in the decoder's own storage and is valid until the decoder's next call,
    /// or until the buffer's bytes are moved.
    public let payload: UnsafeRawBufferPointer

    @inline(__always)
    init(_ kind: Kind, consumedBytes: Int, payload: UnsafeRawBufferPointer, closeCode: UInt16 = 0) {
        self.kind = kind
        self.closeCode = closeCode
        self.consumedBytes = consumedBytes
        self.payload = payload
    }
}
