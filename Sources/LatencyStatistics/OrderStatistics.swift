/// Intervals of quantiles from the ranks of the samples, which hold whatever the distribution is.
public enum OrderStatistics {
    /// The ranks, counted from 1, of the two samples between which the quantile of independent samples lies with at
    /// least 95 % certainty; nil when there are too few samples.
    ///
    /// The number of samples at or below the quantile is binomial (David and Nagaraja, "Order Statistics", 7.1). Each
    /// end leaves out at most 2.5 %.
    public static func ranks(count: Int, probability: Double) -> ClosedRange<Int>? {
        guard count > 0, probability > 0, probability < 1 else { return nil }
        func atMost(_ successes: Int) -> Double {
            guard successes >= 0 else { return 0 }
            guard successes < count else { return 1 }
            return BetaDistribution.cumulative(
                1 - probability,
                Double(count - successes),
                Double(successes + 1)
            )
        }
        // P(x(r) > quantile) = P(at most r - 1 samples at or below it).
        let lower = firstIndex(upTo: count) { atMost($0) > 0.025 }
        let upper = firstIndex(upTo: count) { atMost($0 - 1) >= 0.975 }
        guard lower >= 1, upper <= count, atMost(upper - 1) >= 0.975 else { return nil }
        return lower...upper
    }

    private static func firstIndex(upTo count: Int, _ holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count + 1
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The shares of the samples between which the share at or below the quantile lies with 95 % certainty, when the
    /// samples tell as much as `effectiveCount` independent ones; nil when they tell too little for one of the ends.
    ///
    /// The binomial distribution continued to real numbers, with half of the probability of each count on either side
    /// of it.
    static func levels(effectiveCount: Double, probability: Double) -> (low: Double, high: Double)? {
        func below(_ share: Double) -> Double {
            BetaDistribution.cumulative(
                1 - probability,
                effectiveCount * (1 - share) + 0.5,
                effectiveCount * share + 0.5
            )
        }
        guard effectiveCount >= 1, below(0) <= 0.025, below(1) >= 0.975 else { return nil }
        return (
            bisect(from: 0, to: 1) { below($0) >= 0.025 }, bisect(from: 0, to: 1) { below($0) >= 0.975 }
        )
    }
}
