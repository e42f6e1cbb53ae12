import WireTransport

extension MessageFraming {
    /// Frames of WebSocket as a server sends them (RFC 6455 section 5.2).
    ///
    /// Four octets tell the length of nearly every frame; one without any payload has only two, so that two octets of
    /// the next frame may be read with it, which does no harm.
    static let webSocket = MessageFraming { unread in
        guard unread.count >= 2 else { return 4 }
        let short = Int(unread[1] & 0x7F)
        // The checks of masks and the rest are the decoder's, which sees the frame all the same.
        if short < 126 { return 2 + short }
        if short == 126 {
            guard unread.count >= 4 else { return 4 }
            return 4 + Int(unread[2]) << 8 + Int(unread[3])
        }
        guard unread.count >= 10 else { return 10 }
        let length = UInt64(bigEndian: unread.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
        return length <= 1 << 30 ? 10 + Int(length) : unread.count
    }
}
