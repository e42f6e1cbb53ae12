import COpenSSL

/// A key for the short codes of many messages: HMAC-SHA-256 (RFC 2104), cut to 16 octets, without allocation.
public final class MessageKey {
    /// The octets of a code; half of HMAC-SHA-256's, which RFC 2104 section 5 allows.
    public static let codeSize = 16

    private var key = latexp_message_key()
    private let code = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 16)

    /// Prepares a key of 32 octets.
    public init(_ octets: [UInt8]) {
        precondition(octets.count == 32, "a key of \(octets.count) octets")
        latexp_message_key(&key, octets)
    }

    deinit { code.deallocate() }

    /// Writes the code of a message made of two pieces to `place`, which has 16 octets.
    @inline(__always)
    public func writeCode(
        of head: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer,
        to place: UnsafeMutableRawPointer
    ) {
        compute(head, body)
        guard let base = code.baseAddress else { return }
        place.copyMemory(from: base, byteCount: Self.codeSize)
    }

    /// Whether the 16 octets at `place` are the message's code; takes the same time wherever they differ.
    @inline(__always)
    public func isCode(_ place: UnsafeRawPointer, of head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer)
        -> Bool
    {
        compute(head, body)
        return CRYPTO_memcmp(place, code.baseAddress, Self.codeSize) == 0
    }

    @inline(__always)
    private func compute(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) {
        latexp_message_code(&key, head.baseAddress, head.count, body.baseAddress, body.count, code.baseAddress)
    }
}
