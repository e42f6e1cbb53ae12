/// The way that nearly all members take: `,"x":"text"` and `,"x":123`, without blanks, escapes or nesting.
///
/// It is worth its own code because it is most of the cost of a message: one eight-byte load tells separator, name and
/// the kind of value. Whatever looks different is left, untouched, to the general code.
extension JSONCursor {
    /// Where the fast lane came to an end.
    enum FastLaneEnd {
        /// After the closing brace of the object.
        case object
        /// At a separator (or the opening brace) before a member that is not of the usual form.
        case unusual
    }

    /// Takes members as long as they have the usual form.
    ///
    /// - Parameters:
    ///   - fields: where the known ones go.
    ///   - isFirst: whether the position is at the object's opening brace; otherwise it is after a value.
    ///   - isOutermost: whether this is the outermost object, whose `id` is left to the general code.
    @inline(__always)
    mutating func takeUsualMembers(_ fields: inout EventFields, isFirst: Bool, isOutermost: Bool) -> FastLaneEnd {
        var offset = position
        var separator = isFirst ? UInt64(UInt8(ascii: "{")) : UInt64(UInt8(ascii: ","))
        var seen: EventFields.Names = []
        defer {
            position = offset
            fields.present.formUnion(seen)
            fields.unusable.subtract(seen)
        }
        while true {
            let start = paddedWord(offset)
            guard start & 0xFF == separator else {
                guard start & 0xFF == UInt64(UInt8(ascii: "}")), !isFirst || !seen.isEmpty else { return .unusual }
                offset &+= 1
                return .object
            }
            // The bytes of `,"x":` but for the separator and the letter.
            if start & 0xFF_FF00_FF00 == 0x3A_2200_2200 {
                let letter = UInt8(truncatingIfNeeded: start >> 16)
                let value = offset &+ 5
                if UInt8(truncatingIfNeeded: start >> 40) == UInt8(ascii: "\"") {
                    let close = closingQuote(value &+ 1)
                    guard close > 0, Self.takeText(letter, value &+ 1, close, &fields, &seen) else { return .unusual }
                    offset = close &+ 1
                } else {
                    let (number, end) = plainInteger(value)
                    guard end > 0, Self.takeNumber(letter, number, &fields, &seen) else { return .unusual }
                    offset = end
                }
            } else {
                let end = unknownTwoLetterMember(start, offset, isOutermost: isOutermost)
                guard end > 0 else { return .unusual }
                offset = end
            }
            separator = UInt64(UInt8(ascii: ","))
        }
    }

    /// Eight bytes from an offset up to the end of the text; what is missing there is zero.
    @inline(__always)
    func paddedWord(_ offset: Int) -> UInt64 {
        if end &- offset >= 8 { return word(offset) }
        return paddedWordNearEnd(offset)
    }

    @inline(__always)
    private func paddedWordNearEnd(_ offset: Int) -> UInt64 {
        guard end >= 8 else {
            var word: UInt64 = 0
            for index in 0..<max(0, end &- offset) {
                word |= UInt64(byte(offset &+ index)) << UInt64(8 &* index)
            }
            return word
        }
        return word(end &- 8) >> UInt64(8 &* (8 &- (end &- offset)))
    }

    /// The offset of the quote that ends a string of plain ASCII; 0 when anything else comes first.
    @inline(__always)
    func closingQuote(_ start: Int) -> Int {
        var offset = start
        while true {
            let word = paddedWord(offset)
            let special = Self.specialBytes(word)
            if special != 0 {
                let shift = UInt64(special.trailingZeroBitCount & ~7)
                guard word &>> shift & 0xFF == 0x22 else { return 0 }
                return offset &+ Int(shift >> 3)
            }
            offset &+= 8
        }
    }

    /// An integer of 1 to 18 digits before `,` or `}`, and the offset after it; the offset is 0 for anything else.
    @inline(__always)
    private func plainInteger(_ start: Int) -> (number: Int64, end: Int) {
        let first = paddedWord(start) ^ 0x3030_3030_3030_3030
        let firstCount = Self.digitCount(first)
        if firstCount == 8 {
            let second = paddedWord(start &+ 8) ^ 0x3030_3030_3030_3030
            let secondCount = Self.digitCount(second)
            let upper = Self.eightDigits(first)
            // A time in ms, by a constant length: what follows can begin before the digits are counted.
            if secondCount == 5 {
                let number = upper &* 100_000 &+ Self.eightDigits(second &<< 24)
                return checkedInteger(number, start, length: 13)
            }
            if secondCount < 8 {
                let number = upper &* Self.powerOfTen(secondCount) &+ Self.leadingDigits(second, secondCount)
                return checkedInteger(number, start, length: 8 &+ secondCount)
            }
            let third = paddedWord(start &+ 16) ^ 0x3030_3030_3030_3030
            let thirdCount = Self.digitCount(third)
            guard thirdCount <= 2 else { return (0, 0) }
            let number =
                (upper &* 100_000_000 &+ Self.eightDigits(second)) &* Self.powerOfTen(thirdCount)
                &+ Self.leadingDigits(third, thirdCount)
            return checkedInteger(number, start, length: 16 &+ thirdCount)
        }
        guard firstCount > 0 else { return (0, 0) }
        return checkedInteger(Self.leadingDigits(first, firstCount), start, length: firstCount)
    }

