/// Exact quantiles of raw samples.
public enum Quantile {
    /// The quantile of an ascending array by Hyndman and Fan's type 7, as NumPy's default computes it; nil when empty.
    ///
    /// Type 7 interpolates between the order statistics around rank (n - 1) p, counted from 0 (Hyndman and Fan, "Sample
    /// quantiles in statistical packages", The American Statistician 50, 1996).
    public static func type7(_ sorted: [Double], _ probability: Double) -> Double? {
        AscendingNumbers(sorted: sorted).quantile(probability)
    }

    /// The fewest samples that allow a 95 % interval of this quantile.
    ///
    /// With fewer, even the least or the greatest sample lies beyond the quantile with less than 97.5 % certainty
    /// (the order-statistic interval does not exist; David and Nagaraja, "Order Statistics", 7.1): 6 for the median,
    /// 36, 72, 368 and 3,688 for p90, p95, p99, p99.9.
    public static func minimumCount(forIntervalOf probability: Double) -> Int {
        let far = max(probability, 1 - probability)
        guard far > 0, far < 1 else { return .max }
        var count = 1
        var remaining = far
        while remaining > 0.025 {
            remaining *= far
            count += 1
        }
        return count
    }

    /// The value between two order statistics; exact at both ends.
    static func interpolate(_ lower: Double, _ upper: Double, _ fraction: Double) -> Double {
        fraction == 0 ? lower : lower + (upper - lower) * fraction
    }
}
