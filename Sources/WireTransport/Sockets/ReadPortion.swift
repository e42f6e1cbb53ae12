/// How much the next read of a connection should take, so that each message gets the receive time of its own segment.
///
/// A read that takes several segments has the time of the last one. As long as the process is on time that does not matter:
/// there is one message to read. When it is late (another process had the core), messages that came milliseconds apart lie
/// ready, and one read of all of them would give the first the time of the last. Then they are read one by one: the header of
/// a message, which tells its length, then its rest, two reads a message.
///
/// Two things keep that cheap. Where messages follow each other closely, as many are read at once as came within `nearNs`,
/// since a time wrong by less does no harm: some ten thousand reads a second at most are made for this. And a process that has
/// been on time for a while reads a little more than one message at once again, at the price of one wrong time when it is late
/// next.
struct ReadPortion {
    /// Receive times that differ by less than this count as one.
    static let nearNs: Int64 = 30_000
    /// For so many deliveries after the process was late, it reads message by message.
    static let carefulDeliveries = 1_000

    /// What to read.
    enum Size: Equatable {
        /// At most so many octets, wherever that ends.
        case octets(Int)
        /// Exactly to the end of the present message, or of its header.
        case exact
    }

    /// Octets that came within `nearNs` going by the newest deliveries; 0: not even two messages did.
    private var nearOctets = 0
    /// Deliveries that are still read message by message.
    private var careful = 0
    /// The octets of the newest message.
    private var messageOctets = 0
    private var lastNs = Int64.min
    /// Octets that bore one receive time, up to now.
    private var sameOctets = 0

    /// What the next read should take.
    ///
    /// - Parameter isDraining: whether more was ready after the last read.
    @inline(__always)
    func next(isDraining: Bool) -> Size {
        if nearOctets > 0 { return .octets(nearOctets) }
        return isDraining || careful > 0 ? .exact : .octets(max(256, messageOctets + messageOctets / 2))
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
        // At first any difference is large, or wraps around to one that is.
        let stepNs = kernelNs &- lastNs
        lastNs = kernelNs
        if stepNs == 0 {
            sameOctets += octets
            // One segment with many messages, or several that the kernel has merged: larger pieces bit by bit, so that few
            // octets of the next segment get its time wrong.
            let quarter = sameOctets / 4
            nearOctets = quarter >= 2 * messageOctets ? quarter : 0
        } else {
            sameOctets = octets
            let isNear = stepNs > 0 && stepNs < Self.nearNs
            nearOctets = isNear ? min(2 * octets, octets * Int(Self.nearNs) / Int(stepNs)) : 0
        }
    }
}
