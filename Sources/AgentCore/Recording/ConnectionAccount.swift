import ExperimentModel

/// The connections of one lane, for the account of the run: those that are over, and the present one.
struct ConnectionAccount {
    /// Bounded: a lane that fails every second for a day keeps its first and its newest records.
    private static let limit = 1_000

    /// The connection that is open, or being opened.
    var present: ConnectionRecord?
    /// Those that are over.
    private(set) var past: [ConnectionRecord] = []

    /// All of them, in the order of their beginning.
    var all: [ConnectionRecord] { past + [present].compactMap { $0 } }

    /// The present connection is over; whether there was one.
    mutating func close(_ reason: String, at moment: Timestamp) -> Bool {
        guard var record = present else { return false }
        record.ended = moment
        record.reason = reason
        keep(record)
        present = nil
        return true
    }

    /// Adds one that is over.
    mutating func keep(_ record: ConnectionRecord) {
        if past.count >= Self.limit { past.remove(at: Self.limit / 2) }
        past.append(record)
    }
}
