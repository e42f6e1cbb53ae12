/// A path's latencies in the first design's selection of figures, all in milliseconds.
///
/// The agent and the report fill `results-<path>.json` from it. A figure is nil when there are no samples for it.
public struct PathFigures: Hashable, Sendable {
    /// Mean of the end-to-end latency.
    public var averageMs: Double?
    /// Median of the same.
    public var medianMs: Double?
    /// 95th percentile of the same.
    public var p95Ms: Double?
    /// 99th percentile of the same.
    public var p99Ms: Double?
    /// Least of the same.
    public var minimumMs: Double?
    /// Greatest of the same.
    public var maximumMs: Double?
    /// Standard deviation of the same, with n - 1.
    public var jitterStandardDeviationMs: Double?
    /// Mean of the latency from the forwarder to the receiver.
    public var backboneAverageMs: Double?
    /// Median of the same.
    public var backboneMedianMs: Double?
    /// Median of the receiver's own delay, from the kernel's receive time to the program's read.
    public var hostDelayMedianMs: Double?
    /// 99th percentile of the same.
    public var hostDelayP99Ms: Double?
    /// Greatest of the same.
    public var hostDelayMaximumMs: Double?

    /// The figures of these samples, in any order.
    public init(endToEndMs: [Double], backboneMs: [Double], hostDelayMs: [Double] = []) {
        let endToEnd = Summary(endToEndMs)
        let backbone = Summary(backboneMs)
        averageMs = endToEnd?.mean
        medianMs = endToEnd?.median
        p95Ms = endToEnd?.p95
        p99Ms = endToEnd?.p99
        minimumMs = endToEnd?.minimum
        maximumMs = endToEnd?.maximum
        jitterStandardDeviationMs = endToEnd?.standardDeviation
        backboneAverageMs = backbone?.mean
        backboneMedianMs = backbone?.median
        let hostDelay = Summary(hostDelayMs)
        hostDelayMedianMs = hostDelay?.median
        hostDelayP99Ms = hostDelay?.p99
        hostDelayMaximumMs = hostDelay?.maximum
    }
}
