extension MessageFacts {
    /// Finds out what a message is.
    ///
    /// - Parameter message: the payload of one text frame; only read during the call.
    public init(scanning message: UnsafeRawBufferPointer) {
        self.init()
        guard let base = message.baseAddress, !message.isEmpty else {
            problem = .empty
            return
        }
        guard message.count <= UInt32.max else {
            problem = .tooLong
            return
        }
        var scanner = MessageScanner(JSONCursor(base: base, end: message.count))
        guard scanner.scan() else {
            problem = scanner.cursor.problem
            problemOffset = scanner.cursor.position
            return
        }
        scanner.conclude(&self)
    }
}

/// The members of the outermost object, gathered in one pass.
struct MessageScanner {
    /// What the member `data` is.
    enum DataType {
        case none, object, array, other
    }

    var cursor: JSONCursor
    /// Members of the outermost object itself, which is the event on a raw stream.
    private var outer = EventFields()
    /// Members of `data`, which is the event on a combined stream.
    private var inner = EventFields()
    private var dataType = DataType.none
    private var stream = TextRange(0, 0)
    private var hasStream = false
    private var hasResult = false
    private var hasError = false
    private var hasRequestID = false
    private var requestID: Int64 = 0
    private var flatFailure = RequestFailure()
    private var nestedFailure = RequestFailure()
    private var isArray = false

    init(_ cursor: JSONCursor) {
        self.cursor = cursor
    }

    /// Reads the whole message; `false` when it is not one.
    mutating func scan() -> Bool {
        guard cursor.skipBlanks() else { return cursor.fail(.empty) }
        if cursor.byte(cursor.position) == UInt8(ascii: "{") {
            cursor.position &+= 1
            guard scanOutermost() else { return false }
        } else {
            guard scanArray() else { return false }
        }
        while cursor.position < cursor.end {
            let byte = cursor.byte(cursor.position)
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                return cursor.fail(.trailingBytes)
            }
            cursor.position &+= 1
        }
        return true
    }

    /// A raw `!...@arr` stream sends arrays of events; anything else that is not an object is no message.
    private mutating func scanArray() -> Bool {
        let start = cursor.position
        guard cursor.skipValue(depth: 0) else { return false }
        isArray = true
        var first = JSONCursor(base: cursor.base, end: cursor.end, position: start + 1)
        guard cursor.byte(start) == UInt8(ascii: "["), first.skipBlanks(),
            first.byte(first.position) == UInt8(ascii: "{")
        else {
            cursor.position = start
            return cursor.fail(.notAnObject)
        }
        return true
    }

    private mutating func scanOutermost() -> Bool {
        guard cursor.skipBlanks() else { return false }
        guard cursor.byte(cursor.position) != UInt8(ascii: "}") else {
            cursor.position &+= 1
            return true
        }
        while true {
            switch cursor.takeOneLetterMember(&outer, depth: 1) {
            case .taken: break
            case .failed: return false
            case .otherName:
                guard let key = cursor.readKey(), takeNamed(key) else { return false }
            }
            switch cursor.skipSeparator() {
            case .next: continue
            case .end: return true
            case .failed: return false
            }
        }
    }

    /// Takes a member of the outermost object whose name is longer, or written with escapes.
    private mutating func takeNamed(_ key: JSONCursor.Key) -> Bool {
        let isKnownSize = key.range.count <= 6
        guard isKnownSize || key.hasEscape else { return cursor.skipValue(depth: 1) }
        if cursor.isKey(key, "stream") {
            guard let range = cursor.readString(depth: 1) else { return false }
            hasStream = range.isString
            stream = range.text
            return true
        }
        if cursor.isKey(key, "data") { return takeData() }
        if cursor.isKey(key, "result") {
            hasResult = true
            return cursor.skipValue(depth: 1)
        }
        if cursor.isKey(key, "id") {
            let outcome = cursor.readInteger(&requestID, depth: 1)
            hasRequestID = outcome == .integer
            return outcome != .malformed
        }
        if cursor.isKey(key, "error") { return takeError() }
        if let isTaken = cursor.takeFailureMember(key, &flatFailure, depth: 1) { return isTaken }
        return cursor.takeKeyed(key, &outer, depth: 1)
    }

    private mutating func takeData() -> Bool {
        inner = EventFields()
        switch cursor.byte(cursor.position) {
        case UInt8(ascii: "{"):
            dataType = .object
            cursor.position &+= 1
            return cursor.scanEvent(&inner)
        case UInt8(ascii: "["): dataType = .array
        default: dataType = .other
        }
        return cursor.skipValue(depth: 1)
    }

    private mutating func takeError() -> Bool {
        nestedFailure = RequestFailure()
        hasError = cursor.byte(cursor.position) == UInt8(ascii: "{")
        guard hasError else { return cursor.skipValue(depth: 1) }
        cursor.position &+= 1
        return cursor.scanFailure(&nestedFailure)
    }

    /// Decides what the message is from the members it has.
    func conclude(_ facts: inout MessageFacts) {
        facts.isRequestIDPresent = hasRequestID
        facts.requestIDValue = requestID
        if isArray {
            facts.kind = .otherEvent
        } else if hasStream, dataType == .object || dataType == .array {
            facts.isWrapped = true
            facts.streamRange = stream
            facts.fields = inner
            cursor.classify(&facts)
        } else if outer.present.contains(.eventType) || outer.unusable.contains(.eventType) {
            facts.fields = outer
            cursor.classify(&facts)
        } else if hasError {
            facts.kind = .error
            facts.failure = nestedFailure
        } else if flatFailure.hasCode, flatFailure.hasMessage {
            facts.kind = .error
            facts.failure = flatFailure
        } else if hasResult {
            facts.kind = .acknowledgement
        } else {
            facts.fields = outer
            cursor.classify(&facts)
        }
    }
}
