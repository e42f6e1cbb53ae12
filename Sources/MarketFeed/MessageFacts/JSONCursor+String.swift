extension JSONCursor {
    /// Moves over the rest of a string, from after its opening quote to after its closing one.
    @inline(__always)
    mutating func skipString() -> Bool {
        while end &- position >= 8 {
            let special = Self.specialBytes(word(position))
            guard special != 0 else {
                position &+= 8
                continue
            }
            position &+= special.trailingZeroBitCount >> 3
            if byte(position) == UInt8(ascii: "\"") {
                position &+= 1
                return true
            }
            guard skipSpecial() else { return false }
        }
        return skipStringNearEnd()
    }

    /// The top bit of the first byte that is a quote, a backslash, a control character or not ASCII.
    ///
    /// Bits above the lowest one set may be wrong, as the subtractions borrow from byte to byte.
    @inline(__always)
    static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ ones &* 0x22
        let backslash = word ^ ones &* 0x5C
        let zeroOrLess =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
        return (zeroOrLess | word) & (ones &* 0x80)
    }

    /// The same where fewer than eight bytes are left.
    @inline(never)
    private mutating func skipStringNearEnd() -> Bool {
        while position < end {
            switch byte(position) {
            case UInt8(ascii: "\""):
                position &+= 1
                return true
            case 0x20...0x5B, 0x5D...0x7F:
                position &+= 1
            default:
                guard skipSpecial() else { return false }
            }
        }
        return fail()
    }

    /// Moves over an escape or a character beyond ASCII.
    @inline(never)
    private mutating func skipSpecial() -> Bool {
        let first = byte(position)
        if first == UInt8(ascii: "\\") {
            position &+= 1
            return skipEscape()
        }
        return first < 0x20 ? fail() : skipMultiByte(first)
    }

    private mutating func skipEscape() -> Bool {
        hasSeenEscape = true
        guard position < end else { return fail() }
        let letter = byte(position)
        position &+= 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            guard let unit = readHexadecimal() else { return fail() }
            switch unit {
            case 0xD800...0xDBFF:
                guard end &- position >= 2 else {
                    position = end
                    return fail()
                }
                guard byte(position) == UInt8(ascii: "\\"), byte(position &+ 1) == UInt8(ascii: "u") else {
                    return fail()
                }
                position &+= 2
                guard let low = readHexadecimal(), (0xDC00...0xDFFF).contains(low) else { return fail() }
                return true
            case 0xDC00...0xDFFF: return fail()
            default: return true
            }
        default:
            position &-= 1
            return fail()
        }
    }

    private mutating func readHexadecimal() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < end else { return nil }
            switch byte(position) {
            case let digit where digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9"):
                value = value << 4 | UInt32(digit & 0xF)
            case let letter where letter | 0x20 >= UInt8(ascii: "a") && letter | 0x20 <= UInt8(ascii: "f"):
                value = value << 4 | UInt32((letter & 0xF) &+ 9)
            default: return nil
            }
            position &+= 1
        }
        return value
    }

    /// Moves over one character of two to four bytes (Unicode table 3-7).
    private mutating func skipMultiByte(_ first: UInt8) -> Bool {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return fail(.invalidUTF8)
        }
        switch first {
        case 0xE0: second = 0xA0...0xBF
        case 0xED: second = 0x80...0x9F
        case 0xF0: second = 0x90...0xBF
        case 0xF4: second = 0x80...0x8F
        default: break
        }
        guard end &- position >= length else {
            position = end
            return fail()
        }
        guard second.contains(byte(position &+ 1)) else { return fail(.invalidUTF8) }
        for offset in 2..<max(2, length) where byte(position &+ offset) & 0xC0 != 0x80 {
            return fail(.invalidUTF8)
        }
        position &+= length
        return true
    }

    /// The text between two offsets of a valid string with its escapes resolved; allocates, for the rare case only.
    func unescaped(_ range: Range<Int>) -> String {
        var units: [UInt16] = []
        var reader = JSONCursor(base: base, end: range.upperBound, position: range.lowerBound)
        var plainStart = range.lowerBound
        while reader.position < range.upperBound {
            guard reader.byte(reader.position) == UInt8(ascii: "\\") else {
                reader.position += 1
                continue
            }
            units += plainText(plainStart..<reader.position)
            let letter = byte(reader.position + 1)
            reader.position += 2
            switch letter {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"): units.append(UInt16(reader.readHexadecimal() ?? 0xFFFD))
            default: units.append(UInt16(letter))
            }
            plainStart = reader.position
        }
        return String(decoding: units + plainText(plainStart..<range.upperBound), as: UTF16.self)
    }

    private func plainText(_ range: Range<Int>) -> [UInt16] {
        let bytes = UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
        return Array(String(decoding: bytes, as: UTF8.self).utf16)
    }
}
