import ExperimentModel
import WireTransport

/// The relay protocol between a forwarder and a receiver, over one TCP connection a lane.
///
/// All integers are in network byte order. Times are nanoseconds since 1970 UTC of the clock of the host that took
/// them; `Int64.min` stands for a time that is not there. Every frame begins with the same eight octets; what follows
/// them depends on the type. Offsets on the left, eight octets a line:
/// ```
///      0       1       2       3       4       5       6       7
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   0 | length of the frame, u32      | type  | flags | behind u16    |   length 8 … 1,048,576
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///
///     1 CHALLENGE, receiver → forwarder; flag 1: a proof is required
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | "LATEXP"                                      | version u16   |
///  16 | nonce, 16 octets                                              |
///  24 | its second half                                               |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     2 HELLO, forwarder → receiver; flag 1: a proof is there
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | "LATEXP"                                      | version u16   |
///  16 | lane u16      | p u8  | r u8  | path (p), run id (r), and     |
///     | with flag 1 the proof, 32 octets                              |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     3 REFUSE, receiver → forwarder; the connection is closed after it
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | reason, UTF-8, at most 500 octets                             |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     4 EVENT, forwarder → receiver
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | sequence id u64, the lane's first is 1                        |
///  16 | kernel receive time i64                                       |
///  24 | user-space receive time i64                                   |
///  32 | time of sending i64                                           |
///  40 | the exchange's event time i64                                 |
///  48 | the exchange's message as it came                             |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     5 PROBE, receiver → forwarder
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | number u64                                                    |
///  16 | time of sending i64                                           |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     6 ECHO, forwarder → receiver
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | number u64, the probe's                                       |
///  16 | the probe's time of sending i64                               |
///  24 | receive time of the probe i64                                 |
///  32 | time of sending i64                                           |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     8 BYE, forwarder → receiver; 11 SO FAR, the same about earlier connections, right after HELLO
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | received from the exchange u64                                |
///  16 | forwarded u64                                                 |
///  24 | dropped from the full buffer u64                              |
///  32 | invalid u64                                                   |
///  40 | last sequence id given out u64                                |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     9 FAREWELL, receiver → forwarder; both may close
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | arrived u64, each sequence id once                            |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///     7 FINISH, receiver → forwarder: nothing follows. The window is over: send what is buffered, then BYE
///    10 PADDING, forwarder → receiver: octets of any value. Keeps the connection's window open, and is thrown away
///    12 WELCOME, receiver → forwarder: over UDP only, see `RelayDatagram`
/// ```
/// The receiver speaks first (CHALLENGE). A forwarder that has the run's secret answers it in its HELLO; one without
/// (used by hand) sends HELLO and its events at once. Events may follow without waiting. A peer of another version is
/// refused by whoever reads a greeting; the first sixteen octets of greetings are the same in all versions.
///
/// `behind` is 0 but in the first EVENT of several that were sent together: the octets of the others, at most 65,535.
/// They came together, so the receiver may read them at once and they have one receive time. Whoever does not know it
/// loses nothing.
///
/// The flags of a FINISH are 1 when a signal ended the receiver before its window's end, else 0. Those of a BYE say how
/// often the forwarder lost its connection to the exchange, 255 for more. Whoever does not know them loses nothing else.
///
/// By hand each forwarder has a run id of its own. A receiver refuses one (REFUSE) while it has heard from another of the
/// same lane within 3 s; the same one may always come back.
///
/// SO FAR lets a receiver that came up in the middle tell what went to an earlier one from what was lost on the way to
/// itself: ids up to forwarded + dropped were dealt with on earlier connections.
///
/// The proof is HMAC-SHA-256 under the run's secret over nonce, version, lane, path, 0, run id: a replayed HELLO fails,
/// since every connection has its own nonce.
public enum RelayProtocol {
    /// The version that this build speaks; others are refused.
    public static let version: UInt16 = 3
    /// The longest frame.
    public static let maximumFrameSize = 1 << 20
    /// The octets before every frame's body.
    public static let headerSize = 8
    /// The octets of an EVENT before its message, the frame's header included.
    public static let eventPrefixSize = 48
    /// The largest number of an event, and of events, that is believed: a million a second for 285 years.
    ///
    /// So there is always a next one, and sums over lanes are numbers, too.
    static let largestCount: UInt64 = 1 << 53
    /// Where the time of sending lies in an EVENT, so that it can be set right before the send.
    static let eventSendTimeOffset = 32
    /// Where the octets behind an EVENT that were sent with it stand in its header.
    static let behindOffset = 6
    static let magic = Array("LATEXP".utf8)
    static let nonceSize = 16
    /// The flag of CHALLENGE and HELLO that says a proof is required, or there.
    static let proofFlag: UInt8 = 1

    /// The flag of FINISH that says a signal ended the receiver.
    static let stoppedFlag: UInt8 = 1
    static let flagsOffset = 5
    /// A forwarder that was heard from within this time is there: over both transports something comes each second.
    static let aliveNs: Int64 = 3_000_000_000

