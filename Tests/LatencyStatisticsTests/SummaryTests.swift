import LatencyStatistics
import Testing

@Suite struct SummaryTests {
    /// `np.quantile(x, p)`, `x.mean()`, `np.std(x, ddof=1)` with `x = series(0.5, 1000, 42) * 1e6 + 118e6`.
    @Test func figuresAgreeWithNumPy() throws {
        let summary = try #require(Summary(delaysNs))
        #expect(summary.count == 1_000)
        #expect(agree(summary.mean, 117979909.45065401))
        #expect(agree(summary.standardDeviation, 344000.06883352523, within: 1e-10))
        #expect(agree(summary.median, 117976470.28991202))
        #expect(agree(summary.p90, 118457811.52600163))
        #expect(agree(summary.p95, 118545137.41041398))
        #expect(agree(summary.p99, 118694685.96430917))
        #expect(agree(summary.p999, 118780232.881289))
        #expect(summary.minimum == delaysNs.min())
        #expect(summary.maximum == delaysNs.max())
        #expect(agree(summary.p95MinusMedian, 118545137.41041398 - 117976470.28991202, within: 1e-9))
        #expect(summary.negative == 0)
    }

    /// `np.quantile([15, 20, 35, 40, 50], [0, .05, .3, .4, .5, 1])`.
    @Test(arguments: [(0, 15), (0.05, 16), (0.3, 23), (0.4, 29), (0.5, 35), (1, 50)])
    func quantilesAreOfType7(probability: Double, expected: Double) {
        #expect(agree(Quantile.type7([15, 20, 35, 40, 50], probability), expected))
    }

    @Test func quantilesOfNothingOrBeyondTheEndsAreNil() {
        #expect(Quantile.type7([], 0.5) == nil)
        #expect(Quantile.type7([1], 1.1) == nil)
        #expect(Quantile.type7([1], .nan) == nil)
        #expect(Quantile.type7([7], 0.99) == 7)
    }

    @Test func epochNanosecondsLoseNothing() throws {
        let epoch: Int64 = 1_795_000_000_123_456_789
        let summary = try #require(Summary([epoch, epoch + 1, epoch + 2, epoch + 5]))
        // The deviations are -2, -1, 0, 3 about a mean of +2: sum of squares 14.
        #expect(agree(summary.standardDeviation, (14.0 / 3).squareRoot()))
    }

    @Test func wholeNumbersAndRealNumbersGiveTheSame() throws {
        let whole: [Int64] = [-3, 9, 0, -1, 4, 4, 12]
        let fromWhole = try #require(Summary(whole))
        let fromReal = try #require(Summary(whole.map(Double.init)))
        #expect(fromWhole.median == fromReal.median)
        #expect(fromWhole.negative == 2)
        #expect(fromReal.negative == 2)
        #expect(agree(fromWhole.mean, fromReal.mean))
        #expect(fromWhole.minimum == -3)
    }

    @Test func oneSampleHasNoStandardDeviation() throws {
        let summary = try #require(Summary([5.0]))
        #expect(summary.standardDeviation == nil)
        #expect(summary.p999 == 5)
        #expect(Summary([Double]()) == nil)
    }

    /// `j = 0; for a, b in zip(x, x[1:]): j += (abs(b - a) - j) / 16`.
    @Test func interarrivalJitterFollowsRFC3550() {
        #expect(agree(InterarrivalJitter.of(delaysNs), 313252.9082373985, within: 1e-10))
        #expect(InterarrivalJitter.of([1]) == nil)
        #expect(InterarrivalJitter.of([10, 26]) == 1)
    }

    @Test func histogramsCountEverySampleOnce() throws {
        let sorted = delaysNs.sorted()
        let histogram = try #require(Histogram(sorted: sorted, bins: 40))
        #expect(histogram.counts.reduce(0, +) + histogram.below + histogram.above == 1_000)
        #expect(histogram.below == 5 && histogram.above == 5)
        #expect(Histogram(sorted: [2, 2, 2], bins: 4) == nil)
    }
}
