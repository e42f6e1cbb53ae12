import Testing

@testable import LatencyStatistics

/// Answers of SciPy 1.17.1 and NumPy 2.4.6, each with the command that gave it; `series` is that of `SeriesForTests`.
@Suite struct KnownAnswerTests {
    /// `scipy.stats.beta.cdf(x, a, b)`.
    @Test(arguments: [
        (0.2, 2, 3, 0.18080000000000004), (0.5, 0.5, 0.5, 0.5), (0.01, 4.5, 996.5, 0.9824872424701586),
        (0.999, 1_000, 2.5, 0.8487988867813241), (0.3, 100_000, 240_000, 0.9999999999999679),
    ])
    func beta(x: Double, a: Double, b: Double, expected: Double) {
        #expect(agree(BetaDistribution.cumulative(x, a, b), expected, within: 1e-10))
        #expect(BetaDistribution.cumulative(0, a, b) == 0)
        #expect(BetaDistribution.cumulative(1, a, b) == 1)
        #expect(BetaDistribution.cumulative(x, 0, b).isNaN)
    }

    /// `scipy.stats.t.ppf(p, df)`.
    @Test(arguments: [
        (0.975, 1, 12.706204736174694), (0.975, 2, 4.302652729749462), (0.975, 4.5, 2.6589123472044034),
        (0.9, 28.5, 1.3119703986740423), (0.975, 1e6, 1.959966356814107), (0.1, 3, -1.6377443536962089),
    ])
    func student(probability: Double, degreesOfFreedom: Double, expected: Double) {
        let found = StudentDistribution.quantile(probability, degreesOfFreedom: degreesOfFreedom)
        #expect(agree(found, expected, within: 1e-8))
        #expect(StudentDistribution.quantile(1, degreesOfFreedom: 3).isNaN)
        #expect(StudentDistribution.quantile(0.5, degreesOfFreedom: 0).isNaN)
    }

    /// `max(r for r in range(n + 2) if binom.cdf(r - 1, n, p) <= .025)`,
    /// `min(s for s in range(1, n + 2) if binom.cdf(s - 1, n, p) >= .975)` with `scipy.stats.binom`.
    @Test(arguments: [
        (6, 0.5, 1, 6), (100, 0.5, 40, 61), (1_000, 0.5, 469, 532), (72, 0.95, 64, 72), (368, 0.99, 360, 368),
        (1_000, 0.99, 983, 997), (10_000, 0.99, 9_880, 9_920), (100_000, 0.99, 98_938, 99_062),
        (3_688, 0.999, 3_680, 3_688),
    ])
    func ranksOfOrderStatistics(count: Int, probability: Double, lower: Int, upper: Int) {
        #expect(OrderStatistics.ranks(count: count, probability: probability) == lower...upper)
    }

    @Test(arguments: [(5, 0.5), (71, 0.95), (367, 0.99), (3_687, 0.999), (0, 0.5), (1, 0.5), (2, 0.99)])
    func tooFewSamplesHaveNoRanks(count: Int, probability: Double) {
        #expect(OrderStatistics.ranks(count: count, probability: probability) == nil)
        #expect(OrderStatistics.ranks(count: count, probability: 1 - probability) == nil)
    }

    /// `brentq(lambda s: beta.cdf(1 - p, n * (1 - s) + .5, n * s + .5) - t, 1e-9, 1 - 1e-12)` for t = 0.025 and 0.975.
    @Test(arguments: [
        (1_000, 0.5, 0.4690175876142217, 0.5309824123857784), (500, 0.95, 0.9301012531472502, 0.9681832835874485),
        (800.5, 0.99, 0.9825883501441287, 0.9962310555508053),
    ])
    func levelsOfEffectiveSamples(count: Double, probability: Double, low: Double, high: Double) throws {
        let levels = try #require(OrderStatistics.levels(effectiveCount: count, probability: probability))
        #expect(agree(levels.low, low, within: 1e-9))
        #expect(agree(levels.high, high, within: 1e-9))
        #expect(OrderStatistics.levels(effectiveCount: 100, probability: 0.999) == nil)
    }

