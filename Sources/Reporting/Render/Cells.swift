import LatencyStatistics

/// Cells that several tables share.
enum Cells {
    /// An interval in milliseconds; `n < 368` when it is withheld for too few samples.
    static func interval(_ interval: QuantileInterval?) -> String {
        guard let interval else { return "" }
        if let low = interval.low, let high = interval.high {
            return Format.milliseconds(low) + ".." + Format.milliseconds(high)
        }
        let needed = QuantileEstimator.minimumCount(forIntervalOf: interval.probability)
        return interval.cause == .tooFewSamples ? "n < \(Format.count(needed))" : "withheld"
    }
}
