extension JSONCursor {
    /// Moves over a number: `-`? digits, fraction?, exponent? without leading zeros.
    mutating func skipNumber() -> Bool {
        if byte(position) == UInt8(ascii: "-") {
            position &+= 1
        }
        let start = position
        guard skipDigits() else { return fail() }
        guard position == start &+ 1 || byte(start) != UInt8(ascii: "0") else {
            position = start
            return fail()
        }
        if position < end, byte(position) == UInt8(ascii: ".") {
            position &+= 1
            guard skipDigits() else { return fail() }
        }
        if position < end, byte(position) | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            if position < end, byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-") {
                position &+= 1
            }
            guard skipDigits() else { return fail() }
        }
        return true
    }

    /// Moves over digits; `false` when there is none.
    private mutating func skipDigits() -> Bool {
        let start = position
        while position < end, byte(position) &- UInt8(ascii: "0") <= 9 {
            position &+= 1
        }
        return position > start
    }

    /// What a value turned out to be where an integer was looked for.
    enum IntegerOutcome {
        /// An integer from 0 up to 18 digits, or up to `Int64.max`.
        case integer
        /// Valid JSON, but not such an integer: negative, too large, a fraction, an exponent, or another type.
        case otherValue
        /// Not valid JSON.
        case malformed
    }

    /// Reads a non-negative integer and moves over it, or over whatever else is there.
    @inline(never)
    mutating func readInteger(_ value: inout Int64, depth: Int) -> IntegerOutcome {
        let start = position
        guard skipValue(depth: depth) else { return .malformed }
        var number: Int64 = 0
        for offset in start..<position {
            let digit = byte(offset) &- UInt8(ascii: "0")
            guard digit <= 9 else { return .otherValue }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return .otherValue }
            number = sum
        }
        value = number
        return .integer
    }

    /// The number that eight digit values make, the first one in the lowest byte: pairs, then fours, then all.
    @inline(__always)
    static func eightDigits(_ digits: UInt64) -> UInt64 {
        let pairs = (digits &* (1 &+ 10 << 8)) >> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* (1 &+ 100 << 16)) >> 16 & 0x0000_FFFF_0000_FFFF
        return (fours &* (1 &+ 10_000 << 32)) >> 32
    }

    @inline(__always)
    static func powerOfTen(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        default: 100_000_000
        }
    }
}
