/// What all messages of one shape have in common, and where their numbers are.
struct MessageShape: Sendable {
    /// What the parser found besides the event's members.
    struct Outline: Sendable {
        var kind = MessageFacts.Kind.invalid
        var isWrapped = false
        var stream = TextRange(0, 0)
    }

    /// Where a number is: none when it has no digits.
    struct Place: Sendable {
        var offset: UInt16 = 0
        var digits: UInt16 = 0
    }

    /// Integers of several digits, which must not begin with a zero; more of them are not followed.
    static let integerLimit = 8

    /// The length of its messages; 0 for no shape.
    var count = 0
    /// What is the same in all of them.
    var outline = Outline()
    /// The members that they have, none of them unusable.
    var present: EventFields.Names = []
    var eventType = TextRange(0, 0)
    var symbol = TextRange(0, 0)
    var updateID = Place()
    var firstUpdateID = Place()
    var eventTime = Place()
    var transactionTime = Place()
    var tradeID = Place()
    /// Where integers of several digits begin.
    var integers = SIMD8<UInt16>()
    var integerCount = 0

    /// Reads the numbers of a message that has this shape; `false` when one of them is not usable after all.
    @inline(__always)
    func read(_ base: UnsafeRawPointer, into fields: inout EventFields) -> Bool {
        for index in 0..<integerCount
        where base.load(fromByteOffset: Int(integers[index]), as: UInt8.self) == UInt8(ascii: "0") {
            return false
        }
        fields.present = present
        fields.eventType = eventType
        fields.symbol = symbol
        if updateID.digits > 0 { fields.updateID = Self.number(base, updateID) }
        if firstUpdateID.digits > 0 { fields.firstUpdateID = Self.number(base, firstUpdateID) }
        if tradeID.digits > 0 { fields.tradeID = Self.number(base, tradeID) }
        if eventTime.digits > 0 {
            fields.eventTime = Self.number(base, eventTime)
            guard ExchangeTime.isPlausible(fields.eventTime) else { return false }
        }
        if transactionTime.digits > 0 {
            fields.transactionTime = Self.number(base, transactionTime)
            guard ExchangeTime.isPlausible(fields.transactionTime) else { return false }
        }
        return true
    }

    /// The number of 1 to 16 digits at a place; never reads beyond its last digit.
    @inline(__always)
    static func number(_ base: UnsafeRawPointer, _ place: Place) -> Int64 {
        let offset = Int(place.offset)
        let digits = Int(place.digits)
        // The last eight digits, or as many as there are: what stands before them is taken for zeros.
        let end = base.loadUnaligned(fromByteOffset: offset &+ digits &- 8, as: UInt64.self)
        let low = UInt64(littleEndian: end) ^ 0x3030_3030_3030_3030
        guard digits > 8 else {
            return Int64(bitPattern: JSONCursor.eightDigits(low & ~0 &<< UInt64(8 &* (8 &- digits) & 63)))
        }
        let start = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let high = UInt64(littleEndian: start) ^ 0x3030_3030_3030_3030
        let rest = digits &- 8
        let restDigits = low & (rest == 8 ? ~0 : ~(~0 &>> UInt64(8 &* rest)))
        return Int64(
            bitPattern: JSONCursor.eightDigits(high) &* JSONCursor.powerOfTen(rest)
                &+ JSONCursor.eightDigits(restDigits)
        )
    }
}
