#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The two-sample statistic of Kolmogorov and Smirnov: the largest gap between two empirical distributions (Smirnov,
/// "On the estimation of the discrepancy between empirical curves of distribution for two independent samples", 1939).
public enum KolmogorovSmirnov {
    /// The largest difference of the shares of samples up to any one value, 0 to 1, of two ascending sets; nil when one
    /// is empty.
    public static func distance(_ first: [Double], _ second: [Double]) -> Double? {
        distance(AscendingNumbers(sorted: first), AscendingNumbers(sorted: second))
    }

    /// The same of ascending samples however they are kept.
    public static func distance(_ first: some AscendingSamples, _ second: some AscendingSamples) -> Double? {
        guard first.count > 0, second.count > 0 else { return nil }
        var largest = 0.0
        var i = 0
        var j = 0
        while i < first.count, j < second.count {
            let value = min(first[i], second[j])
            while i < first.count, first[i] == value { i += 1 }
            while j < second.count, second[j] == value { j += 1 }
            largest = max(largest, abs(Double(i) / Double(first.count) - Double(j) / Double(second.count)))
        }
        return largest
    }

    /// The probability of such a distance or a larger one between independent samples of one distribution, in the limit
    /// of many (Kolmogorov 1933, Smirnov 1948).
    ///
    /// Samples of market data are not independent: use it for figures of whole runs.
    public static func probability(ofDistance distance: Double, _ firstCount: Int, _ secondCount: Int) -> Double {
        let n = Double(firstCount)
        let m = Double(secondCount)
        let scaled = (n * m / (n + m)).squareRoot() * distance
        guard scaled > 0.04 else { return 1 }
        if scaled < 1 {
            // The same function by its other series, which converges where the first does not.
            let base = Double.pi * Double.pi / (8 * scaled * scaled)
            let sum = (1...20).reduce(0.0) { sum, k in
                let odd = Double(2 * k - 1)
                return sum + exp(-odd * odd * base)
            }
            return max(0, 1 - (2 * Double.pi).squareRoot() / scaled * sum)
        }
        let sum = (1...100).reduce(0.0) { sum, k in
            let size = exp(-2 * Double(k * k) * scaled * scaled)
            return k % 2 == 1 ? sum + size : sum - size
        }
        return min(1, 2 * sum)
    }
}

/// The rank test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than
/// the other", 1947), also called Wilcoxon's rank sum (1945).
public struct MannWhitney: Codable, Hashable, Sendable {
    /// The pairs of one sample of each set in which the first set's is larger, equal ones counted half.
    public var statistic: Double
    /// The share of pairs in which the second set's sample is smaller: of delays, that it is the sooner one.
    public var shareSecondSmaller: Double
    /// The two-sided probability of such a statistic between independent samples of one distribution; nil when all are
    /// equal.
    ///
    /// By the normal approximation, corrected for ties and continuity (Lehmann, "Nonparametrics", 1975).
    public var probability: Double?

    /// The test of two ascending sets; nil when one is empty.
    public init?(_ first: [Double], _ second: [Double]) {
        self.init(AscendingNumbers(sorted: first), AscendingNumbers(sorted: second))
    }

    /// The test of ascending samples however they are kept; nil when one set is empty.
    public init?(_ first: some AscendingSamples, _ second: some AscendingSamples) {
        guard first.count > 0, second.count > 0 else { return nil }
        let n = Double(first.count)
        let m = Double(second.count)
        var rankSum = 0.0
        var ties = 0.0
        var ranked = 0.0
        var i = 0
        var j = 0
        while i < first.count || j < second.count {
            let value = min(i < first.count ? first[i] : .infinity, j < second.count ? second[j] : .infinity)
            var mine = 0.0
            var theirs = 0.0
            while i < first.count, first[i] == value {
                mine += 1
                i += 1
            }
            while j < second.count, second[j] == value {
                theirs += 1
                j += 1
            }
            // Infinite or not-a-number samples would never be passed.
            guard mine + theirs > 0 else { return nil }
            let equal = mine + theirs
            rankSum += mine * (ranked + (equal + 1) / 2)
            ties += equal * equal * equal - equal
            ranked += equal
        }
        statistic = rankSum - n * (n + 1) / 2
        shareSecondSmaller = statistic / (n * m)
        let all = n + m
        let variance = n * m / 12 * ((all + 1) - ties / (all * (all - 1)))
        guard all > 1, variance > 0 else { return }
        let distance = max(0, abs(statistic - n * m / 2) - 0.5) / variance.squareRoot()
        probability = erfc(distance / 2.0.squareRoot())
    }
}
