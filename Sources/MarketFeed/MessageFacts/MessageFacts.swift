/// What one message of a market data stream is, found in its bytes without decoding it and without allocation.
///
/// ``scan(_:)`` follows JSON's structure: a name inside a string or in a nested object is never taken for a
/// member, members may come in any order, unknown ones are passed over, and of a name that comes twice the last one
/// counts (as in Foundation's JSONSerialization). The whole text is checked: what is not valid JSON is
/// ``Kind/invalid``.
public struct MessageFacts: Sendable {
    /// The types of message that are told apart.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// Best bid and ask: `e` says so, or (spot) there is no `e` but u, b, B, a and A.
        case bookTicker
        /// One trade.
        case trade
        /// Trades of one taker order at one price, put together.
        case aggTrade
        /// A change of the order book.
        case depthUpdate
        /// The server is about to close the connection.
        case serverShutdown
        /// The answer to a request that succeeded. An unknown stream is acknowledged too, and then stays silent.
        case acknowledgement
        /// The answer to a request that failed.
        case error
        /// A well-formed message of another type.
        case otherEvent
        /// Not usable: ``MessageFacts/problem`` says why.
        case invalid
    }

    /// Why a message is not usable; also the name under which it is counted.
    public enum Problem: UInt8, Sendable, CaseIterable {
        case none
        /// No bytes at all.
        case empty
        /// Valid JSON, but neither an object nor an array of objects.
        case notAnObject
        /// Not JSON.
        case malformed
        /// The text ends before the value does.
        case truncated
        /// Something follows the value.
        case trailingBytes
        /// Nested deeper than any message of the exchange.
        case tooDeep
        /// A string is not UTF-8.
        case invalidUTF8
        /// Larger than offsets can say.
        case tooLong
        /// `e` is not a string.
        case eventType
        /// `u` (or `U`) is missing, or not an integer from 0 to `Int64.max`.
        case updateID
        /// `E` is not a time since 1970 in ms (13 digits) or us (16 digits).
        case eventTime
        /// `T` is not such a time.
        case transactionTime
        /// `t` is missing in a trade, or not an integer from 0 to `Int64.max`.
        case tradeID
        /// `s` is missing, or not a string.
        case symbol

        /// The case's name, for counters and reports.
        public var name: String { "\(self)" }
    }

    /// The unit in which the exchange gave its times.
    public enum TimeUnit: UInt8, Sendable {
        case millisecond
        case microsecond
    }

    /// What the message is.
    public internal(set) var kind = Kind.invalid
    /// Why it is not usable; `none` unless ``kind`` is `invalid`.
    public internal(set) var problem = Problem.none
    /// Where the problem is, as an offset from the first byte; 0 where it concerns the whole message.
    public internal(set) var problemOffset = 0
    /// Whether it came in the wrapper of a combined stream.
    public internal(set) var isWrapped = false

    @usableFromInline var fields = EventFields()
    /// Members of the outermost object; only used during a scan, and here so that it need not be set up for each one.
    var outer = EventFields()
    @usableFromInline var streamRange = TextRange(0, 0)
    var requestIDValue: Int64 = 0
    var isRequestIDPresent = false
    var failure = RequestFailure()
    private var shapes = MessageShapes()

    /// No message yet.
    public init() {}

    /// Finds out what a message is.
    public init(scanning message: UnsafeRawBufferPointer) {
        scan(message)
    }

    /// Finds out what a message is, in place of what was here: cheaper than a new value for each message.
    ///
    /// - Parameter message: the payload of one text frame; only read during the call.
    public mutating func scan(_ message: UnsafeRawBufferPointer) {
        reset()
        guard let base = message.baseAddress, !message.isEmpty else { return reject(.empty) }
        if takeKnownShape(base, message.count) { return }
        guard message.count <= UInt32.max else { return reject(.tooLong) }
        var scanner = MessageScanner(base: base, end: message.count)
        guard scanner.scan(&self) else { return reject(scanner.cursor.problem, at: scanner.cursor.position) }
        scanner.conclude(&self)
        if kind != .invalid, !isRequestIDPresent {
            shapes.note(message, .init(kind: kind, isWrapped: isWrapped, stream: streamRange), fields)
        }
    }

    /// Takes the facts over from the last message of the same shape, with this one's numbers; `false` when there is
    /// none.
    @inline(__always)
    private mutating func takeKnownShape(_ base: UnsafeRawPointer, _ count: Int) -> Bool {
        let index = shapes.find(base, count)
        guard index >= 0 else { return false }
        guard let outline = shapes.read(index, base, into: &fields) else {
            fields.clear()
            return false
        }
        kind = outline.kind
        isWrapped = outline.isWrapped
        streamRange = outline.stream
        return true
    }

    /// Forgets the last message.
    ///
    /// Values stay where they are: only the marks that they are there count.
    @inline(__always)
    private mutating func reset() {
        kind = .invalid
        problem = .none
        problemOffset = 0
        isWrapped = false
        isRequestIDPresent = false
        fields.clear()
        outer.clear()
        failure.hasCode = false
        failure.hasMessage = false
    }

    /// Makes the message unusable; what was found in it is not to be relied on.
    mutating func reject(_ problem: Problem, at offset: Int = 0) {
        kind = .invalid
        self.problem = problem
        problemOffset = offset
        isRequestIDPresent = false
        fields.clear()
    }
}

