import WireTransport

/// The relay protocol over UDP: the frames of `RelayProtocol` in datagrams, each with a session and a code.
///
/// An EVENT is a datagram of its own, so that no event waits for another, and what the way loses, doubles or turns
/// round is seen as it is. Offsets on the left, eight octets a line, network byte order:
/// ```
///      0       1       2       3       4       5       6       7
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   0 | session u64: drawn by the forwarder for each attempt          |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///   8 | code: HMAC-SHA-256 under the session's key of the sender's    |
///  16 | side, over session and frames, its first 16 octets            |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
///  24 | one EVENT, or one or several other frames                     |
///     +-------+-------+-------+-------+-------+-------+-------+-------+
/// ```
/// How a session begins. Each of the forwarder's two datagrams is sent again until it is answered, after 0.5, 1, 2 s;
/// an attempt takes 5 s at most. Those without a code have zeros there.
/// ```
///     forwarder                                             receiver
///     no code   HELLO without proof, PADDING to 512 octets  →
///               ←  CHALLENGE                                   no code, no state is kept
///     code      CHALLENGE as it came, HELLO with proof, SO FAR  →
///               ←  WELCOME                                     code
///     code      EVENT …                                     →
///               ←  PROBE each second                           code
///     code      ECHO                                        →
///               ←  FINISH every 0.2 s until BYE comes          code
///     code      BYE every 0.25 s until FAREWELL comes       →
///               ←  FAREWELL                                    code
/// ```
/// - The nonce of a CHALLENGE is a code over the forwarder's address and the time, under a key that only the receiver's
///   process has: strangers cost it no memory, and whoever cannot receive at the address that he claims gets no
///   further. No answer to strangers is longer than what they sent.
/// - The keys are HMAC-SHA-256 under the run's secret over a label, the nonce, the session, version, lane, path, 0, run
///   id: one for each direction, so that nothing can be sent back to its sender. With no secret on either side (use by
///   hand) the empty one takes its place: then the codes keep out what was garbled and who cannot listen, not who can.
/// - Whoever replays an EVENT makes a duplicate, which is counted as one; other frames mean nothing the second time.
/// - A datagram of a session that the receiver does not know (it was restarted) is answered with REFUSE, no code: the
///   forwarder begins a new one. Either side that hears nothing for 5 s takes the session for lost.
/// - BYE may overtake events: the receiver waits a second for those before it counts the rest as lost.
enum RelayDatagram {
    /// The octets before the frames.
    static let headerSize = 24
    /// The octets of a HELLO's datagram without a proof, and so of the longest answer to a stranger.
    static let firstHelloSize = 512
    /// The longest message of an event that fits a datagram.
    static let maximumFrameSize = DatagramSocket.maximumSize - headerSize
    /// A nonce is taken for at least this long.
    static let nonceNs: Int64 = 10_000_000_000
    /// Either side takes a session for lost after this long without a word.
    static let silenceNs: Int64 = 5_000_000_000

    /// The keys of a session: what the forwarder sends with, and what the receiver sends with.
    struct Keys {
        let forwarder: MessageKey
        let receiver: MessageKey

        init(secret: [UInt8]?, nonce: [UInt8], session: UInt64, hello: RelayProtocol.Hello) {
            func key(_ label: String) -> MessageKey {
                var message = Array("latexp datagrams of the \(label)".utf8) + nonce
                message.appendBigEndian(session)
                message.appendBigEndian(RelayProtocol.version)
                message.appendBigEndian(hello.lane)
                message += Array(hello.path.utf8) + [0] + Array(hello.runID.utf8)
                return MessageKey(MessageAuthentication.code(key: secret ?? [], message: message))
            }
            forwarder = key("forwarder")
            receiver = key("receiver")
        }
    }

    /// The header of a session's datagrams, made anew for each.
    final class Header {
        private let octets = UnsafeMutableRawBufferPointer.allocate(byteCount: headerSize, alignment: 8)

        init(session: UInt64) {
            octets.initializeMemory(as: UInt8.self, repeating: 0)
            octets.storeBytes(of: session.bigEndian, as: UInt64.self)
        }

        deinit { octets.deallocate() }

        /// The header of a datagram with these frames; zeros for a code without a key.
        ///
        /// Valid until the next call.
        @inline(__always)
        func sign(_ frames: UnsafeRawBufferPointer, _ key: MessageKey?) -> UnsafeRawBufferPointer {
            if let key, let base = octets.baseAddress {
                key.writeCode(of: UnsafeRawBufferPointer(start: base, count: 8), frames, to: base + 8)
            }
            return UnsafeRawBufferPointer(octets)
        }
    }

    /// The session of a datagram; nil when it is too short for one with a frame.
    @inline(__always)
    static func session(of datagram: UnsafeRawBufferPointer) -> UInt64? {
        guard datagram.count >= headerSize + RelayProtocol.headerSize else { return nil }
        return UInt64(bigEndian: datagram.loadUnaligned(as: UInt64.self))
    }

    /// Whether a datagram's code is right.
    @inline(__always)
    static func isGenuine(_ datagram: UnsafeRawBufferPointer, _ key: MessageKey) -> Bool {
        guard let base = datagram.baseAddress else { return false }
        let session = UnsafeRawBufferPointer(start: base, count: 8)
        return key.isCode(base + 8, of: session, UnsafeRawBufferPointer(rebasing: datagram[headerSize...]))
    }

    /// Calls `body` with each frame of a datagram.
    ///
    /// - Throws: `AgentError` `protocolViolation` when the frames do not fill the datagram, and what `body` throws.
    @inline(__always)
    static func frames(
        of datagram: UnsafeMutableRawBufferPointer,
        _ body: (RawRelayFrame) throws -> Void
    ) throws {
        var rest = datagram[headerSize...]
        while !rest.isEmpty {
            guard let frame = try RawRelayFrame.next(in: UnsafeMutableRawBufferPointer(rebasing: rest)) else {
                throw RelayProtocol.violation("a datagram with a torn frame")
            }
            try body(frame)
            rest = rest[(rest.startIndex + frame.size)...]
        }
    }
}

/// Makes and checks the nonces that a receiver gives to whoever asks, without keeping any.
struct DatagramNonces {
    private let key = MessageAuthentication.randomOctets(32)

    /// The nonce for an address at a moment.
    func nonce(for address: SocketAddress, atNs monotonicNs: Int64) -> [UInt8] {
        nonce(for: address, slot: monotonicNs / RelayDatagram.nonceNs)
    }

    /// Whether a nonce was given to an address a short time ago: between one and two times `RelayDatagram.nonceNs`.
    func isCurrent(_ nonce: [UInt8], for address: SocketAddress, atNs monotonicNs: Int64) -> Bool {
        let slot = monotonicNs / RelayDatagram.nonceNs
        return [slot, slot - 1].contains { MessageAuthentication.equal(self.nonce(for: address, slot: $0), nonce) }
    }

    private func nonce(for address: SocketAddress, slot: Int64) -> [UInt8] {
        var message: [UInt8] = []
        message.appendBigEndian(slot)
        let code = MessageAuthentication.code(key: key, message: message + Array(address.description.utf8))
        return Array(code.prefix(RelayProtocol.nonceSize))
    }
}