    /// The kinds of frames.
    public enum Kind: UInt8, Sendable {
        /// The receiver's greeting.
        case challenge = 1
        /// The forwarder's introduction.
        case hello
        /// The receiver's refusal.
        case refuse
        /// One event.
        case event
        /// The receiver's question for the time.
        case probe
        /// The forwarder's answer.
        case echo
        /// The end of the window.
        case finish
        /// The forwarder's goodbye.
        case bye
        /// The receiver's goodbye.
        case farewell
        /// Nothing but octets on the way.
        case padding
        /// The totals of earlier connections.
        case soFar
        /// The receiver takes events now; over UDP only.
        case welcome
    }

    /// A forwarder's introduction.
    public struct Hello: Hashable, Sendable {
        /// The lane's number in its path.
        public var lane: UInt16
        /// The path's name.
        public var path: String
        /// The run.
        public var runID: String
        /// The proof of the secret; nil without one.
        public var proof: [UInt8]?

        /// An introduction.
        public init(lane: UInt16, path: String, runID: String, proof: [UInt8]? = nil) {
            self.lane = lane
            self.path = path
            self.runID = runID
            self.proof = proof
        }
    }

    /// The proof that a HELLO with these values carries.
    public static func proof(secret: [UInt8], nonce: [UInt8], hello: Hello) -> [UInt8] {
        var message = nonce
        message.appendBigEndian(version)
        message.appendBigEndian(hello.lane)
        message += Array(hello.path.utf8) + [0] + Array(hello.runID.utf8)
        return MessageAuthentication.code(key: secret, message: message)
    }
}

extension RelayProtocol {
    // MARK: Frames with small bodies