extension MessageFacts {
    /// `u`, the id by which the same event is known on every connection; the last one of a depth update.
    @inlinable public var updateID: Int64? {
        fields.present.contains(.updateID) ? fields.updateID : nil
    }

    /// `U`, the first id of a depth update.
    @inlinable public var firstUpdateID: Int64? {
        fields.present.contains(.firstUpdateID) ? fields.firstUpdateID : nil
    }

    /// `E`, when the exchange pushed the event out, in ns since 1970; `nil` on spot's bookTicker, which has none.
    ///
    /// It is a multiple of ``eventTimeUnit``: the event happened within that unit after it.
    @inlinable public var eventTimeNs: Int64? {
        fields.present.contains(.eventTime) ? ExchangeTime.nanoseconds(fields.eventTime) : nil
    }

    /// The unit of `E`.
    @inlinable public var eventTimeUnit: TimeUnit? {
        fields.present.contains(.eventTime) ? ExchangeTime.unit(fields.eventTime) : nil
    }

    /// `T`, when the matching engine made the change, in ns since 1970.
    ///
    /// For kinds that are told apart only: in other events `T` means other things (a future funding time in markPrice).
    @inlinable public var transactionTimeNs: Int64? {
        fields.present.contains(.transactionTime) ? ExchangeTime.nanoseconds(fields.transactionTime) : nil
    }

    /// `t` of a trade.
    @inlinable public var tradeID: Int64? {
        fields.present.contains(.tradeID) ? fields.tradeID : nil
    }

    /// Where the symbol lies (`s`), escapes as they are.
    @inlinable public var symbol: TextRange? {
        fields.present.contains(.symbol) ? fields.symbol : nil
    }

    /// Where the event type lies (`e`), escapes as they are.
    @inlinable public var eventType: TextRange? {
        fields.present.contains(.eventType) ? fields.eventType : nil
    }

    /// Where the name of the stream lies in the wrapper of a combined stream, escapes as they are.
    @inlinable public var stream: TextRange? {
        isWrapped ? streamRange : nil
    }

    /// The id of the request that this answers, where it is an integer.
    public var requestID: Int64? {
        isRequestIDPresent ? requestIDValue : nil
    }

    /// The exchange's error code, which may be negative.
    public var errorCode: Int64? {
        kind == .error && failure.hasCode ? failure.code : nil
    }

    /// Where the exchange's error message lies, escapes as they are.
    public var errorMessage: TextRange? {
        kind == .error && failure.hasMessage ? failure.message : nil
    }
}

/// The parts of an error answer, which comes nested under `error` or flat.
struct RequestFailure: Sendable {
    var hasCode = false
    var hasMessage = false
    var code: Int64 = 0
    var message = TextRange(0, 0)
}

/// The exchange's times: ms since 1970 with 13 digits or us with 16, which cannot be mistaken for each other.
@usableFromInline
enum ExchangeTime {
    /// 2001-09-09 in ms, the first with 13 digits, up to what fits in nanoseconds (the year 2262).
    static let milliseconds: ClosedRange<Int64> = 1_000_000_000_000...(Int64.max / 1_000_000)
    /// The same in us, with 16 digits.
    static let microseconds: ClosedRange<Int64> = 1_000_000_000_000_000...(Int64.max / 1_000)

    @inline(__always)
    static func isPlausible(_ time: Int64) -> Bool {
        milliseconds.contains(time) || microseconds.contains(time)
    }

    @inlinable
    static func unit(_ time: Int64) -> MessageFacts.TimeUnit {
        time < 100_000_000_000_000 ? .millisecond : .microsecond
    }

    @inlinable
    static func nanoseconds(_ time: Int64) -> Int64 {
        unit(time) == .millisecond ? time &* 1_000_000 : time &* 1_000
    }
}
