/// Differences between two sides of several independent units each, such as runs: what counts is how much units differ.
///
/// However many samples a run has, it was taken on one day over one set of connections; the number of runs is the
/// sample size of a comparison of runs (Hurlbert, "Pseudoreplication and the design of ecological field experiments",
/// 1984).
///
/// Units are given in the order of time. Eight or more of which each resembles the one before tell less than as many
/// independent ones: for what of that they show, their mean's variance is that of an autoregression of order 1 (Bayley
/// and Hammersley, "The 'effective' number of independent observations in an autocorrelated time series", 1946), and
/// degrees of freedom are fewer.
public enum UnitComparison {
    /// The mean of the units' figures with its 95 % interval by Student's t (Student, "The probable error of a mean",
    /// 1908); of one unit, the unit's own interval.
    ///
    /// - Returns: nil without units.
    public static func mean(_ units: [QuantileInterval]) -> QuantileInterval? {
        guard let first = units.first else { return nil }
        guard units.count > 1, let spread = Spread(units) else { return units.count == 1 ? first : nil }
        return interval(first.probability, spread.mean, spread.variance, spread.degrees)
    }

    /// The same where a unit that has no interval of its own leaves the mean without one: what a run is too short to
    /// tell is not told by another run that happens to be near it.
    public static func meanOfKnown(_ units: [QuantileInterval]) -> QuantileInterval? {
        mean(units).map { keeping($0, units) }
    }

    /// The estimate without its interval if one of the units has none, with that unit's reason.
    private static func keeping(_ estimate: QuantileInterval, _ units: [QuantileInterval]) -> QuantileInterval {
        guard estimate.withheld == nil, let unknown = units.first(where: { $0.withheld != nil }) else {
            return estimate
        }
        let withheld = units.count { $0.withheld != nil }
        let reason = unknown.withheld ?? ""
        return QuantileInterval(
            probability: estimate.probability,
            value: estimate.value,
            cause: unknown.cause,
            withheld: units.count == 1 ? reason : "\(withheld) of \(units.count) runs have none: \(reason)"
        )
    }

    /// The difference between the means of two sides, second - first, by Welch's t-test ("The generalization of
    /// 'Student's' problem when several different population variances are involved", 1947).
    ///
    /// A side of one unit beside a side of several takes the other's spread; of one unit each, the difference is that
    /// of two independent estimates, which knows nothing of how units differ. Without an interval if a unit has none.
    public static func difference(_ first: [QuantileInterval], _ second: [QuantileInterval]) -> QuantileInterval? {
        guard let one = first.first, let other = second.first else { return nil }
        if first.count == 1, second.count == 1 { return QuantileInterval(difference: one, other) }
        guard let firstSpread = Spread(first) ?? Spread(second).map({ $0.single(one) }),
            let secondSpread = Spread(second) ?? Spread(first).map({ $0.single(other) })
        else { return nil }
        let parts = [firstSpread, secondSpread]
        let variance = parts.reduce(0) { $0 + $1.variance }
        let squares = parts.reduce(0) { $0 + $1.variance * $1.variance / $1.degrees }
        let degrees = squares > 0 ? variance * variance / squares : parts.map(\.degrees).reduce(0, +)
        let difference = interval(one.probability, secondSpread.mean - firstSpread.mean, variance, degrees)
        return keeping(difference, first + second)
    }

    /// The mean of differences between units that were matched, second - first, with its interval by Student's paired t
    /// (1908).
    ///
    /// - Parameter pairs: at least two pairs of units.
    /// - Returns: nil with fewer than two.
    public static func matchedDifference(
        _ pairs: [(first: QuantileInterval, second: QuantileInterval)]
    ) -> QuantileInterval? {
        let differences = pairs.map { QuantileInterval(difference: $0.first, $0.second) }
        guard let first = differences.first, let spread = Spread(differences) else { return nil }
        return keeping(interval(first.probability, spread.mean, spread.variance, spread.degrees), differences)
    }

    /// How much units differ: the variance of their mean, at least what each one's own uncertainty makes of it.
    private struct Spread {
        var mean: Double
        var unitVariance: Double
        var variance: Double
        var degrees: Double

        init?(_ units: [QuantileInterval]) {
            guard units.count > 1, let summary = Summary(units.map(\.value)) else { return nil }
            let count = Double(units.count)
            let deviation = summary.standardDeviation ?? 0
            let own = units.reduce(0) { $0 + ($1.standardError ?? 0) * ($1.standardError ?? 0) } / count
            mean = summary.mean
            let inflation = Self.inflation(units.map(\.value))
            // The deviations are from a mean that follows the units, too.
            unitVariance = max(deviation * deviation / max(0.2, 1 - (inflation - 1) / count), own)
            variance = unitVariance / count * inflation
            degrees = max(1, count / inflation - 1)
        }

        /// With fewer units a correlation of neighbours is not known at all.
        private static let fewestForCorrelation = 8

        /// How many times the variance of the mean is that of independent units; 1 where neighbours do not resemble each
        /// other.
        ///
        /// The correlation as found is too low by (1 + 3 r) / n (Marriott and Pope, "Bias in the estimation of
        /// autocorrelations", 1954).
        private static func inflation(_ values: [Double]) -> Double {
            guard values.count >= fewestForCorrelation, let found = LinearTrend.neighbourCorrelation(values) else {
                return 1
            }
            let correlation = min(0.95, found + (1 + 3 * max(0, found)) / Double(values.count))
            return correlation > 0 ? (1 + correlation) / (1 - correlation) : 1
        }

        /// One unit that differs from others as these do among themselves, and at least by its own uncertainty.
        func single(_ unit: QuantileInterval) -> Spread {
            var single = self
            single.mean = unit.value
            single.unitVariance = max(unitVariance, (unit.standardError ?? 0) * (unit.standardError ?? 0))
            single.variance = single.unitVariance
            return single
        }
    }

    private static func interval(
        _ probability: Double,
        _ value: Double,
        _ variance: Double,
        _ degrees: Double
    ) -> QuantileInterval {
        let error = variance.squareRoot()
        let half = StudentDistribution.quantile(0.975, degreesOfFreedom: degrees) * error
        return QuantileInterval(
            probability: probability,
            value: value,
            low: value - half,
            high: value + half,
            standardError: error,
            degreesOfFreedom: degrees,
            blockLength: nil
        )
    }
}