    static func frame(_ kind: Kind, flags: UInt8 = 0, body: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerSize + body.count)
        bytes.appendBigEndian(UInt32(headerSize + body.count))
        bytes += [kind.rawValue, flags, 0, 0]
        return bytes + body
    }

    static func challenge(nonce: [UInt8], proofRequired: Bool) -> [UInt8] {
        var body = magic
        body.appendBigEndian(version)
        return frame(.challenge, flags: proofRequired ? proofFlag : 0, body: body + nonce)
    }

    static func hello(_ hello: Hello) -> [UInt8] {
        var body = magic
        body.appendBigEndian(version)
        body.appendBigEndian(hello.lane)
        let path = Array(hello.path.utf8.prefix(255))
        let runID = Array(hello.runID.utf8.prefix(255))
        body += [UInt8(path.count), UInt8(runID.count)] + path + runID + (hello.proof ?? [])
        return frame(.hello, flags: hello.proof == nil ? 0 : proofFlag, body: body)
    }

    static func numbers(_ kind: Kind, _ values: [Int64]) -> [UInt8] {
        var body: [UInt8] = []
        for value in values { body.appendBigEndian(value) }
        return frame(kind, body: body)
    }

    /// A BYE, or a SO FAR.
    static func totals(_ kind: Kind, _ totals: SenderTotals) -> [UInt8] {
        let counts = [totals.received, totals.forwarded, totals.dropped, totals.invalid].map { Int64($0) }
        return numbers(kind, counts + [Int64(bitPattern: totals.lastSequence)])
    }

    /// A BYE.
    static func goodbye(_ totals: SenderTotals) -> [UInt8] {
        var frame = Self.totals(.bye, totals)
        frame[flagsOffset] = UInt8(clamping: totals.feedLosses ?? 0)
        return frame
    }

    /// A FINISH.
    static func finish(wasStopped: Bool) -> [UInt8] { frame(.finish, flags: wasStopped ? stoppedFlag : 0) }

    /// Why a second forwarder of a lane is refused.
    static func occupied(_ hello: Hello, by endpoint: String) -> String {
        "another forwarder, at \(endpoint), brings the events of \(hello.path)/\(hello.lane); end one of the two"
    }

    // MARK: Reading bodies

    /// Reads a BYE.
    static func readGoodbye(_ frame: RawRelayFrame) throws -> SenderTotals {
        var totals = try readTotals(frame.body)
        totals.feedLosses = Int(frame.flags)
        return totals
    }

    /// Reads the body of a BYE or a SO FAR.
    static func readTotals(_ body: UnsafeRawBufferPointer) throws -> SenderTotals {
        let values = try readNumbers(body, count: 5)
        guard values.allSatisfy({ (0...Int64(largestCount)).contains($0) }) else {
            throw violation("impossible totals")
        }
        return SenderTotals(
            received: Int(clamping: values[0]),
            forwarded: Int(clamping: values[1]),
            dropped: Int(clamping: values[2]),
            invalid: Int(clamping: values[3]),
            lastSequence: UInt64(bitPattern: values[4])
        )
    }

    /// Reads a CHALLENGE's body: the nonce.
    ///
    /// - Throws: `AgentError`: `versionMismatch`, or `protocolViolation`.
    static func readChallenge(_ body: [UInt8]) throws -> [UInt8] {
        try checkGreeting(body, from: "receiver")
        guard body.count == magic.count + 2 + nonceSize else { throw violation("a CHALLENGE of \(body.count) octets") }
        return Array(body.suffix(nonceSize))
    }

    /// Reads a HELLO's body.
    ///
    /// - Throws: `AgentError`: `versionMismatch`, or `protocolViolation`.
    static func readHello(_ body: [UInt8], flags: UInt8) throws -> Hello {
        try checkGreeting(body, from: "forwarder")
        let fixed = magic.count + 2 + 4
        guard body.count >= fixed else { throw violation("a HELLO of \(body.count) octets") }
        let pathSize = Int(body[fixed - 2])
        let runSize = Int(body[fixed - 1])
        let hasProof = flags & proofFlag != 0
        guard body.count == fixed + pathSize + runSize + (hasProof ? MessageAuthentication.codeSize : 0) else {
            throw violation("a HELLO whose lengths do not add up")
        }
        let names = body[fixed...]
        return Hello(
            lane: UInt16(body[fixed - 4]) << 8 | UInt16(body[fixed - 3]),
            path: String(decoding: names.prefix(pathSize), as: UTF8.self),
            runID: String(decoding: names.dropFirst(pathSize).prefix(runSize), as: UTF8.self),
            proof: hasProof ? Array(body.suffix(MessageAuthentication.codeSize)) : nil
        )
    }

    private static func checkGreeting(_ body: [UInt8], from peer: String) throws {
        guard body.count >= magic.count + 2, body.starts(with: magic) else {
            throw violation("no greeting of latexp's relay protocol")
        }
        let theirs = UInt16(body[magic.count]) << 8 | UInt16(body[magic.count + 1])
        guard theirs == version else {
            throw AgentError(
                .versionMismatch,
                "the \(peer) speaks relay protocol \(theirs), this agent \(version): install the same latexp on both hosts"
            )
        }
    }

    /// Reads a body of 64-bit numbers.
    static func readNumbers(_ body: UnsafeRawBufferPointer, count: Int) throws -> [Int64] {
        guard body.count == count * 8 else { throw violation("a frame of \(body.count) octets, not \(count * 8)") }
        return (0..<count).map { Int64(bigEndian: body.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
    }

    /// Reads an ECHO's body: the probe's number, when the probe left, when it came, when it was answered.
    ///
    /// - Throws: `AgentError` `protocolViolation`, also for times so far off that their differences would be no numbers.
    static func readEcho(_ body: UnsafeRawBufferPointer) throws -> [Int64] {
        let values = try readNumbers(body, count: 4)
        guard values.dropFirst().allSatisfy({ (0..<(1 << 62)).contains($0) }) else {
            throw violation("an ECHO with impossible times")
        }
        return values
    }

    static func violation(_ what: String) -> AgentError {
        AgentError(.protocolViolation, "the relay connection carried \(what)")
    }
}

/// A frame that lies in a receive buffer.
struct RawRelayFrame {
    var kind: RelayProtocol.Kind
    var flags: UInt8
    /// What follows the header; valid until the buffer is consumed.
    var body: UnsafeRawBufferPointer

    /// The octets of the whole frame.
    @inline(__always)
    var size: Int { RelayProtocol.headerSize + body.count }

    /// The frame at the front of `buffer`; nil when it has not come whole.
    ///
    /// - Throws: `AgentError` `protocolViolation` for an impossible length or an unknown kind.
    @inline(__always)
    static func next(in buffer: UnsafeMutableRawBufferPointer, limit: Int = RelayProtocol.maximumFrameSize) throws
        -> RawRelayFrame?
    {
        guard buffer.count >= RelayProtocol.headerSize else { return nil }
        let length = Int(UInt32(bigEndian: buffer.loadUnaligned(as: UInt32.self)))
        guard length >= RelayProtocol.headerSize, length <= limit else {
            throw RelayProtocol.violation("a frame of \(length) octets (the limit is \(limit))")
        }
        guard let kind = RelayProtocol.Kind(rawValue: buffer[4]) else {
            throw RelayProtocol.violation("a frame of unknown kind \(buffer[4])")
        }
        guard buffer.count >= length else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: buffer[RelayProtocol.headerSize..<length])
        return RawRelayFrame(kind: kind, flags: buffer[5], body: body)
    }
}

extension MessageFraming {
    /// Frames of the relay protocol.
    static let relay = MessageFraming { unread in
        guard unread.count >= RelayProtocol.headerSize else { return RelayProtocol.headerSize }
        let length = Int(UInt32(bigEndian: unread.loadUnaligned(as: UInt32.self)))
        // Whoever reads the frames refuses such a length.
        guard length >= RelayProtocol.headerSize, length <= RelayProtocol.maximumFrameSize else { return unread.count }
        // Events that were sent together came together.
        let behind = UInt16(
            bigEndian: unread.loadUnaligned(fromByteOffset: RelayProtocol.behindOffset, as: UInt16.self)
        )
        return length + Int(behind)
    }
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
