import ExperimentModel

/// Notices when the wall clock jumps against the monotonic clock.
///
/// Slewing changes the difference between them slowly, at most by 10 % of the time that passes (the kernel's limit of its tick;
/// chrony's own default is 8.3 %). What changes more than that, and more than 1 ms, between two looks is a step. Looked at with
/// every read, so that the looks are close together.
struct ClockStepDetector {
    /// The steps found; at most a thousand are kept.
    private(set) var steps: [ClockStep] = []
    private var last: Timestamp?

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
