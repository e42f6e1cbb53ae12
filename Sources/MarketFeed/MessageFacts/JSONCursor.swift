/// A position in JSON text (RFC 8259) that only moves over what is valid; it neither copies nor allocates.
///
/// Every method that moves gives `false` when the text is not valid there, with ``problem`` saying why.
struct JSONCursor {
    /// The deepest nesting followed; the exchange's own messages have four levels.
    static let maximumDepth = 32

    let base: UnsafeRawPointer
    let end: Int
    var position = 0
    var problem = MessageFacts.Problem.none
    /// Set by every escape passed over; whoever wants to know clears it before.
    var hasSeenEscape = false

    /// Looks at the byte at an offset that the caller has checked.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes with the first one in the lowest bits; the caller has checked that they are there.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Notes why the text is not valid here; at its end that is because the rest is missing.
    @inline(never)
    mutating func fail(_ problem: MessageFacts.Problem = .malformed) -> Bool {
        self.problem = problem == .malformed && position >= end ? .truncated : problem
        return false
    }

    /// Moves over blanks; `false` at the end of the text.
    @inline(__always)
    mutating func skipBlanks() -> Bool {
        while position < end {
            let byte = byte(position)
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return true }
            position &+= 1
        }
        return fail()
    }

    /// Moves over one value of any type, with the number of containers that are open around it.
    @inline(__always)
    mutating func skipValue(depth: Int) -> Bool {
        guard position < end else { return fail() }
        if byte(position) == UInt8(ascii: "\"") {
            position &+= 1
            return skipString()
        }
        return skipOther(depth: depth)
    }

    @inline(never)
    private mutating func skipOther(depth: Int) -> Bool {
        switch byte(position) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): skipContainer(depth: depth)
        default: skipScalar()
        }
    }

    /// Moves over an object or array and all that is in it, without recursion.
    private mutating func skipContainer(depth outerDepth: Int) -> Bool {
        var depth = 0
        // One bit for each open container, the innermost lowest: set for an object.
        var isObject: UInt64 = 0
        while true {
            let first = byte(position)
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                depth &+= 1
                guard outerDepth &+ depth <= Self.maximumDepth else { return fail(.tooDeep) }
                isObject = isObject << 1 | (first == UInt8(ascii: "{") ? 1 : 0)
                position &+= 1
                guard skipBlanks() else { return false }
                let closer = isObject & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")
                if byte(position) != closer {
                    guard isObject & 1 == 0 || skipKey() else { return false }
                    continue
                }
            } else {
                guard skipScalar() else { return false }
            }
            guard skipClosers(&depth, &isObject) else { return false }
            guard depth > 0 else { return true }
        }
    }

    /// After a value: closes what ends here, then stops at the next value, or with depth 0 after the last closer.
    @inline(__always)
    private mutating func skipClosers(_ depth: inout Int, _ isObject: inout UInt64) -> Bool {
        while depth > 0 {
            guard skipBlanks() else { return false }
            let next = byte(position)
            if next == UInt8(ascii: ",") {
                position &+= 1
                guard skipBlanks() else { return false }
                return isObject & 1 == 0 || skipKey()
            }
            guard next == (isObject & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return fail() }
            position &+= 1
            depth &-= 1
            isObject >>= 1
        }
        return true
    }

    /// Moves over a member's name, its colon and the blanks around it.
    private mutating func skipKey() -> Bool {
        guard byte(position) == UInt8(ascii: "\"") else { return fail() }
        position &+= 1
        guard skipString(), skipBlanks() else { return false }
        guard byte(position) == UInt8(ascii: ":") else { return fail() }
        position &+= 1
        return skipBlanks()
    }

    private mutating func skipScalar() -> Bool {
        switch byte(position) {
        case UInt8(ascii: "\""):
            position &+= 1
            return skipString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return skipNumber()
        case UInt8(ascii: "t"): return skipWord("true")
        case UInt8(ascii: "f"): return skipWord("false")
        case UInt8(ascii: "n"): return skipWord("null")
        default: return fail()
        }
    }

    private mutating func skipWord(_ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < end, byte(position) == word.utf8Start[index] else { return fail() }
            position &+= 1
        }
        return true
    }
}
