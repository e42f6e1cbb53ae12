/// The XOR masking of RFC 6455 section 5.3.
enum Masking {
    /// Masks or unmasks in place, eight bytes a step.
    ///
    /// - Parameter key: the four key bytes as they lie on the wire, loaded as a native integer.
    static func apply(_ key: UInt32, to bytes: UnsafeMutableRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let wide = UInt64(key) | UInt64(key) << 32
        var offset = 0
        while bytes.count &- offset >= 8 {
            let word = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            base.storeBytes(of: word ^ wide, toByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        // Offset is a multiple of eight here, so the key starts again at its first byte in memory order.
        withUnsafeBytes(of: key) { keyBytes in
            while offset < bytes.count {
                bytes[offset] ^= keyBytes[offset & 3]
                offset &+= 1
            }
        }
    }
}
