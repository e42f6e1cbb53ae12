import LatencyStatistics

/// The same events on two paths: arrival(other) - arrival(baseline) at one receiver on one clock, nanoseconds.
///
/// Below zero the other path is sooner.
public struct DifferenceAnalysis: Codable, Hashable, Sendable {
    /// The first path.
    public var baseline: String
    /// The second path.
    public var other: String
    /// The figures over all pairs; the first arrival counts where a path has several lanes.
    public var summaryNs: Summary
    /// Quantiles with their intervals.
    public var quantilesNs: [QuantileInterval]
    /// Pairs in which the baseline was sooner.
    public var baselineFirst: Int
    /// Pairs in which the other path was sooner.
    public var otherFirst: Int
    /// What the first of both gains over the baseline alone, mean nanoseconds a pair.
    public var meanGainOverBaselineNs: Double
    /// What the first of both gains over the other path alone, mean nanoseconds a pair.
    public var meanGainOverOtherNs: Double
    /// Events of the baseline that have no counterpart.
    public var unmatchedBaseline: UnmatchedEvents
    /// Events of the other path that have no counterpart.
    public var unmatchedOther: UnmatchedEvents
    /// Each lane of the one against each lane of the other.
    public var lanePairs: [LanePairDifference]

    /// The number of pairs.
    public var pairs: Int { summaryNs.count }

    /// The median with its interval.
    public var median: QuantileInterval? { quantilesNs.first { $0.probability == 0.5 } }
}

/// Events of one path without a counterpart on the other, by the reason.
public struct UnmatchedEvents: Codable, Hashable, Sendable {
    /// Within 2 s of the start or the end of the window, where the counterpart may lie outside.
    public var atEdge = 0
    /// While a lane of the other path had no connection.
    public var duringGap = 0
    /// The other path should have brought it and did not.
    public var neverCame = 0

    /// All of them.
    public var total: Int { atEdge + duringGap + neverCame }
}

/// One lane against one other, over the events that came on both.
public struct LanePairDifference: Codable, Hashable, Sendable {
    /// The first lane's number in its path.
    public var firstLane: Int
    /// The second lane's number in its path.
    public var secondLane: Int
    /// The number of pairs.
    public var pairs: Int
    /// The median of arrival(second) - arrival(first), nanoseconds.
    public var medianNs: Double
    /// The median of the size of the difference, nanoseconds.
    public var medianSizeNs: Double
}

/// How far two lanes of the same path are apart: what the instrument shows where there is no difference of paths.
public struct NoiseFloor: Codable, Hashable, Sendable {
    /// The path.
    public var path: String
    /// Each pair of its lanes.
    public var lanePairs: [LanePairDifference]
    /// The median size of the difference between two lanes, with its interval, nanoseconds; nil with one lane.
    public var medianSizeNs: QuantileInterval?
    /// Why it is not measured; nil when it is.
    public var notMeasured: String?
}
