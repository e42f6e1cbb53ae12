extension MessageShape {
    /// The shape of a message that the parser has read, and for each byte whether it must be the same (255) or may be
    /// any digit (0); nil when the message is not of the plain kind that can be followed.
    static func learn(
        _ message: UnsafeRawBufferPointer,
        _ outline: Outline,
        _ fields: EventFields
    ) -> (MessageShape, [UInt8])? {
        switch outline.kind {
        case .bookTicker, .trade, .aggTrade: break
        // No two changes of the order book look alike.
        default: return nil
        }
        guard fields.unusable.isEmpty else { return nil }
        var learner = ShapeLearner(message)
        guard learner.read() else { return nil }
        var shape = MessageShape()
        shape.count = message.count
        shape.outline = outline
        shape.present = fields.present
        shape.eventType = fields.eventType
        shape.symbol = fields.symbol
        shape.integers = learner.integers
        shape.integerCount = learner.integerCount
        guard
            let updateID = learner.place("u", fields.present.contains(.updateID), fields.updateID),
            let firstUpdateID = learner.place("U", fields.present.contains(.firstUpdateID), fields.firstUpdateID),
            let eventTime = learner.place("E", fields.present.contains(.eventTime), fields.eventTime),
            let transactionTime = learner.place("T", fields.present.contains(.transactionTime), fields.transactionTime),
            let tradeID = learner.place("t", fields.present.contains(.tradeID), fields.tradeID)
        else { return nil }
        shape.updateID = updateID
        shape.firstUpdateID = firstUpdateID
        shape.eventTime = eventTime
        shape.transactionTime = transactionTime
        shape.tradeID = tradeID
        return (shape, learner.same)
    }
}

/// Goes over a valid message once and finds its digits and its integers.
private struct ShapeLearner {
    private let message: UnsafeRawBufferPointer
    private(set) var same: [UInt8]
    private(set) var integers = SIMD8<UInt16>()
    private(set) var integerCount = 0
    /// Members with names of one letter: how often each came, and where its number is.
    private var members: [UInt8: (times: Int, place: MessageShape.Place)] = [:]

    init(_ message: UnsafeRawBufferPointer) {
        self.message = message
        same = [UInt8](repeating: 255, count: message.count)
    }

    /// `false` when there is anything out of the ordinary: escapes, blanks, too many numbers.
    mutating func read() -> Bool {
        var offset = 0
        while offset < message.count {
            switch message[offset] {
            case UInt8(ascii: "\""):
                guard let end = string(offset) else { return false }
                offset = end
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard let end = number(offset) else { return false }
                offset = end
            case 0...0x20, 0x80...: return false
            default: offset += 1
            }
        }
        return true
    }

    /// Where the number of a member is; nil when what the parser found does not fit what is seen here.
    ///
    /// A member must have come once, with that value; one that the parser has not found must not be there in any
    /// object.
    func place(_ name: Unicode.Scalar, _ isThere: Bool, _ value: Int64) -> MessageShape.Place? {
        let member = members[UInt8(ascii: name)]
        guard isThere else { return member == nil ? MessageShape.Place() : nil }
        guard let member, member.times == 1, (1...16).contains(member.place.digits), let base = message.baseAddress,
            member.place.offset + member.place.digits >= 8, MessageShape.number(base, member.place) == value
        else { return nil }
        return member.place
    }

    private mutating func string(_ start: Int) -> Int? {
        guard
            let end = message[(start + 1)...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
            ),
            message[end] == UInt8(ascii: "\""), end + 1 < message.count
        else { return nil }
        if message[end + 1] == UInt8(ascii: ":") {
            // Digits of a name are part of the structure.
            if end == start + 2 { members[message[start + 1], default: (0, MessageShape.Place())].times += 1 }
        } else {
            for offset in (start + 1)..<end where Self.isDigit(message[offset]) { same[offset] = 0 }
        }
        return end + 1
    }

    private mutating func number(_ start: Int) -> Int? {
        let end = message[start...].firstIndex { !Self.isDigit($0) } ?? message.count
        guard start > 0, end < message.count else { return nil }
        let isInteger =
            message[start - 1] == UInt8(ascii: ":")
            && (message[end] == UInt8(ascii: ",") || message[end] == UInt8(ascii: "}"))
        // Parts of anything else that has digits must stay as they are.
        guard isInteger else { return end }
        for offset in start..<end { same[offset] = 0 }
        guard end - start <= 16 else { return nil }
        if end - start > 1 {
            guard integerCount < MessageShape.integerLimit else { return nil }
            integers[integerCount] = UInt16(start)
            integerCount += 1
        }
        // `"u":`, if that stands before it.
        if start >= 4, message[start - 4] == UInt8(ascii: "\""), message[start - 2] == UInt8(ascii: "\"") {
            members[message[start - 3]]?.place = MessageShape.Place(offset: UInt16(start), digits: UInt16(end - start))
        }
        return end
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }
}