    /// `ks_2samp(series(.5, 300, 1), series(.5, 200, 2) + .2).statistic`, `kstwobign.sf(sqrt(120) * statistic)`,
    /// `kstwobign.sf(.5)`, `kstwobign.sf(sqrt(50) * .1)`, `ks_2samp(x, y).statistic`.
    @Test func kolmogorovAndSmirnov() throws {
        let first = autoregression(0.5, count: 300, seed: 1).sorted()
        let second = autoregression(0.5, count: 200, seed: 2).map { $0 + 0.2 }.sorted()
        let distance = try #require(KolmogorovSmirnov.distance(first, second))
        #expect(agree(distance, 0.29833333333333334))
        #expect(
            agree(KolmogorovSmirnov.probability(ofDistance: distance, 300, 200), 1.057329458991114e-09, within: 1e-8)
        )
        #expect(agree(KolmogorovSmirnov.probability(ofDistance: 0.05, 200, 200), 0.9639452436648751, within: 1e-9))
        #expect(agree(KolmogorovSmirnov.probability(ofDistance: 0.1, 100, 100), 0.6993741991310154, within: 1e-9))
        #expect(agree(KolmogorovSmirnov.distance([1, 2, 2, 3, 3, 3, 7], [2, 3, 3, 8, 9]), 0.4))
        #expect(KolmogorovSmirnov.distance([], [1]) == nil)
        #expect(KolmogorovSmirnov.distance([4], [4]) == 0)
        #expect(KolmogorovSmirnov.probability(ofDistance: 0, 5, 5) == 1)
    }

    /// `mannwhitneyu(a, b, method='asymptotic')`, of the same samples and of `[1, 2, 2, 3, 3, 3, 7]`, `[2, 3, 3, 8,
    /// 9]`.
    @Test func mannAndWhitney() throws {
        let first = autoregression(0.5, count: 300, seed: 1).sorted()
        let second = autoregression(0.5, count: 200, seed: 2).map { $0 + 0.2 }.sorted()
        let test = try #require(MannWhitney(first, second))
        #expect(test.statistic == 18_251)
        #expect(agree(test.probability, 1.1451014638244224e-13, within: 1e-8))
        #expect(agree(test.shareSecondSmaller, 18_251.0 / 60_000))
        let tied = try #require(MannWhitney([1, 2, 2, 3, 3, 3, 7], [2, 3, 3, 8, 9]))
        #expect(tied.statistic == 10)
        #expect(agree(tied.probability, 0.2349423770207547, within: 1e-9))
        let equal = try #require(MannWhitney([4, 4], [4, 4]))
        #expect(equal.statistic == 2 && equal.probability == nil)
        #expect(MannWhitney([], [1]) == nil)
        #expect(MannWhitney([1], []) == nil)
    }

    /// `np.quantile(x, [.5, .95, .99])`, `np.std(x, ddof=1)`, and by hand the jitter of RFC 3550 and the delay
    /// variation of RFC 5481 (p95 - p50).
    @Test(
        arguments: [
            ([7], [7, 7, 7], nil, nil), ([3, 9], [6, 8.7, 8.94], 4.242640687119285, 0.375),
            ([5, 5, 5, 5], [5, 5, 5], 0, 0), ([-9, -3, -3, 12], [-3, 9.75, 11.55], 8.958236433584458, 1.26708984375),
        ] as [([Double], [Double], Double?, Double?)]
    )
    func smallSets(samples: [Double], quantiles: [Double], deviation: Double?, jitter: Double?) throws {
        let summary = try #require(Summary(samples))
        #expect(agree(summary.median, quantiles[0]))
        #expect(agree(summary.p95, quantiles[1]))
        #expect(agree(summary.p99, quantiles[2]))
        #expect(
            summary.standardDeviation == nil ? deviation == nil : agree(summary.standardDeviation, deviation ?? .nan)
        )
        #expect(abs(summary.p95MinusMedian - (quantiles[1] - quantiles[0])) < 1e-12)
        let found = InterarrivalJitter.of(samples)
        #expect(found == nil ? jitter == nil : agree(found, jitter ?? .nan))
        #expect(summary.negative == samples.count { $0 < 0 })
        let interval = try #require(QuantileEstimator(samples).interval(0.5))
        #expect(interval.low == nil && interval.withheld == "needs 400 samples, has \(samples.count)")
    }

    /// 2^62 + 0, 1, 2: standard deviation 1, which a sum of doubles could not tell from 0.
    @Test func hugeNanosecondsKeepTheirDifferences() throws {
        let huge: Int64 = 1 << 62
        let summary = try #require(Summary([huge, huge + 1, huge + 2]))
        #expect(summary.standardDeviation == 1)
        #expect(summary.median == 0x1p62)
        let streamed = try #require(
            try StreamedSummary(quantiles: [0.5]) { take in [huge, huge + 1, huge + 2].forEach(take) }
        )
        #expect(streamed.standardDeviation == 1)
        #expect(streamed.minimum == huge && streamed.maximum == huge + 2)
        #expect(Summary([Int64]()) == nil)
    }
}
