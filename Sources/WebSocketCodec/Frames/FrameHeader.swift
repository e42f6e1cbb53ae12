/// The header of one frame (RFC 6455 section 5.2), with the checks that need nothing else.
struct FrameHeader {
    let isFinal: Bool
    let opcode: Opcode
    let payloadBytes: Int
    let headerBytes: Int
    /// The key as it lies on the wire, loaded as a native integer.
    let maskKey: UInt32?

    /// Reads the header at the start of the bytes; `nil` when it is not complete.
    init?(_ bytes: UnsafeMutableRawBufferPointer, expectsMask: Bool) throws(WebSocketError) {
        guard bytes.count >= 2 else { return nil }
        let isMasked = bytes[1] & 0x80 != 0
        let shortLength = bytes[1] & 0x7F
        isFinal = bytes[0] & 0x80 != 0
        opcode = try Self.opcode(bytes[0])
        if isMasked, !expectsMask {
            throw .violation(.maskedFrame, "the server sent a masked frame")
        }
        if !isMasked, expectsMask {
            throw .violation(.unmaskedFrame, "the client sent a frame that is not masked")
        }
        if opcode.isControl {
            try Self.checkControl(opcode, isFinal: isFinal, shortLength: shortLength)
        }
        headerBytes = Self.size(shortLength, isMasked: isMasked)
        guard bytes.count >= headerBytes else { return nil }
        payloadBytes = try Self.length(shortLength, bytes)
        maskKey = isMasked ? bytes.loadUnaligned(fromByteOffset: headerBytes - 4, as: UInt32.self) : nil
    }

    /// How many bytes make the header whole, as far as the bytes tell.
    static func bytesNeeded(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        bytes.count < 2 ? 2 : size(bytes[1] & 0x7F, isMasked: bytes[1] & 0x80 != 0)
    }

    private static func size(_ shortLength: UInt8, isMasked: Bool) -> Int {
        let extended = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0
        return 2 + extended + (isMasked ? 4 : 0)
    }

    private static func opcode(_ first: UInt8) throws(WebSocketError) -> Opcode {
        guard first & 0x70 == 0 else {
            throw .violation(.reservedBits, "a frame has reserved bits set, though no extension was agreed")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw .violation(.unknownOpcode, "opcode \(first & 0x0F) is not known")
        }
        return opcode
    }

    private static func checkControl(
        _ opcode: Opcode,
        isFinal: Bool,
        shortLength: UInt8
    ) throws(WebSocketError) {
        guard isFinal else {
            throw .violation(.controlFrameFragmented, "a \(opcode) frame is fragmented")
        }
        guard shortLength <= FrameDecoder.maximumControlBytes else {
            throw .violation(
                .controlFrameTooLong,
                "a \(opcode) frame has more than \(FrameDecoder.maximumControlBytes) bytes"
            )
        }
    }

    private static func length(
        _ shortLength: UInt8,
        _ bytes: UnsafeMutableRawBufferPointer
    ) throws(WebSocketError) -> Int {
        switch shortLength {
        case 126:
            let length = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
            guard length > 125 else {
                throw .violation(.nonMinimalLength, "length \(length) is written in 16 bits")
            }
            return Int(length)
        case 127:
            let length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard length > UInt16.max else {
                throw .violation(.nonMinimalLength, "length \(length) is written in 64 bits")
            }
            // Half the range, so that adding a header cannot overflow; the limit of messages is far below.
            guard length <= UInt64(Int.max / 2) else {
                throw .violation(.invalidLength, "a frame length of \(length) is not possible")
            }
            return Int(length)
        default:
            return Int(shortLength)
        }
    }
}

extension WebSocketError {
    /// A protocol error, to be answered with close code 1002.
    static func violation(_ code: Code, _ message: String) -> WebSocketError {
        WebSocketError(code, message, closeCode: CloseCode.protocolError)
    }
}
