import LatencyStatistics

/// The same events on two paths: arrival(other) - arrival(baseline) at one receiver on one clock, nanoseconds.
///
/// Below zero the other path is sooner. Each event is its own control, so that what both paths share falls out (the
/// matched pairs of Student 1908); the intervals are `QuantileEstimator`'s, with both paths' lanes as crossed random
/// effects.
public struct DifferenceAnalysis: Codable, Hashable, Sendable {
    /// The first path.
    public var baseline: String
    /// The second path.
    public var other: String
    /// The events that came on both paths.
    public var pairs: Int
    /// The figures of one connection of each path, whichever it is: over all events and all pairs of lanes.
    public var summaryNs: Summary
    /// Quantiles of the same with their intervals, which hold the spread between lanes.
    public var quantilesNs: [QuantileInterval]
    /// The difference between the first arrivals, where a path's lanes are taken together.
    public var firstArrivalsNs: Summary
    /// Pairs in which the baseline was sooner.
    public var baselineFirst: Int
    /// Pairs in which the other path was sooner.
    public var otherFirst: Int
    /// What the first of both gains over the baseline alone, mean nanoseconds a pair.
    public var meanGainOverBaselineNs: Double
    /// What the first of both gains over the other path alone, mean nanoseconds a pair.
    public var meanGainOverOtherNs: Double
    /// End to end, taking the first of both paths, nanoseconds; nil without event times.
    public var firstOfBothNs: Summary?
    /// Events of the baseline that have no counterpart.
    public var unmatchedBaseline: UnmatchedEvents
    /// Events of the other path that have no counterpart.
    public var unmatchedOther: UnmatchedEvents
    /// The difference of the first arrivals by how busy the market was, the calmest tenth first; empty with few events.
    public var rateDeciles: [RateDecile]
    /// Each lane of the one against each lane of the other.
    public var lanePairs: [LanePairDifference]

    /// The median with its interval.
    public var median: QuantileInterval? { quantilesNs.first { $0.probability == 0.5 } }
}

/// Events of one path without a counterpart on the other, by the reason.
public struct UnmatchedEvents: Codable, Hashable, Sendable {
    /// The counterpart came before the window's start, or would have, within 2 s of it.
    public var beforeStart = 0
    /// The counterpart came after the window's end, or would have, within 2 s of it.
    public var afterEnd = 0
    /// While a lane of the other path had no connection, or no data before that was lost.
    public var duringGap = 0
    /// The other path should have brought it and did not.
    public var neverCame = 0
    /// The longest stretch of events that follow each other and did not come; nil when none is missing.
    public var longest: MissingStretch?

    /// All of them.
    public var total: Int { beforeStart + afterEnd + duringGap + neverCame }
    /// Those that the other path should have brought inside the window, and did not.
    public var missing: Int { duringGap + neverCame }
}

/// Events that follow each other on one path, none of which came on the other.
public struct MissingStretch: Codable, Hashable, Sendable {
    /// How many.
    public var events: Int
    /// When the first of them came on the one path, seconds from the start of the first measured window.
    public var fromSeconds: Double
    /// When the last of them did.
    public var toSeconds: Double
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

/// How far two lanes of the same path are apart, event by event: what the instrument shows where there is no difference
/// of paths (an A/A comparison: Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments", 2020, chapter 19).
public struct NoiseFloor: Codable, Hashable, Sendable {
    /// The path.
    public var path: String
    /// Each pair of its lanes.
    public var lanePairs: [LanePairDifference]
    /// The median size of the difference between two lanes, with its interval, nanoseconds; nil with one lane.
    public var medianSizeNs: QuantileInterval?
    /// arrival(second lane) - arrival(first lane), of up to four pairs of lanes, nanoseconds; nil with one lane, or
    /// without a spread.
    public var differencesNs: Histogram?
    /// Why it is not measured; nil when it is.
    public var notMeasured: String?
}
