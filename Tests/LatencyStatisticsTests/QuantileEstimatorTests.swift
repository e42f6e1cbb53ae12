import CoverageSimulation
import Testing

@testable import LatencyStatistics

@Suite struct QuantileEstimatorTests {
    /// The first outputs that the generator's authors publish for this seed.
    @Test func generatorGivesThePublishedNumbers() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect(generator.next() == 9_817_491_932_198_370_423)
    }

    /// From the formulas in NumPy over `series(phi, 2000, 7)`: `R[k] = (c[k:] * c[:n-k]).sum() / n` and the rest as in
    /// `politisWhite`.
    @Test(arguments: [
        (0, 1.9770392802331131), (0.5, 15.851742977709046), (0.8, 33.99551431286391), (0.95, 76.38491046407567),
    ])
    func blockLengthFollowsPolitisAndWhite(phi: Double, expected: Double) {
        let series = autoregression(phi, count: 2_000, seed: 7)
        #expect(agree(BlockLength.politisWhite(series).length, expected, within: 1e-8))
    }

    @Test func blocksAreNeverShorterThanTheCubeRoot() {
        #expect(BlockLength(for: autoregression(0, count: 1_000, seed: 3)).samples >= 10)
        #expect(BlockLength(for: [4, 4, 4, 4, 4, 4, 4, 4]).samples == 2)
        #expect(BlockLength(for: []).samples == 1)
    }

    /// A dependence over 500 samples, five times as far as the method looks in one go.
    @Test func dependenceBeyondTheFirstLookIsFound() {
        let level = autoregression(0.5, count: 40, seed: 2)
        let series = level.flatMap { Array(repeating: $0, count: 500) }
        let length = BlockLength(for: series)
        #expect(length.samples > 500)
    }

    @Test(arguments: [(0.5, 400), (0.9, 400), (0.95, 400), (0.99, 400), (0.999, 3_688)])
    func intervalsAreWithheldBelowTheirLeastCount(probability: Double, needed: Int) throws {
        let series = autoregression(0, count: needed - 1, seed: 11)
        let few = try #require(QuantileEstimator(series).interval(probability))
        #expect(few.low == nil)
        #expect(few.withheld == "needs \(needed) samples, has \(needed - 1)")
        let plenty = try #require(
            QuantileEstimator(autoregression(0, count: 4 * needed + 100, seed: 11)).interval(probability)
        )
        #expect(plenty.low != nil)
    }

    /// 400 samples would do for p99 if they were independent; in runs of ten they tell as much as 40.
    @Test func samplesThatTellTooLittleGiveNoInterval() throws {
        let series = autoregression(0, count: 400, seed: 5).flatMap { Array(repeating: $0, count: 10) }
        let interval = try #require(QuantileEstimator(Array(series.prefix(2_000))).interval(0.99))
        #expect(interval.low == nil)
        #expect(try #require(interval.withheld).contains("depend on each other"))
    }

    /// Series of two values that depend on each other, of which the larger one has a little less than half, or a little
    /// less than a hundredth: in many of them the quantile is the larger one, and all samples are at or below it.
    @Test(arguments: [(0.5, 0.0125, 5_000), (0.99, 2.366, 20_000)])
    func tiesAtTheQuantileDoNotMakeItCertain(probability: Double, threshold: Double, count: Int) throws {
        var wrong = 0
        var large = 0
        for seed in 0..<60 {
            let series = DelayProcess.dependent.series(count: count, seed: 77_000 + UInt64(seed)).map {
                $0 < threshold ? 4.0 : 5
            }
            for estimator in [
                QuantileEstimator(series), QuantileEstimator(lanes: [CompactSeries(series.map { Int64($0) })]),
            ] {
                let interval = try #require(estimator.interval(probability))
                guard let low = interval.low, let high = interval.high else { continue }
                if interval.value == 5 { large += 1 }
                if low > 4 || high < 4 { wrong += 1 }
            }
        }
        #expect(large > 20, "or nothing was tested")
        #expect(wrong <= 8, "\(wrong) of 120")
    }

    /// Of equal samples the quantile is what they are.
    @Test func equalSamplesHaveAnIntervalOfNoWidth() throws {
        for interval in QuantileEstimator([Double](repeating: -3, count: 500)).intervals([0.5, 0.95, 0.99]) {
            #expect(interval.low == -3 && interval.high == -3 && interval.value == -3)
        }
    }

    /// Wherever an interval is withheld, those further out are, too.
    @Test func withholdingIsMonotone() {
        var withheld = 0
        for seed in 1...40 {
            let length = 3 + seed % 9 * 12
            let series = autoregression(0, count: 2_400 / length, seed: UInt64(seed)).flatMap {
                Array(repeating: $0, count: length)
            }
            let intervals = QuantileEstimator(series).intervals([0.5, 0.9, 0.95, 0.99, 0.999])
            let given = intervals.map { $0.low != nil }
            #expect(given == given.sorted { $0 && !$1 }, "seed \(seed): \(given)")
            #expect(intervals.allSatisfy { ($0.low == nil) == ($0.withheld != nil) })
            if given.contains(false), given[0] { withheld += 1 }
        }
        #expect(withheld > 5)
    }

    /// The variance of the mean of 0/1 samples is p (1 - p) / n when they are independent, and ten times that in runs
    /// of ten.
    @Test func windowsGiveTheVarianceOfTheMean() {
        let independent = autoregression(0, count: 20_000, seed: 1).map { $0 < 0 }
        let runs = autoregression(0, count: 2_000, seed: 2).flatMap { Array(repeating: $0 < 0, count: 10) }
        let single = WindowVariance(series: [independent], windows: 400)
        let tenfold = WindowVariance(series: [runs], windows: 200)
        #expect(abs(single.ofMean / (0.25 / 20_000) - 1) < 0.25)
        #expect(abs(tenfold.ofMean / (2.5 / 20_000) - 1) < 0.35)
        let apart = WindowVariance(series: [runs, independent], windows: 200)
        #expect(abs(apart.ofMeanApart(groups: [[0], [1]]) / apart.ofMean - 1) < 0.25)
        let together = WindowVariance(series: [runs, runs], windows: 200)
        #expect(together.ofMeanApart(groups: [[0], [1]]) == 0)
        #expect(together.ofMean == tenfold.ofMean)
    }

    /// The normal approximation for independent uniform samples: the median's standard error is 1 / (2 f sqrt n), f =
    /// 1.
    @Test func independentSamplesGetTheWidthOfTheory() throws {
        let interval = try #require(QuantileEstimator(autoregression(0, count: 4_000, seed: 9)).interval(0.5))
        let low = try #require(interval.low)
        let high = try #require(interval.high)
        let expected = 2 * 1.96 * 0.5 / 4_000.0.squareRoot()
        #expect(high - low > 0.75 * expected && high - low < 1.3 * expected)
        #expect(low < interval.value && interval.value < high)
        #expect(low < 0 && high > 0)
        #expect(agree(interval.standardError, expected / (2 * 1.96), within: 0.3))
    }

    /// With phi = 0.9 the variance of the mean is (1 + phi) / (1 - phi) = 19 times that of independent samples, so an
    /// interval that ignores it is about 4 times too narrow.
    @Test func dependentSamplesGetWiderIntervals() throws {
        let series = autoregression(0.9, count: 6_000, seed: 21)
        var shuffled = series
        var generator = SplitMix64(seed: 3)
        shuffled.shuffle(using: &generator)
        let dependent = try #require(QuantileEstimator(series).interval(0.5))
        let independent = try #require(QuantileEstimator(shuffled).interval(0.5))
        let ratio = try #require(width(dependent)) / #require(width(independent))
        #expect(ratio > 2.5 && ratio < 6)
    }

    /// Three lanes 1 apart: their mean is known to 4.303 (Student, 2 degrees) * 1 / sqrt 3 = 2.48 on either side.
    @Test func lanesThatDisagreeWidenTheIntervalAsStudentSays() throws {
        let lanes = (0..<3).map { lane in
            autoregression(0, count: 2_000, seed: UInt64(lane)).map { 0.01 * $0 + Double(lane) }
        }
        let together = try #require(QuantileEstimator(lanes.flatMap { $0 }.shuffled(seed: 1)).interval(0.5))
        let apart = try #require(QuantileEstimator(lanes: lanes).interval(0.5))
        #expect(abs(try #require(width(apart)) - 2 * 2.484) < 0.02)
        #expect(abs(try #require(apart.degreesOfFreedom) - 2) < 0.01)
        #expect(together.value == apart.value)
    }

    @Test func aLuckyLaneGivesNoConfidentDifference() throws {
        let first = (0..<3).map { autoregression(0.5, count: 2_000, seed: UInt64($0)).map { 0.1 * $0 } }
        var second = (3..<6).map { autoregression(0.5, count: 2_000, seed: UInt64($0)).map { 0.1 * $0 } }
        second[0] = second[0].map { $0 - 3 }
        func difference(_ second: [[Double]]) -> QuantileInterval? {
            QuantileEstimator(lanePairs: first.map { a in second.map { b in zip(a, b).map { $1 - $0 } } }).interval(0.5)
        }
        #expect(try #require(difference(second)).excludesZero == false)
        // The same 3 ms on every lane is no luck.
        second = second.enumerated().map { lane, series in lane == 0 ? series : series.map { $0 - 3 } }
        let real = try #require(difference(second))
        #expect(real.excludesZero && real.value < -2.9)
    }

    /// Five connections of one path know the spread, and the single one of the other path has it, too.
    @Test func aSingleLaneIsNotTakenForThePathWhereTheOtherPathShowsTheSpread() throws {
        let many = (0..<5).map { lane in
            autoregression(0, count: 1_000, seed: UInt64(lane)).map { 0.01 * $0 + Double(lane) }
        }
        let single = autoregression(0, count: 1_000, seed: 9).map { 0.01 * $0 + 5 }
        let pairs = many.map { series in [zip(series, single).map { $1 - $0 }] }
        let interval = try #require(QuantileEstimator(lanePairs: pairs).interval(0.5))
        // 2.5 (the variance of 0...4) for the single lane and a fifth of it for the five.
        #expect(agree(interval.standardError, (2.5 + 0.5).squareRoot(), within: 0.01))
    }

    @Test func aLaneThatWasUpForAMomentTakesNoIntervalAway() throws {
        let lanes = [autoregression(0.5, count: 2_000, seed: 1), [0.1, 0.2]]
        #expect(try #require(QuantileEstimator(lanes: lanes).interval(0.95)).low != nil)
    }

    /// Independent samples of this spread would have a median known to 15: 2 * 1.96 * 600 / (2 sqrt 600).
    @Test func aDriftOverAllOfTheTimeIsNotTakenForManyIndependentSamples() throws {
        let drifting = (0..<600).map { Double($0) }
        let interval = try #require(QuantileEstimator(drifting).interval(0.5))
        #expect(interval.low == nil)
        #expect(interval.withheld?.contains("depend on each other") ?? false)
    }

    @Test func theSameSamplesGiveTheSameInterval() {
        #expect(QuantileEstimator(delaysNs).interval(0.95) == QuantileEstimator(delaysNs).interval(0.95))
    }

    @Test func aDifferenceIsShownWhereThereIsOneAndOnlyThere() throws {
        let first = QuantileEstimator(autoregression(0.5, count: 3_000, seed: 1))
        let same = QuantileEstimator(autoregression(0.5, count: 3_000, seed: 2))
        let later = QuantileEstimator(autoregression(0.5, count: 3_000, seed: 3).map { $0 + 0.2 })
        #expect(try #require(first.difference(to: same, 0.5)).excludesZero == false)
        let shown = try #require(first.difference(to: later, 0.5))
        #expect(shown.excludesZero && shown.value > 0)
        #expect(try #require(later.difference(to: first, 0.5)).value < 0)
        let few = QuantileEstimator([1.0, 2, 3])
        #expect(try #require(first.difference(to: few, 0.5)).withheld == "needs 400 samples, has 3")
    }

    /// `brentq(lambda d: nct.sf(t.ppf(.975, df), df, d) - .9, .1, 200)` with SciPy's `nct` and `t`.
    @Test(arguments: [
        (1, 20.964473420099786), (1.5, 9.622334222860246), (2, 6.795612156884927), (4, 4.395861094108098),
        (10, 3.6037496876215744), (30, 3.350548192448607),
    ])
    func theLeastDetectableDifferenceIsFoundNineTimesInTen(degreesOfFreedom: Double, expected: Double) {
        let interval = QuantileInterval(
            probability: 0.5,
            value: 0,
            low: -1,
            high: 1,
            standardError: 1,
            degreesOfFreedom: degreesOfFreedom,
            blockLength: nil
        )
        #expect(agree(interval.leastDetectable, expected, within: 0.011))
    }

    @Test func seriesWithoutSpreadHaveAnIntervalOfNoWidth() throws {
        let interval = try #require(QuantileEstimator(Array(repeating: 3.0, count: 500)).interval(0.99))
        #expect(interval.low == 3 && interval.high == 3)
        #expect(QuantileEstimator([Double]()).interval(0.5) == nil)
    }

    private func width(_ interval: QuantileInterval) -> Double? {
        guard let low = interval.low, let high = interval.high else { return nil }
        return high - low
    }
}

extension Array {
    fileprivate func shuffled(seed: UInt64) -> [Element] {
        var generator = SplitMix64(seed: seed)
        return shuffled(using: &generator)
    }
}
