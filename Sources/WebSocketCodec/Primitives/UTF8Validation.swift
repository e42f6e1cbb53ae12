/// Strict UTF-8 checking (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
enum UTF8Validation {
    /// Whether all bytes form valid, complete UTF-8.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < bytes.count {
            if bytes.count &- offset >= 8 {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    offset &+= 8
                    continue
                }
            }
            guard bytes[offset] >= 0x80 else {
                offset &+= 1
                continue
            }
            let length = sequenceLength(bytes, at: offset)
            guard length > 0 else { return false }
            offset &+= length
        }
        return true
    }

    /// The length of the multi-byte sequence at `offset`, or 0 when it is not valid (Unicode table 3-7).
    private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let length: Int
        let second: ClosedRange<UInt8>
        switch bytes[offset] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard bytes.count &- offset >= length, second.contains(bytes[offset &+ 1]) else { return 0 }
        for index in 2..<max(2, length) where bytes[offset &+ index] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}
