/// How much the next read of a connection should take, so that each message gets the receive time of its own segment.
///
/// A read that takes several segments has the time of the last one. As long as the process is on time that does not
/// matter: there is one message to read. When it is late (another process had the core), messages that came
/// milliseconds apart lie ready, and one read of all of them would give the first the time of the last. Then they are
/// read one by one: the header of a message, which tells its length, then its rest, two reads a message.
///
/// Four things keep that cheap. What wakes the process is read as far as the shortest message lately was long: mostly
/// that is all of it, and a message that is shorter still, with another one behind it, is rare. Where messages have
/// followed each other closely for a while (some 100,000 a second), as many are read at once as come within `nearNs`,
/// since a time wrong by less does little harm. Where one receive time is that of many messages, a segment has them
/// all, and larger pieces are read. And a process that has been on time for a while reads a little more than one
/// message at once again, at the price of one wrong time when it is late next.
///
/// What the kernel has merged cannot be told apart again: it puts a segment that comes while others wait into the last
/// one of them if it can, and keeps the later time. A process that is on time has nothing waiting.
struct ReadPortion {
    /// Receive times that differ by less count as one where messages are that dense.
    static let nearNs: Int64 = 20_000
    /// How dense messages are is looked at over so long, or longer.
    static let rateNs: Int64 = 1_000_000
    /// For so many deliveries at first, and after the process was late, it reads message by message.
    static let carefulDeliveries = 1_000

    /// What to read.
    enum Size: Equatable {
        /// At most so many octets, wherever that ends.
        case octets(Int)
        /// Exactly to the end of the present message, or of its header.
        case exact
    }

    /// Octets that come within `nearNs` where two messages or more do; else 0.
    private var denseOctets = 0
    /// Octets to read where one receive time is that of many messages; else 0.
    private var sameOctets = 0
    /// Deliveries that are still read message by message.
    private var careful = Self.carefulDeliveries
    /// The octets of the newest message.
    private var messageOctets = 0
    private var shortest = ShortestLately()
    private var lastNs = Int64.min
    /// Octets with the newest receive time.
    private var octetsAtLast = 0
    /// When the present look at the rate began, and the octets since.
    private var rateBeganNs = Int64.min
    private var rateOctets = 0

    /// What the next read should take.
    ///
    /// - Parameters:
    ///   - isDraining: whether more was ready after the last read.
    ///   - isBetweenMessages: whether the next octet is the first of a message.
    @inline(__always)
    func next(isDraining: Bool, isBetweenMessages: Bool) -> Size {
        let several = max(denseOctets, sameOctets)
        if isDraining { return several > 0 ? .octets(several) : .exact }
        guard careful > 0 else { return .octets(max(16, messageOctets + messageOctets / 2)) }
        return isBetweenMessages && shortest.octets > 0 ? .octets(shortest.octets) : .exact
    }

    /// Notes a delivery: octets that were read, and are whole messages as far as possible.
    ///
    /// - Parameters:
    ///   - octets: how many.
    ///   - messageOctets: the length of one message among them.
    ///   - kernelNs: the receive time of the last of them.
    ///   - isLate: whether more than one message was ready.
    @inline(__always)
    mutating func delivered(_ octets: Int, messageOctets: Int, kernelNs: Int64, isLate: Bool) {
        if isLate { careful = Self.carefulDeliveries } else if careful > 0 { careful -= 1 }
        self.messageOctets = messageOctets
        shortest.note(messageOctets)
        octetsAtLast = kernelNs == lastNs ? octetsAtLast + octets : octets
        lastNs = kernelNs
        // Larger pieces bit by bit, so that few octets of the next segment get this one's time or the other way round.
        sameOctets = octetsAtLast >= 8 * messageOctets ? octetsAtLast / 4 : 0
        rateOctets += octets
        // At first the difference is large, or wraps around to a negative one.
        let elapsedNs = kernelNs &- rateBeganNs
        if elapsedNs < 0 || elapsedNs >= Self.rateNs { lookAtRate(elapsedNs, kernelNs) }
    }

    private mutating func lookAtRate(_ elapsedNs: Int64, _ nowNs: Int64) {
        let octets = elapsedNs > 0 ? rateOctets * Int(Self.nearNs) / Int(elapsedNs) : 0
        denseOctets = octets >= 2 * messageOctets ? octets : 0
        rateBeganNs = nowNs
        rateOctets = 0
    }
}

/// The length of the shortest of the newest messages: of the last 32 to 64, so that about one in fifty is shorter.
private struct ShortestLately {
    private static let window = 32

    /// The length; 0 before the first message.
    private(set) var octets = 0
    /// The shortest of the present window.
    private var candidate = Int.max
    private var seen = 0

    @inline(__always)
    mutating func note(_ messageOctets: Int) {
        candidate = min(candidate, messageOctets)
        if messageOctets < octets || octets == 0 { octets = messageOctets }
        seen += 1
        guard seen == Self.window else { return }
        octets = candidate
        candidate = .max
        seen = 0
    }
}
