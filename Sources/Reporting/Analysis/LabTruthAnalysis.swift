import LatencyStatistics

/// The instrument against a simulated world that knows the truth.
public struct LabTruthAnalysis: Codable, Hashable, Sendable {
    /// Each path whose truth is known.
    public var paths: [PathTruth]
    /// The true median of arrival(other) - arrival(baseline), nanoseconds; nil without both paths.
    public var differenceMedianNs: Double?
    /// Paths whose truth is not known; nil when all are.
    public var unknown: [UnknownTruth]?
}

/// A path whose true delays a simulated world cannot tell.
public struct UnknownTruth: Codable, Hashable, Sendable {
    /// The path's name.
    public var path: String
    /// Why, in words.
    public var reason: String
}

/// One path's true delays, and how far the instrument was from them.
public struct PathTruth: Codable, Hashable, Sendable {
    /// The path's name.
    public var path: String
    /// Events inside the window that the world delivered.
    public var events: Int
    /// The true median from the exchange's send to the delivery, nanoseconds.
    public var medianNs: Double
    /// The true 95th percentile.
    public var p95Ns: Double
    /// The true 99th percentile.
    public var p99Ns: Double
    /// The measured end-to-end delays of the first arrivals, nanoseconds; nil without event times.
    public var measuredNs: Summary?
    /// Events that were measured and have a truth.
    public var compared: Int
    /// The median of measured arrival - true delivery, nanoseconds; nil when nothing can be compared.
    public var errorMedianNs: Double?
    /// The 99th percentile of the size of that error, nanoseconds.
    public var errorP99Ns: Double?
}
