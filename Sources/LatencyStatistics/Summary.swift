/// The usual figures of a set of samples, in the samples' own unit.
///
/// Quantiles are exact and of type 7 (Hyndman and Fan 1996). Nothing is clamped: negative samples count as they are.
public struct Summary: Codable, Hashable, Sendable {
    /// The number of samples.
    public var count: Int
    /// The number of samples below zero.
    public var negative: Int
    /// The arithmetic mean.
    public var mean: Double
    /// The median.
    public var median: Double
    /// The 90th percentile.
    public var p90: Double
    /// The 95th percentile.
    public var p95: Double
    /// The 99th percentile.
    public var p99: Double
    /// The 99.9th percentile.
    public var p999: Double
    /// The least sample.
    public var minimum: Double
    /// The greatest sample.
    public var maximum: Double
    /// The standard deviation with n - 1 (Bessel's correction); nil for one sample.
    public var standardDeviation: Double?

    /// The packet delay variation of RFC 5481 section 4.2 at the 95th percentile, with the median as its reference.
    public var p95MinusMedian: Double { p95 - median }

    /// The summary of samples in any order; nil without samples.
    public init?(_ samples: [Double]) {
        self.init(sorted: samples.sorted())
    }

    /// The summary of whole numbers, such as nanoseconds, in any order; nil without samples.
    ///
    /// Exact also for epoch nanoseconds: the sums are of offsets from the median, not of the numbers themselves.
    public init?(_ samples: [Int64]) {
        self.init(CompactSeries(samples).sorted())
    }

    /// The summary of ascending samples; nil without samples.
    public init?(sorted: [Double]) {
        self.init(AscendingNumbers(sorted: sorted))
    }

    /// The summary of several ascending series together; nil without samples.
    public init?(merging parts: [AscendingSeries]) {
        self.init(MergedSeries(parts))
    }

    /// The summary of ascending samples; nil without samples.
    ///
    /// Sums are taken about the median: those of large equal parts would lose the small differences (Chan, Golub and
    /// LeVeque, "Algorithms for computing the sample variance", 1983).
    public init?(_ samples: some AscendingSamples) {
        guard samples.count > 0 else { return nil }
        func quantile(_ probability: Double) -> Double { samples.quantile(probability) ?? samples[samples.count - 1] }
        count = samples.count
        negative = samples.negativeCount
        median = quantile(0.5)
        p90 = quantile(0.9)
        p95 = quantile(0.95)
        p99 = quantile(0.99)
        p999 = quantile(0.999)
        minimum = samples[0]
        maximum = samples[samples.count - 1]
        let moments = samples.moments(about: median)
        mean = moments.mean
        if samples.count > 1 { standardDeviation = (moments.squares / Double(samples.count - 1)).squareRoot() }
    }
}
