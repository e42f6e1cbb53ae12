/// Student's distribution, for intervals whose variance is itself estimated from few parts.
public enum StudentDistribution {
    /// The probability of a value up to `t` (Abramowitz and Stegun, 26.7.1 with 26.5.27).
    public static func cumulative(_ t: Double, degreesOfFreedom: Double) -> Double {
        let tail = BetaDistribution.cumulative(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
        return t > 0 ? 1 - tail / 2 : tail / 2
    }

    /// The value that is not exceeded with this probability, found by halving `cumulative`; nan unless it is between 0
    /// and 1 and the degrees are above 0.
    ///
    /// Degrees of freedom need not be whole: Satterthwaite's ("An approximate distribution of estimates of variance
    /// components", 1946) are not.
    public static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
        guard probability > 0, probability < 1, degreesOfFreedom > 0 else { return .nan }
        guard probability >= 0.5 else { return -quantile(1 - probability, degreesOfFreedom: degreesOfFreedom) }
        var high = 2.0
        while cumulative(high, degreesOfFreedom: degreesOfFreedom) < probability, high < 1e12 { high *= 2 }
        return bisect(from: 0, to: high) { cumulative($0, degreesOfFreedom: degreesOfFreedom) >= probability }
    }
}
