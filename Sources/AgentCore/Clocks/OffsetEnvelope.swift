import ExperimentModel

/// Limits of the offset between two clocks from probes that crossed one connection both ways.
///
/// A probe that left the receiver at t1, reached the forwarder at t2, was answered at t3 and came back at t4 proves
/// t3 - t4 <= forwarder clock - receiver clock <= t2 - t1, since neither way can take less than no time (RFC 5905
/// section 8, with delays bounded instead of assumed equal). Over many probes the limits of each intersect: the
/// tightest of each side counts.
struct OffsetEnvelope {
    private var count = 0
    private var minimumRoundTripNs = Int64.max
    private var lowNs = Int64.min
    private var highNs = Int64.max

    /// Takes one answered probe.
    mutating func add(t1Ns: Int64, t2Ns: Int64, t3Ns: Int64, t4Ns: Int64) {
        count += 1
        minimumRoundTripNs = min(minimumRoundTripNs, (t4Ns - t1Ns) - (t3Ns - t2Ns))
        lowNs = max(lowNs, t3Ns - t4Ns)
        highNs = min(highNs, t2Ns - t1Ns)
    }

    /// What the probes showed; nil without any.
    var summary: ProbeSummary? {
        guard count > 0 else { return nil }
        return ProbeSummary(
            count: count,
            minimumRoundTripNs: minimumRoundTripNs,
            offsetLowNs: lowNs,
            offsetHighNs: highNs
        )
    }
}
