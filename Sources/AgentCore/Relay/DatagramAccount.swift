import ExperimentModel

/// What became of the events of one lane whose datagrams may be lost, doubled, or overtaken.
///
/// Every id is one of: arrived (once; later copies are duplicates) or missing. Which of the newest ids have come is
/// kept exactly, id by id; one that comes later than that counts as late and stays missing: the reordering window is
/// closed for it.
struct DatagramAccount {
    /// How an event came.
    enum Arrival {
        /// In its turn, or with a gap before it.
        case next
        /// After a later one.
        case reordered
        /// Again.
        case duplicate
        /// So long after later ones that nobody waits for it any more.
        case late
    }

    /// How far behind the newest id an event may come, in ids; a power of two.
    static let windowIDs: UInt64 = 65_536
    /// Missing ids of one connection have been lost by the way, since a connection's datagrams go out in order.
    static let lostOnTheWay = "lost on the way"
    static let disconnection = "disconnection"

    /// What arrived.
    private(set) var counts = LaneCounts()
    /// The ids that are missing, in order; at most ten thousand ranges are kept apart.
    private(set) var missing: [MissingRange] = []
    /// Events that came too late.
    private(set) var late = 0
    /// The newest id that came or is known of.
    private(set) var newest: UInt64 = 0
    /// The ids up to here are another receiver's.
    private var first: UInt64 = 1
    /// Ids up to here are no longer waited for.
    private var closedTo: UInt64 = 0
    /// A bit for each of the newest ids: whether it came.
    private var came = [UInt64](repeating: 0, count: Int(windowIDs / 64))
    private var connection: Int?

    /// Accounts for an event of a connection, counted from 0.
    ///
    /// - Parameters:
    ///   - at: when it came.
    ///   - disconnected: when the connection before it was lost.
    @inline(__always)
    mutating func note(
        _ sequence: UInt64,
        connection number: Int,
        at: @autoclosure () -> Timestamp,
        disconnected: @autoclosure () -> Timestamp?
    ) -> Arrival {
        guard sequence == newest + 1 else { return outOfTurn(sequence, number, at(), disconnected()) }
        newest = sequence
        mark(sequence)
        counts.arrived += 1
        connection = number
        return .next
    }

    private mutating func outOfTurn(
        _ sequence: UInt64,
        _ number: Int,
        _ at: Timestamp,
        _ disconnected: Timestamp?
    ) -> Arrival {
        if sequence > newest {
            let isAcross = connection != nil && number != connection
            let cause = isAcross ? Self.disconnection : Self.lostOnTheWay
            noteGap(to: sequence - 1, cause: cause, at: isAcross ? disconnected ?? at : at)
            newest = sequence
            mark(sequence)
            counts.arrived += 1
            connection = number
            return .next
        }
        guard sequence >= first, sequence > closedTo, newest - sequence < Self.windowIDs else {
            late += 1
            return .late
        }
        guard !hasCome(sequence) else {
            counts.duplicates += 1
            return .duplicate
        }
        mark(sequence)
        if missing.removeNewest(sequence) { counts.missing -= 1 }
        counts.arrived += 1
        counts.reordered += 1
        return .reordered
    }

    /// Notes that every id up to `last` has been given out, and no more will come: nothing is waited for any longer.
    mutating func close(last: UInt64, cause: String = lostOnTheWay, at: Timestamp) {
        if last > newest {
            noteGap(to: last, cause: cause, at: at)
            newest = last
        }
        closedTo = newest
    }

    /// Begins after `sequence`: what came before it went to an earlier receiver.
    mutating func begin(after sequence: UInt64) {
        newest = sequence
        first = sequence + 1
    }

    private mutating func noteGap(to last: UInt64, cause: String, at: Timestamp) {
        let from = newest + 1
        guard from <= last else { return }
        counts.missing += Int(clamping: last - from + 1)
        missing.note(first: from, last: last, cause: cause, at: at)
        // Ids share bits with those a window before them.
        if last - from >= Self.windowIDs {
            for index in came.indices { came[index] = 0 }
        } else {
            for id in from...last { came[Self.word(id)] &= ~Self.bit(id) }
        }
    }

    private static func word(_ sequence: UInt64) -> Int { Int((sequence & (windowIDs - 1)) >> 6) }
    private static func bit(_ sequence: UInt64) -> UInt64 { 1 << (sequence & 63) }

    @inline(__always)
    private mutating func mark(_ sequence: UInt64) { came[Self.word(sequence)] |= Self.bit(sequence) }

    private func hasCome(_ sequence: UInt64) -> Bool { came[Self.word(sequence)] & Self.bit(sequence) != 0 }
}
