/// A path's latencies in the first design's selection of figures, all in milliseconds.
///
/// The agent fills `results-<path>.json` from it. Quantiles are of type 7 (`Quantile`), deviations with n - 1 (`Summary`). A figure is nil when there are no samples for it.
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

    /// The figures of nanoseconds that are too many to hold, each handed over as often as it is asked for.
    ///
    /// - Throws: what the passes throw.
    public init(
        endToEndNs: StreamedSummary.Pass,
        backboneNs: StreamedSummary.Pass,
        hostDelayNs: StreamedSummary.Pass
    ) throws {
        let endToEnd = try StreamedSummary(quantiles: [0.5, 0.95, 0.99], of: endToEndNs)
        let backbone = try StreamedSummary(quantiles: [0.5], of: backboneNs)
        averageMs = endToEnd.map { $0.mean / 1e6 }
        medianMs = endToEnd.map { $0.quantiles[0] / 1e6 }
        p95Ms = endToEnd.map { $0.quantiles[1] / 1e6 }
        p99Ms = endToEnd.map { $0.quantiles[2] / 1e6 }
        minimumMs = endToEnd.map { Double($0.minimum) / 1e6 }
        maximumMs = endToEnd.map { Double($0.maximum) / 1e6 }
        jitterStandardDeviationMs = endToEnd?.standardDeviation.map { $0 / 1e6 }
        backboneAverageMs = backbone.map { $0.mean / 1e6 }
        backboneMedianMs = backbone.map { $0.quantiles[0] / 1e6 }
        let hostDelay = try StreamedSummary(quantiles: [0.5, 0.99], of: hostDelayNs)
        hostDelayMedianMs = hostDelay.map { $0.quantiles[0] / 1e6 }
        hostDelayP99Ms = hostDelay.map { $0.quantiles[1] / 1e6 }
        hostDelayMaximumMs = hostDelay.map { Double($0.maximum) / 1e6 }
    }
}
