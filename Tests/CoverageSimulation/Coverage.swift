import LatencyStatistics

/// How often intervals hold what is true.
public struct Coverage: Sendable {
    /// The process.
    public var process: DelayProcess
    /// Which quantile.
    public var probability: Double
    /// Whether it is of a paired difference.
    public var isDifference: Bool
    /// The samples of a series.
    public var count: Int
    /// The series that gave an interval.
    public var given = 0
    /// The series whose interval was withheld.
    public var withheld = 0
    /// The intervals that held the true quantile.
    public var held = 0
    /// The sum of the intervals' widths.
    private var widths = 0.0

    /// The share of intervals that held the truth.
    public var share: Double { given == 0 ? 0 : Double(held) / Double(given) }
    /// The share of all series whose interval was wrong.
    public var wrongShare: Double { Double(given - held) / Double(max(1, given + withheld)) }
    /// Whether fewer than half of the series got an interval: those that did are then not like the others.
    public var isTooSeldomGiven: Bool { given < withheld }
    /// The mean width of an interval.
    public var meanWidth: Double { given == 0 ? 0 : widths / Double(given) }
    /// `median`, `p99`, `Δ median`.
    public var name: String {
        (isDifference ? "Δ " : "") + (probability == 0.5 ? "median" : "p\(Int((probability * 100).rounded()))")
    }

    /// Whether the coverage is within limits, give or take three standard errors of so many series; where fewer than
    /// half got an interval, whether the wrong ones are no more of all than they may be.
    public func isWithin(_ limits: ClosedRange<Double>) -> Bool {
        let error = 3 * (0.05 * 0.95 / Double(max(1, given))).squareRoot()
        guard !isTooSeldomGiven else { return wrongShare <= 1 - limits.lowerBound }
        return share >= limits.lowerBound - error && share <= limits.upperBound + error
    }

    /// Makes series from consecutive seeds and looks whether their intervals hold the truth.
    public static func measure(
        _ process: DelayProcess,
        isDifference: Bool,
        probabilities: [Double],
        count: Int,
        series: Int,
        seed: UInt64
    ) -> [Coverage] {
        var results = probabilities.map {
            Coverage(process: process, probability: $0, isDifference: isDifference, count: count)
        }
        let truths = probabilities.map {
            isDifference ? process.quantileOfDifference($0) : process.quantile($0)
        }
        for number in 0..<UInt64(series) {
            var samples = process.series(count: count, seed: 2 * (seed + number))
            if isDifference {
                samples = zip(process.series(count: count, seed: 2 * (seed + number) + 1), samples).map { $1 - $0 }
            }
            let estimator = isDifference ? QuantileEstimator(lanePairs: [[samples]]) : QuantileEstimator(samples)
            for index in results.indices {
                results[index].add(estimator.interval(probabilities[index]), truth: truths[index])
            }
        }
        return results
    }

    private mutating func add(_ interval: QuantileInterval?, truth: Double) {
        guard let low = interval?.low, let high = interval?.high else {
            withheld += 1
            return
        }
        given += 1
        widths += high - low
        if low <= truth, truth <= high { held += 1 }
    }
}
