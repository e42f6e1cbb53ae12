/// The figures of one latency of a path that the first design's results have, in milliseconds; nil where there is none.
public struct LatencyFigures: Hashable, Sendable {
    /// The mean.
    public var averageMs: Double?
    /// The median.
    public var medianMs: Double?
    /// The 95th percentile.
    public var p95Ms: Double?
    /// The 99th percentile.
    public var p99Ms: Double?
    /// The least; negative values are kept.
    public var minimumMs: Double?
    /// The greatest.
    public var maximumMs: Double?
    /// The standard deviation, with n - 1.
    public var standardDeviationMs: Double?

    /// Figures of a latency that nothing is known of.
    public init() {}

    /// Figures from nanoseconds.
    public init(
        averageNs: Double,
        medianNs: Double,
        p95Ns: Double,
        p99Ns: Double,
        minimumNs: Double,
        maximumNs: Double,
        standardDeviationNs: Double?
    ) {
        averageMs = averageNs / 1e6
        medianMs = medianNs / 1e6
        p95Ms = p95Ns / 1e6
        p99Ms = p99Ns / 1e6
        minimumMs = minimumNs / 1e6
        maximumMs = maximumNs / 1e6
        standardDeviationMs = standardDeviationNs.map { $0 / 1e6 }
    }
}
