import ExperimentModel
import LatencyStatistics

/// What was measured on one path.
public struct PathAnalysis: Codable, Hashable, Sendable {
    /// The path's name.
    public var name: String
    /// Direct or relayed.
    public var kind: PathSpecification.Kind
    /// Samples inside the measured window, all lanes together.
    public var samples: Int
    /// Events inside the window that came again on the same lane; left out of the latencies.
    public var duplicates: Int
    /// Events inside the window that came after a later one.
    public var reordered: Int
    /// Recorded events outside the window: the warm-up, and what came after the end.
    public var outsideWindow: Int
    /// Missing sequence ids of the whole run; nil on a direct path, whose events bear no consecutive numbers.
    public var eventsLost: Int?
    /// What carried a relayed path's events; nil for TCP, and for direct paths.
    public var transport: PathTransport?
    /// Where arrival times came from: `kernel`, `user`, or `mixed`; nil without samples.
    public var receiveTimeSource: String?
    /// Each metric that this kind of path has, all lanes together.
    public var metrics: [MetricAnalysis]
    /// Metrics that are not given although there were samples, and why; nil when none is withheld.
    public var withheld: [WithheldMetric]?
    /// Each lane alone.
    public var lanes: [LaneAnalysis]
    /// What to know of these figures: for example that there is no event time.
    public var notes: [String]

    /// Whether its streams say no event times: then there is no end-to-end latency, and none was withheld.
    var isUntimed: Bool { metric(.endToEnd) == nil && !(withheld ?? []).contains { $0.metric == .endToEnd } }

    /// The metric's figures; nil when the path has none.
    public func metric(_ metric: Metric) -> MetricAnalysis? { metrics.first { $0.metric == metric } }
}

/// A metric that is not given although there were samples.
public struct WithheldMetric: Codable, Hashable, Sendable {
    /// Which time it is.
    public var metric: Metric
    /// Why, in words.
    public var reason: String
}

/// The figures of one metric of one path, in nanoseconds.
public struct MetricAnalysis: Codable, Hashable, Sendable {
    /// Which time it is.
    public var metric: Metric
    /// The figures, nanoseconds.
    public var summaryNs: Summary
    /// p50, p90, p95, p99, p99.9 with their intervals, nanoseconds.
    public var quantilesNs: [QuantileInterval]
    /// RFC 3550 interarrival jitter (section 6.4.1), nanoseconds, mean over the lanes; nil with fewer than two samples.
    public var jitterNs: Double?
    /// How far off the figures can be for the clocks' sake.
    public var bound: ErrorBound

    /// The quantile with its interval; nil when it was not computed.
    public func quantile(_ probability: Double) -> QuantileInterval? {
        quantilesNs.first { $0.probability == probability }
    }
}

/// How far an absolute figure can be from the truth, apart from chance: the synchronisation errors of both ends and the
/// resolution of the stamps, added as hard limits (RFC 7679 section 3.7; bounds by RFC 5905 section 11.1).
public struct ErrorBound: Codable, Hashable, Sendable {
    /// The sum of the clock bounds of the hosts involved, nanoseconds; 0 when one clock gave both times, nil when
    /// unknown.
    public var clockNs: Double?
    /// The hosts whose clocks are involved.
    public var hosts: [String]
    /// What the exchange's rounding of its event time down can add to the figure, nanoseconds: the true value is up to
    /// this much smaller.
    public var truncationNs: Double
    /// What is to be added to the figures if chrony's estimates of the clocks' offsets are right, nanoseconds; nil when
    /// unknown.
    ///
    /// An estimate, within the bound: the figures are without it.
    public var estimateNs: Double?
    /// Whether every clock involved passed the run's check throughout.
    public var isVerified: Bool
}

/// One lane of a path.
public struct LaneAnalysis: Codable, Hashable, Sendable {
    /// Its number in the path, from 0.
    public var lane: Int
    /// Samples inside the window.
    public var samples: Int
    /// Duplicates inside the window.
    public var duplicates: Int
    /// Events inside the window that came after a later one.
    public var reordered: Int
    /// Events inside the window that came on another lane of the path and not on this one; nil with one lane.
    public var missed: Int?
    /// Segments that the forwarder's TCP sent again on the relay connection inside the window; nil where it was not
    /// watched, on a direct path, whose sender is the exchange, and over UDP.
    public var resent: Int?
    /// The addresses that brought the feed, first to last.
    public var endpoints: [String]
    /// End-to-end figures, nanoseconds; nil without event times.
    public var endToEndNs: Summary?
    /// Relay leg figures, nanoseconds; nil on a direct path.
    public var backboneNs: Summary?
    /// How much later than on the soonest lane of the same path an event came, nanoseconds; nil with one lane.
    public var behindSoonestNs: Summary?
}
