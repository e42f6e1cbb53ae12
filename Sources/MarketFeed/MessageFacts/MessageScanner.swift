/// Reads one message in one pass: the outermost object, and the event in it.
///
/// Kept small, since setting it up is part of the cost of every message: what belongs to the message's facts is written
/// there at once, and an error's parts are looked for only after all else.
struct MessageScanner {
    /// What the outermost object has.
    struct Members: OptionSet {
        let rawValue: UInt16

        static var stream: Members { Members(rawValue: 1 << 0) }
        static var dataObject: Members { Members(rawValue: 1 << 1) }
        static var dataArray: Members { Members(rawValue: 1 << 2) }
        static var result: Members { Members(rawValue: 1 << 3) }
        static var error: Members { Members(rawValue: 1 << 4) }
        /// The outermost value is not an object but an array of them.
        static var array: Members { Members(rawValue: 1 << 5) }
    }

    private(set) var cursor: JSONCursor
    private var members: Members = []
    /// Where the object `error` begins.
    private var errorStart = 0

    @inline(__always)
    init(base: UnsafeRawPointer, end: Int) {
        cursor = JSONCursor(base: base, end: end)
    }

    /// Reads the whole message; `false` when it is not one, with the cursor saying why.
    mutating func scan(_ facts: inout MessageFacts) -> Bool {
        guard cursor.skipBlanks() else { return cursor.fail(.empty) }
        if cursor.byte(cursor.position) == UInt8(ascii: "{") {
            guard scanOutermost(&facts) else { return false }
        } else {
            guard scanArray() else { return false }
        }
        guard cursor.position < cursor.end else { return true }
        // At the end blanks are all that may come, so coming to the end here is no failure.
        guard cursor.skipBlanks() else {
            cursor.problem = .none
            return true
        }
        return cursor.fail(.trailingBytes)
    }

    /// A raw `!...@arr` stream sends arrays of events; anything else that is not an object is no message.
    private mutating func scanArray() -> Bool {
        let start = cursor.position
        guard cursor.skipValue(depth: 0) else { return false }
        members.insert(.array)
        var first = JSONCursor(base: cursor.base, end: cursor.end, position: start + 1)
        guard cursor.byte(start) == UInt8(ascii: "["), first.skipBlanks(),
            first.byte(first.position) == UInt8(ascii: "{")
        else {
            cursor.position = start
            return cursor.fail(.notAnObject)
        }
        return true
    }

    private mutating func scanOutermost(_ facts: inout MessageFacts) -> Bool {
        var isFirst = true
        // Most messages are wrapped: the stream's name, then the event.
        if takeUsualStream(&facts) { isFirst = false }
        while true {
            let start = cursor.position
            let end = cursor.takeUsualMembers(&facts.outer, isFirst: isFirst, isOutermost: true)
            if case .object = end { return true }
            isFirst = isFirst && cursor.position == start
            if !isFirst, isAtUsualData {
                cursor.position &+= 8
                guard takeData(&facts) else { return false }
                continue
            }
            switch cursor.skipToKey(isFirst: isFirst) {
            case .end: return true
            case .failed: return false
            case .next: break
            }
            guard let key = cursor.readKey(), takeNamed(key, &facts) else { return false }
            isFirst = false
        }
    }

    /// Takes `{"stream":"text"` in this form; `false`, with nothing touched, for any other.
    @inline(__always)
    private mutating func takeUsualStream(_ facts: inout MessageFacts) -> Bool {
        let start = cursor.position
        // The bytes of `{"stream` and of `":"` after them, the first one lowest.
        guard cursor.end &- start >= 16, cursor.word(start) == 0x6D61_6572_7473_227B,
            cursor.word(start &+ 3) >> 40 == 0x22_3A22
        else { return false }
        let close = cursor.closingQuote(start &+ 11)
        guard close > 0 else { return false }
        members.insert(.stream)
        facts.streamRange = TextRange(start &+ 11, close)
        cursor.position = close &+ 1
        return true
    }

    /// Whether `,"data":{` comes next.
    @inline(__always)
    private var isAtUsualData: Bool {
        cursor.end &- cursor.position >= 16 && cursor.word(cursor.position) == 0x3A22_6174_6164_222C
            && cursor.byte(cursor.position &+ 8) == UInt8(ascii: "{")
    }

    /// Takes a member of the outermost object that is not of the usual form, or whose name is longer.
    @inline(never)
    private mutating func takeNamed(_ key: JSONCursor.Key, _ facts: inout MessageFacts) -> Bool {
        if cursor.isKey(key, "stream") {
            guard let value = cursor.readString(depth: 1) else { return false }
            note(.stream, value.isString)
            facts.streamRange = value.text
            return true
        }
        if cursor.isKey(key, "data") { return takeData(&facts) }
        if cursor.isKey(key, "result") {
            members.insert(.result)
            return cursor.skipValue(depth: 1)
        }
        if cursor.isKey(key, "error") {
            errorStart = cursor.position
            note(.error, cursor.byte(cursor.position) == UInt8(ascii: "{"))
            return cursor.skipValue(depth: 1)
        }
        if cursor.isKey(key, "id") {
            let outcome = cursor.readInteger(&facts.requestIDValue, depth: 1)
            facts.isRequestIDPresent = outcome == .integer
            return outcome != .malformed
        }
        return cursor.takeFailureMember(key, &facts.failure, depth: 1) ?? cursor.takeKeyed(key, &facts.outer, depth: 1)
    }

    @inline(__always)
    private mutating func takeData(_ facts: inout MessageFacts) -> Bool {
        // Of a second `data` the last one counts.
        facts.fields.clear()
        let first = cursor.byte(cursor.position)
        note(.dataObject, first == UInt8(ascii: "{"))
        note(.dataArray, first == UInt8(ascii: "["))
        return first == UInt8(ascii: "{") ? cursor.scanEvent(&facts.fields) : cursor.skipValue(depth: 1)
    }

    @inline(__always)
    private mutating func note(_ member: Members, _ isThere: Bool) {
        if isThere {
            members.formUnion(member)
        } else {
            members.subtract(member)
        }
    }

    /// Decides what the message is from the members it has.
    @inline(__always)
    mutating func conclude(_ facts: inout MessageFacts) {
        if members.contains(.stream), !members.isDisjoint(with: [.dataObject, .dataArray]) {
            facts.isWrapped = true
            cursor.classify(&facts)
        } else {
            concludeUnwrapped(&facts)
        }
    }

    private mutating func concludeUnwrapped(_ facts: inout MessageFacts) {
        let isEvent = facts.outer.present.contains(.eventType) || facts.outer.unusable.contains(.eventType)
        facts.fields.clear()
        if members.contains(.array) {
            facts.kind = .otherEvent
        } else if !isEvent, members.contains(.error) {
            facts.kind = .error
            facts.failure = RequestFailure()
            cursor.position = errorStart + 1
            _ = cursor.scanFailure(&facts.failure)
        } else if !isEvent, facts.failure.hasCode, facts.failure.hasMessage {
            facts.kind = .error
        } else if !isEvent, members.contains(.result) {
            facts.kind = .acknowledgement
        } else {
            facts.fields = facts.outer
            cursor.classify(&facts)
        }
    }
}
