import LatencyStatistics

/// Cells that several tables share.
enum Cells {
    /// An interval in milliseconds; `n < 368` when it is withheld for too few samples.
    ///
    /// - Parameter isSigned: whether it is of a difference, which has a sign in any case.
    static func interval(_ interval: QuantileInterval?, isSigned: Bool = false) -> String {
        guard let interval else { return "" }
        if let low = interval.low, let high = interval.high {
            return isSigned
                ? Format.signedMilliseconds(low) + ".." + Format.signedMilliseconds(high)
                : Format.milliseconds(low) + ".." + Format.milliseconds(high)
        }
        let needed = QuantileEstimator.minimumCount(forIntervalOf: interval.probability)
        return interval.cause == .tooFewSamples ? "n < \(Format.count(needed))" : "withheld"
    }

    /// A difference of two quantiles in milliseconds; "~" where none is shown: the interval holds zero, or is withheld.
    static func difference(_ interval: QuantileInterval?) -> String {
        guard let interval else { return "" }
        return interval.excludesZero ? Format.signedMilliseconds(interval.value) : "~"
    }

    /// How far the clocks may be off, milliseconds.
    static func bound(_ bound: ErrorBound) -> String {
        bound.clockNs.map { "±" + Format.milliseconds($0) } ?? "unknown"
    }
}