    /// The number, unless it begins with a zero that it must not have or is not followed by `,` or `}`.
    @inline(__always)
    private func checkedInteger(_ number: UInt64, _ start: Int, length: Int) -> (number: Int64, end: Int) {
        let next = UInt8(truncatingIfNeeded: paddedWord(start &+ length))
        guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}"), length == 1 || byte(start) != UInt8(ascii: "0")
        else {
            return (0, 0)
        }
        return (Int64(bitPattern: number), start &+ length)
    }

    /// How many bytes from the first one on are 0 to 9.
    @inline(__always)
    private static func digitCount(_ digits: UInt64) -> Int {
        // A byte above 9 gets its top bit; what it may carry only reaches bytes after it.
        let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
        return others.trailingZeroBitCount >> 3
    }

    /// The number that the first digits make, fewer than eight.
    @inline(__always)
    private static func leadingDigits(_ digits: UInt64, _ count: Int) -> UInt64 {
        // Zeros shifted in below stand before the digits and change nothing; two shifts, since one by 64 does nothing.
        eightDigits((digits &<< UInt64(32 &- 4 &* count)) &<< UInt64(32 &- 4 &* count))
    }

    /// The offset after a member such as `"ps":"BTCUSDT"` or `"st":1`, whose names nobody asks for; 0 for any other.
    @inline(__always)
    private func unknownTwoLetterMember(_ start: UInt64, _ offset: Int, isOutermost: Bool) -> Int {
        // The bytes of `,"xy":` but for the separator and the letters, which must be letters; `id` is asked for.
        guard start & 0xFFFF_0000_FF00 == 0x3A22_0000_2200, Self.isLetter(start >> 16), Self.isLetter(start >> 24),
            !isOutermost || start >> 16 & 0xFFFF != 0x6469
        else { return 0 }
        let value = offset &+ 6
        if UInt8(truncatingIfNeeded: start >> 48) == UInt8(ascii: "\"") {
            let close = closingQuote(value &+ 1)
            return close > 0 ? close &+ 1 : 0
        }
        return plainInteger(value).end
    }

    @inline(__always)
    private static func isLetter(_ word: UInt64) -> Bool {
        (UInt8(truncatingIfNeeded: word) | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// Notes a string member; `false` when the name is of a member that must be a number, or is not known.
    @inline(__always)
    private static func takeText(
        _ letter: UInt8,
        _ start: Int,
        _ end: Int,
        _ fields: inout EventFields,
        _ seen: inout EventFields.Names
    ) -> Bool {
        switch letter {
        case UInt8(ascii: "b"): seen.formUnion(.bidPrice)
        case UInt8(ascii: "B"): seen.formUnion(.bidQuantity)
        case UInt8(ascii: "a"): seen.formUnion(.askPrice)
        case UInt8(ascii: "A"): seen.formUnion(.askQuantity)
        case UInt8(ascii: "e"):
            fields.eventType = TextRange(start, end)
            seen.formUnion(.eventType)
        case UInt8(ascii: "s"):
            fields.symbol = TextRange(start, end)
            seen.formUnion(.symbol)
        case UInt8(ascii: "p"), UInt8(ascii: "q"), UInt8(ascii: "X"): break
        default: return false
        }
        return true
    }

    /// Notes an integer member; `false` when the general code must look at it.
    @inline(__always)
    private static func takeNumber(
        _ letter: UInt8,
        _ number: Int64,
        _ fields: inout EventFields,
        _ seen: inout EventFields.Names
    ) -> Bool {
        switch letter {
        case UInt8(ascii: "u"):
            fields.updateID = number
            seen.formUnion(.updateID)
        case UInt8(ascii: "E"):
            guard ExchangeTime.isPlausible(number) else { return false }
            fields.eventTime = number
            seen.formUnion(.eventTime)
        case UInt8(ascii: "T"):
            guard ExchangeTime.isPlausible(number) else { return false }
            fields.transactionTime = number
            seen.formUnion(.transactionTime)
        case UInt8(ascii: "t"):
            fields.tradeID = number
            seen.formUnion(.tradeID)
        case UInt8(ascii: "U"):
            fields.firstUpdateID = number
            seen.formUnion(.firstUpdateID)
        default: return false
        }
        return true
    }
}
