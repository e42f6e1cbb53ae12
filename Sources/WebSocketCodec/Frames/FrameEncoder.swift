/// Writes frames to the end of the caller's bytes: masked with fresh keys for a client, plain for a server.
///
/// Keys must not be predictable (RFC 6455 section 5.3), so the generator is the system's unless a test passes its own.
public struct FrameEncoder<Generator: RandomNumberGenerator> {
    private let isMasking: Bool
    private var generator: Generator

    /// Makes an encoder that draws its mask keys from a generator.
    public init(role: Role, maskKeys generator: Generator) {
        self.isMasking = role == .client
        self.generator = generator
    }

    /// Appends one frame.
    ///
    /// - Parameters:
    ///   - opcode: its type; the later frames of a fragmented message are `.continuation`.
    ///   - payload: its payload; at most 125 bytes in control frames.
    ///   - isFinal: `false` for all frames but the last of a fragmented message.
    ///   - output: where the frame is appended.
    public mutating func append(
        _ opcode: Opcode,
        _ payload: UnsafeRawBufferPointer,
        isFinal: Bool = true,
        to output: inout [UInt8]
    ) {
        precondition(
            !opcode.isControl || (isFinal && payload.count <= FrameDecoder.maximumControlBytes),
            "control frames are short and whole"
        )
        appendHeader(opcode, payloadBytes: payload.count, isFinal: isFinal, to: &output)
        guard isMasking else {
            output.append(contentsOf: payload)
            return
        }
        let key = generator.next() as UInt32
        withUnsafeBytes(of: key) { output.append(contentsOf: $0) }
        let start = output.count
        output.append(contentsOf: payload)
        output.withUnsafeMutableBytes { Masking.apply(key, to: .init(rebasing: $0[start...])) }
    }

    /// Appends one frame with a payload from an array.
    public mutating func append(
        _ opcode: Opcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        to output: inout [UInt8]
    ) {
        payload.withUnsafeBytes { append(opcode, $0, isFinal: isFinal, to: &output) }
    }

    /// Appends a close frame; a reason that does not fit is cut between characters.
    ///
    /// - Parameters:
    ///   - code: a code allowed on the wire, or `nil` for an empty close frame.
    ///   - reason: for people; dropped when there is no code.
    ///   - output: where the frame is appended.
    public mutating func appendClose(_ code: UInt16?, reason: String = "", to output: inout [UInt8]) {
        append(.close, code.map { ClosePayload.encode(code: $0, reason: reason) } ?? [], to: &output)
    }

    private func appendHeader(_ opcode: Opcode, payloadBytes: Int, isFinal: Bool, to output: inout [UInt8]) {
        let maskBit: UInt8 = isMasking ? 0x80 : 0
        output.append(opcode.rawValue | (isFinal ? 0x80 : 0))
        switch payloadBytes {
        case ...125:
            output.append(maskBit | UInt8(payloadBytes))
        case ...Int(UInt16.max):
            output.append(maskBit | 126)
            withUnsafeBytes(of: UInt16(payloadBytes).bigEndian) { output.append(contentsOf: $0) }
        default:
            output.append(maskBit | 127)
            withUnsafeBytes(of: UInt64(payloadBytes).bigEndian) { output.append(contentsOf: $0) }
        }
    }
}

extension FrameEncoder: Sendable where Generator: Sendable {}

extension FrameEncoder where Generator == SystemRandomNumberGenerator {
    /// Makes an encoder whose mask keys come from the system.
    public init(role: Role) {
        self.init(role: role, maskKeys: SystemRandomNumberGenerator())
    }
}
