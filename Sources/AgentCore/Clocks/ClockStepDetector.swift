import ExperimentModel

/// Notices when the wall clock jumps against the monotonic clock.
///
/// Slewing changes the difference between them slowly, at most by 10 % of the time that passes (the kernel's limit of
/// its tick; chrony's own default is 8.3 %). What changes more than that, and more than 1 ms, between two looks is a
/// step. Looked at with reads as they come, so that the looks are close together, but at most once in a millisecond.
struct ClockStepDetector {
    /// The longest that reading the clocks may take: whoever is held up between them sees a step that is none, and one
    /// back.
    static let widestReadNs: Int64 = 100_000
    /// The least time between two looks, nanoseconds.
    private static let leastPauseNs: Int64 = 1_000_000
    /// How often the clocks are read until one reading is quick enough.
    private static let mostAttempts = 4

    /// The steps found; at most a thousand are kept.
    private(set) var steps: [ClockStep] = []
    private var last: Timestamp?

    /// Reads both clocks, quickly enough to be believed; nil when the last look was just before, or none was quick
    /// enough.
    ///
    /// - Parameters:
    ///   - roughlyNs: the monotonic time, not earlier than when it was read.
    ///   - wallNs: the wall clock.
    ///   - monotonicNs: the monotonic clock.
    @inline(__always)
    func read(atNs roughlyNs: Int64, wallNs: () -> Int64, monotonicNs: () -> Int64) -> Timestamp? {
        if let last, roughlyNs - last.monotonicNs < Self.leastPauseNs { return nil }
        for _ in 0..<Self.mostAttempts {
            let beforeNs = monotonicNs()
            let wallNs = wallNs()
            let afterNs = monotonicNs()
            guard afterNs - beforeNs > Self.widestReadNs else {
                return Timestamp(wallNs: wallNs, monotonicNs: beforeNs + (afterNs - beforeNs) / 2)
            }
        }
        return nil
    }

    /// Looks at both clocks, read at one moment.
    mutating func observe(_ now: Timestamp) -> ClockStep? {
        defer { last = now }
        guard let last else { return nil }
        let elapsedNs = now.monotonicNs - last.monotonicNs
        let changeNs = (now.wallNs - last.wallNs) - elapsedNs
        guard abs(changeNs) > 1_000_000 + abs(elapsedNs) / 10 else { return nil }
        let step = ClockStep(at: now, stepNs: changeNs)
        if steps.count < 1_000 { steps.append(step) }
        return step
    }
}
