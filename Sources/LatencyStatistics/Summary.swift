/// The usual figures of a set of samples, in the samples' own unit.
///
/// Quantiles are exact and of type 7. Nothing is clamped: negative samples count as they are.
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
    /// The standard deviation with n - 1; nil for one sample.
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
        let sorted = samples.sorted()
        guard !sorted.isEmpty else { return nil }
        let centre = sorted[sorted.count / 2]
        self.init(sorted: sorted.map { Double($0 - centre) })
        let shift = Double(centre)
        negative = sorted.partitionPoint { $0 >= 0 }
        mean += shift
        median += shift
        p90 += shift
        p95 += shift
        p99 += shift
        p999 += shift
        minimum += shift
        maximum += shift
    }

    /// The summary of ascending samples; nil without samples.
    public init?(sorted: [Double]) {
        guard let first = sorted.first, let last = sorted.last else { return nil }
        func quantile(_ probability: Double) -> Double { Quantile.type7(sorted, probability) ?? last }
        count = sorted.count
        negative = sorted.partitionPoint { $0 >= 0 }
        median = quantile(0.5)
        p90 = quantile(0.9)
        p95 = quantile(0.95)
        p99 = quantile(0.99)
        p999 = quantile(0.999)
        minimum = first
        maximum = last
        // Two passes, the first about the median: a sum of large equal parts would lose the small differences.
        let centre = quantile(0.5)
        let centredMean = sorted.reduce(0) { $0 + ($1 - centre) } / Double(sorted.count)
        mean = centre + centredMean
        if sorted.count > 1 {
            let squares = sorted.reduce(0) { sum, value in
                let deviation = (value - centre) - centredMean
                return sum + deviation * deviation
            }
            standardDeviation = (squares / Double(sorted.count - 1)).squareRoot()
        }
    }
}

extension Array {
    /// The first index whose element satisfies `isAfter`, in an array where all such elements come last.
    func partitionPoint(_ isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
