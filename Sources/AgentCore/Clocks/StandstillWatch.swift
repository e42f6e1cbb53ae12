import ExperimentModel

/// Notices that the process itself did not run: what it does ten times a second came late, by the monotonic clock.
///
/// That clock goes on while a process is stopped. What is noticed here is no network's doing: events wait in the
/// kernel, connections are not answered, and whoever only sees delays would call them the path's.
struct StandstillWatch {
    /// How late a call must be to be named, nanoseconds: a host that is merely busy is not.
    static let leastNs: Int64 = 500_000_000
    /// The stretches that are kept.
    static let mostKept = 100

    /// The first stretches found, in order.
    private(set) var found: [Standstill] = []
    /// The newest stretch, kept or not.
    private(set) var newest: Standstill?

    /// Takes a call that was due at a moment and came now.
    ///
    /// - Returns: the stretch before it; nil when it came in time.
    mutating func called(dueMonotonicNs: Int64, now: Timestamp) -> Standstill? {
        let lateNs = now.monotonicNs - dueMonotonicNs
        guard lateNs >= Self.leastNs else { return nil }
        let standstill = Standstill(
            from: Timestamp(wallNs: now.wallNs - lateNs, monotonicNs: dueMonotonicNs),
            to: now
        )
        if found.count < Self.mostKept { found.append(standstill) }
        newest = standstill
        return standstill
    }
}
