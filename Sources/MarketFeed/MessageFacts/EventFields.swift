/// A piece of a message, as offsets from its first byte.
public struct TextRange: Sendable, Equatable {
    /// The offset of the first byte.
    public let start: UInt32
    /// The number of bytes.
    public let count: UInt32

    @usableFromInline
    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: end &- start)
    }

    /// The bytes of this piece in the message that it was found in.
    @inlinable
    public func bytes(in message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: message[Int(start)..<(Int(start) + Int(count))])
    }

    /// This piece of the message as text; allocates.
    public func text(in message: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes(in: message), as: UTF8.self)
    }
}

/// The members of one event object that matter, by their one-letter names.
@usableFromInline
struct EventFields: Sendable {
    /// A set of members.
    @usableFromInline
    struct Names: OptionSet, Sendable {
        @usableFromInline let rawValue: UInt16

        @usableFromInline
        init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        @usableFromInline static var eventType: Names { Names(rawValue: 1 << 0) }
        @usableFromInline static var updateID: Names { Names(rawValue: 1 << 1) }
        @usableFromInline static var firstUpdateID: Names { Names(rawValue: 1 << 2) }
        @usableFromInline static var symbol: Names { Names(rawValue: 1 << 3) }
        @usableFromInline static var eventTime: Names { Names(rawValue: 1 << 4) }
        @usableFromInline static var transactionTime: Names { Names(rawValue: 1 << 5) }
        @usableFromInline static var tradeID: Names { Names(rawValue: 1 << 6) }
        static var bidPrice: Names { Names(rawValue: 1 << 7) }
        static var bidQuantity: Names { Names(rawValue: 1 << 8) }
        static var askPrice: Names { Names(rawValue: 1 << 9) }
        static var askQuantity: Names { Names(rawValue: 1 << 10) }
        /// What a best bid and ask have.
        static var quote: Names { [.bidPrice, .bidQuantity, .askPrice, .askQuantity] }
    }

    /// Members that are there with a usable value.
    @usableFromInline var present: Names = []
    /// Members that are there with a value of the wrong type or size.
    var unusable: Names = []
    @usableFromInline var updateID: Int64 = 0
    @usableFromInline var firstUpdateID: Int64 = 0
    @usableFromInline var eventTime: Int64 = 0
    @usableFromInline var transactionTime: Int64 = 0
    @usableFromInline var tradeID: Int64 = 0
    @usableFromInline var eventType = TextRange(0, 0)
    @usableFromInline var symbol = TextRange(0, 0)

    /// Forgets all members.
    @inline(__always)
    mutating func clear() {
        present = []
        unusable = []
    }

    /// Notes a member; where a name comes twice, the last one counts.
    @inline(__always)
    mutating func note(_ name: Names, isUsable: Bool = true) {
        if isUsable {
            present.formUnion(name)
            unusable.subtract(name)
        } else {
            present.subtract(name)
            unusable.formUnion(name)
        }
    }

    /// Notes an integer member; `false` when its value is not even JSON.
    @inline(__always)
    mutating func note(_ name: Names, _ outcome: JSONCursor.IntegerOutcome, isAccepted: Bool = true) -> Bool {
        note(name, isUsable: outcome == .integer && isAccepted)
        return outcome != .malformed
    }
}
