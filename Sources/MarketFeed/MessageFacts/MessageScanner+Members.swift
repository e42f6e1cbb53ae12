extension JSONCursor {
    /// A member's name.
    struct Key {
        let range: Range<Int>
        let hasEscape: Bool
    }

    /// What follows a member.
    enum Separator {
        case next, end, failed
    }

    /// Reads the members of an event, from its opening brace to after its closing one.
    mutating func scanEvent(_ fields: inout EventFields) -> Bool {
        var isFirst = true
        while true {
            let start = position
            if case .object = takeUsualMembers(&fields, isFirst: isFirst, isOutermost: false) { return true }
            switch skipToKey(isFirst: isFirst && position == start) {
            case .end: return true
            case .failed: return false
            case .next: break
            }
            isFirst = false
            guard let key = readKey(), takeKeyed(key, &fields, depth: 2) else { return false }
        }
    }

    /// Moves from the end of a member, or from the opening brace, to the next name.
    @inline(never)
    mutating func skipToKey(isFirst: Bool) -> Separator {
        guard isFirst else { return skipSeparator() }
        position &+= 1
        guard skipBlanks() else { return .failed }
        guard byte(position) == UInt8(ascii: "}") else { return .next }
        position &+= 1
        return .end
    }

    /// Reads the members of an error, from after its opening brace to after its closing one.
    mutating func scanFailure(_ failure: inout RequestFailure) -> Bool {
        guard skipBlanks() else { return false }
        guard byte(position) != UInt8(ascii: "}") else {
            position &+= 1
            return true
        }
        while true {
            guard let key = readKey() else { return false }
            guard takeFailureMember(key, &failure, depth: 2) ?? skipValue(depth: 2) else { return false }
            switch skipSeparator() {
            case .next: continue
            case .end: return true
            case .failed: return false
            }
        }
    }

    /// Takes the value of a known member; `nil` when the letter is not one of them.
    private mutating func takeMember(_ letter: UInt8, _ fields: inout EventFields, depth: Int) -> Bool? {
        switch letter {
        case UInt8(ascii: "b"): return takeAny(.bidPrice, &fields, depth)
        case UInt8(ascii: "B"): return takeAny(.bidQuantity, &fields, depth)
        case UInt8(ascii: "a"): return takeAny(.askPrice, &fields, depth)
        case UInt8(ascii: "A"): return takeAny(.askQuantity, &fields, depth)
        case UInt8(ascii: "e"):
            guard let value = readString(depth: depth) else { return false }
            fields.eventType = value.text
            fields.note(.eventType, isUsable: value.isString)
        case UInt8(ascii: "s"):
            guard let value = readString(depth: depth) else { return false }
            fields.symbol = value.text
            fields.note(.symbol, isUsable: value.isString)
        case UInt8(ascii: "u"): return fields.note(.updateID, readInteger(&fields.updateID, depth: depth))
        case UInt8(ascii: "U"): return fields.note(.firstUpdateID, readInteger(&fields.firstUpdateID, depth: depth))
        case UInt8(ascii: "t"): return fields.note(.tradeID, readInteger(&fields.tradeID, depth: depth))
        case UInt8(ascii: "E"):
            let outcome = readInteger(&fields.eventTime, depth: depth)
            return fields.note(.eventTime, outcome, isAccepted: ExchangeTime.isPlausible(fields.eventTime))
        case UInt8(ascii: "T"):
            let outcome = readInteger(&fields.transactionTime, depth: depth)
            return fields.note(.transactionTime, outcome, isAccepted: ExchangeTime.isPlausible(fields.transactionTime))
        default: return nil
        }
        return true
    }

    /// Takes a member whose value is of no interest, only that it is there.
    private mutating func takeAny(_ name: EventFields.Names, _ fields: inout EventFields, _ depth: Int) -> Bool {
        fields.note(name)
        return skipValue(depth: depth)
    }

    /// Takes a member of an event that was not written the usual way: blanks before the colon, escapes, or a longer
    /// name.
    mutating func takeKeyed(_ key: Key, _ fields: inout EventFields, depth: Int) -> Bool {
        var letters = key.range
        if key.hasEscape {
            let name = unescaped(key.range).utf8
            guard name.count == 1, let letter = name.first else { return skipValue(depth: depth) }
            return takeMember(letter, &fields, depth: depth) ?? skipValue(depth: depth)
        }
        guard let offset = letters.popFirst(), letters.isEmpty else { return skipValue(depth: depth) }
        return takeMember(byte(offset), &fields, depth: depth) ?? skipValue(depth: depth)
    }

    /// Takes `code` or `msg`; `nil` when the member is neither.
    mutating func takeFailureMember(_ key: Key, _ failure: inout RequestFailure, depth: Int) -> Bool? {
        if isKey(key, "code") {
            let isNegative = byte(position) == UInt8(ascii: "-")
            let start = position
            if isNegative {
                position &+= 1
            }
            let outcome = readInteger(&failure.code, depth: depth)
            failure.hasCode = outcome == .integer
            failure.code = isNegative ? -failure.code : failure.code
            guard isNegative, outcome != .integer else { return outcome != .malformed }
            // Not an integer after the sign: whether it is a number at all is for the whole of it to say.
            position = start
            return skipValue(depth: depth)
        }
        guard isKey(key, "msg") else { return nil }
        guard let value = readString(depth: depth) else { return false }
        failure.hasMessage = value.isString
        failure.message = value.text
        return true
    }

    /// Reads a member's name and moves to its value.
    mutating func readKey() -> Key? {
        guard byte(position) == UInt8(ascii: "\"") else {
            _ = fail()
            return nil
        }
        position &+= 1
        let start = position
        hasSeenEscape = false
        guard skipString() else { return nil }
        let key = Key(range: start..<(position &- 1), hasEscape: hasSeenEscape)
        guard skipBlanks() else { return nil }
        guard byte(position) == UInt8(ascii: ":") else {
            _ = fail()
            return nil
        }
        position &+= 1
        return skipBlanks() ? key : nil
    }

    /// Whether a member has this name, however it is written.
    @inline(__always)
    func isKey(_ key: Key, _ name: StaticString) -> Bool {
        key.hasEscape ? unescaped(key.range) == "\(name)" : matches(key.range, name)
    }

    /// Whether the bytes of a range are this text.
    @inline(__always)
    func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where byte(range.lowerBound &+ index) != text.utf8Start[index] {
            return false
        }
        return true
    }

    /// Reads a string, or moves over a value of another type; `nil` when it is not valid JSON.
    @inline(__always)
    mutating func readString(depth: Int) -> (text: TextRange, isString: Bool)? {
        let start = position &+ 1
        let isString = byte(position) == UInt8(ascii: "\"")
        guard skipValue(depth: depth) else { return nil }
        return (isString ? TextRange(start, position &- 1) : TextRange(0, 0), isString)
    }

    /// Moves from the end of a member to the next one, or over the closing brace.
    mutating func skipSeparator() -> Separator {
        guard skipBlanks() else { return .failed }
        let separator = byte(position)
        position &+= 1
        if separator == UInt8(ascii: "}") { return .end }
        guard separator == UInt8(ascii: ",") else {
            position &-= 1
            _ = fail()
            return .failed
        }
        return skipBlanks() ? .next : .failed
    }
}
