/// Turns the bytes of one connection into frames and whole messages, in place and without I/O (RFC 6455 section 5).
///
/// The caller owns the receive buffer and calls ``next(_:)`` with its unconsumed bytes until it gives `nil`:
///
///     while let frame = try decoder.next(unread) {
///         handle(frame)
///         unread = UnsafeMutableRawBufferPointer(rebasing: unread[frame.consumedBytes...])
///     }
///
/// A whole frame must fit in that buffer: ``bytesNeeded`` says how large it must be. Consumed bytes must not be given
/// again, since masked payloads are unmasked where they lie. Not copyable: it owns the storage of a fragmented message.
public struct FrameDecoder: ~Copyable {
    /// The largest payload of a control frame (RFC 6455 section 5.5).
    public static let maximumControlBytes = 125
    /// The largest header: two bytes, eight of length, four of mask.
    public static let maximumHeaderBytes = 14

    /// How many bytes the buffer must hold before ``next(_:)`` can give more than `nil`; meaningful after it gave
    /// `nil`.
    public private(set) var bytesNeeded = 2
    /// Whether a close frame arrived: everything after it is ignored.
    public private(set) var isClosed = false

    private let expectsMask: Bool
    private let validatesUTF8: Bool
    private let maximumMessageBytes: Int
    /// Whether the next frame may take the short way: unmasked, no message in pieces, no checks of text, no failure.
    private var isPlain: Bool
    private var failure: WebSocketError?
    private var assembly: MessageAssembly

    /// Makes a decoder for one connection.
    ///
    /// - Parameters:
    ///   - role: this end of the connection.
    ///   - maximumMessageBytes: the largest message, whole or in pieces; a longer one is an error before it is read.
    ///   - validatesUTF8: whether text messages are checked to be UTF-8. Off by default: whoever parses the text does
    ///     that.
    public init(role: Role, maximumMessageBytes: Int = 1 << 20, validatesUTF8: Bool = false) {
        precondition(maximumMessageBytes > 0, "a decoder needs room for a message")
        self.expectsMask = role == .server
        self.validatesUTF8 = validatesUTF8
        self.maximumMessageBytes = maximumMessageBytes
        self.isPlain = role == .client && !validatesUTF8
        self.assembly = MessageAssembly(limit: maximumMessageBytes)
    }

    /// Decodes the frame at the start of the buffer; `nil` when more bytes are needed, or after a close.
    ///
    /// - Throws: what the peer did wrong, with the close code to send. The connection is of no use then, and every
    ///   later call throws the same.
    public mutating func next(_ buffer: UnsafeMutableRawBufferPointer) throws(WebSocketError) -> DecodedFrame? {
        // What a feed sends nearly always: one final, unmasked text frame below 64 KiB that is here in full.
        if isPlain, buffer.count >= 4, let base = buffer.baseAddress {
            let start = UInt32(bigEndian: base.loadUnaligned(as: UInt32.self))
            let shortLength = Int(start >> 16 & 0xFF)
            let isLong = shortLength == 126
            let header = isLong ? 4 : 2
            let length = isLong ? Int(start & 0xFFFF) : shortLength
            if start >> 24 == 0x81, shortLength <= 126, !isLong || length > 125, length <= maximumMessageBytes,
                buffer.count &- header >= length
            {
                let payload = UnsafeRawBufferPointer(start: base + header, count: length)
                return DecodedFrame(.text, consumedBytes: header &+ length, payload: payload)
            }
        }
        return try decodeAny(buffer)
    }

    /// The long way: every frame type, every check.
    @inline(never)
    private mutating func decodeAny(
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(WebSocketError) -> DecodedFrame? {
        if let failure { throw failure }
        guard !isClosed else { return nil }
        do throws(WebSocketError) {
            guard let header = try FrameHeader(buffer, expectsMask: expectsMask) else {
                bytesNeeded = FrameHeader.bytesNeeded(buffer)
                return nil
            }
            try check(header)
            let total = header.headerBytes + header.payloadBytes
            guard buffer.count >= total else {
                bytesNeeded = total
                return nil
            }
            let payload = UnsafeMutableRawBufferPointer(rebasing: buffer[header.headerBytes..<total])
            if let maskKey = header.maskKey {
                Masking.apply(maskKey, to: payload)
            }
            bytesNeeded = 2
            return try deliver(header, UnsafeRawBufferPointer(payload), consumedBytes: total)
        } catch {
            failure = error
            isPlain = false
            throw error
        }
    }

    /// The rules that depend on what came before, checked as soon as the header is here.
    private func check(_ header: FrameHeader) throws(WebSocketError) {
        guard !header.opcode.isControl else { return }
        if header.opcode == .continuation, !assembly.isActive {
            throw .violation(.unexpectedContinuation, "a continuation frame came without a message to continue")
        }
        if header.opcode != .continuation, assembly.isActive {
            throw .violation(.continuationExpected, "a new message began before the fragmented one was complete")
        }
        guard header.payloadBytes <= maximumMessageBytes - assembly.byteCount else {
            throw WebSocketError(
                .messageTooLong,
                "a message of \(header.payloadBytes) bytes after \(assembly.byteCount) is over the limit of "
                    + "\(maximumMessageBytes)",
                closeCode: CloseCode.messageTooBig
            )
        }
    }

    private mutating func deliver(
        _ header: FrameHeader,
        _ payload: UnsafeRawBufferPointer,
        consumedBytes: Int
    ) throws(WebSocketError) -> DecodedFrame {
        switch header.opcode {
        case .ping: return DecodedFrame(.ping, consumedBytes: consumedBytes, payload: payload)
        case .pong: return DecodedFrame(.pong, consumedBytes: consumedBytes, payload: payload)
        case .close:
            isClosed = true
            isPlain = false
            let (code, reason) = try ClosePayload.decode(payload)
            return DecodedFrame(.close, consumedBytes: consumedBytes, payload: reason, closeCode: code)
        case .text, .binary, .continuation:
            if header.isFinal, !assembly.isActive {
                return try message(header.opcode, payload, consumedBytes)
            }
            assembly.append(payload, opcode: header.opcode)
            isPlain = header.isFinal && !expectsMask && !validatesUTF8
            guard header.isFinal else {
                return DecodedFrame(.fragment, consumedBytes: consumedBytes, payload: .init(start: nil, count: 0))
            }
            return try message(assembly.opcode, assembly.finish(), consumedBytes)
        }
    }

    private func message(
        _ opcode: Opcode,
        _ payload: UnsafeRawBufferPointer,
        _ consumedBytes: Int
    ) throws(WebSocketError) -> DecodedFrame {
        guard opcode == .text else { return DecodedFrame(.binary, consumedBytes: consumedBytes, payload: payload) }
        guard !validatesUTF8 || UTF8Validation.isValid(payload) else {
            throw WebSocketError(
                .invalidUTF8,
                "a text message of \(payload.count) bytes is not UTF-8",
                closeCode: CloseCode.invalidPayload
            )
        }
        return DecodedFrame(.text, consumedBytes: consumedBytes, payload: payload)
    }
}
