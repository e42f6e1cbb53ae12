import Testing

@testable import LatencyStatistics

@Suite struct BootstrapTests {
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

    @Test(arguments: [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3_688)])
    func intervalsAreWithheldBelowTheirLeastCount(probability: Double, needed: Int) throws {
        let series = autoregression(0, count: needed, seed: 11)
        let settings = BootstrapSettings(resamples: 50)
        let enough = try #require(QuantileBootstrap(series, settings: settings).interval(probability))
        #expect(enough.low != nil)
        let few = try #require(QuantileBootstrap(Array(series.dropLast()), settings: settings).interval(probability))
        #expect(few.low == nil)
        #expect(few.withheld == "needs \(needed) samples, has \(needed - 1)")
    }

    @Test func aResampleGivesWhatSortingItWouldGive() {
        let lanes = [
            autoregression(0.6, count: 300, seed: 1), autoregression(0.6, count: 217, seed: 2).map { $0 + 0.3 },
        ]
        let sorted = lanes.flatMap { $0 }.sorted()
        var drawing = BlockDrawing(lanes: lanes, blocksPerLane: 9, seed: 5)
        let whole = RankWindow(sorted: sorted, lower: 0, upper: sorted.count - 1, lanes: lanes)
        let narrow = RankWindow(sorted: sorted, lower: 100, upper: 450, lanes: lanes)
        for _ in 0..<40 {
            let blocks = drawing.next()
            let resample = blocks.flatMap { lanes[$0.lane][$0.start..<$0.end] }.sorted()
            for probability in [0, 0.25, 0.5, 0.777, 0.99, 1] {
                let expected = Quantile.type7(resample, probability)
                #expect(whole.quantile(probability, of: blocks) == expected)
                let found = narrow.quantile(probability, of: blocks)
                #expect(found == nil || found == expected)
            }
        }
    }

    @Test func everyLaneIsDrawnWholeInASingleLaneResample() {
        let series = autoregression(0, count: 101, seed: 1)
        var drawing = BlockDrawing(lanes: [series], blocksPerLane: 7, seed: 1)
        for _ in 0..<20 {
            #expect(drawing.next().reduce(0) { $0 + $1.end - $1.start } == 101)
        }
    }

    /// The normal approximation for independent uniform samples: the median's standard error is 1 / (2 f sqrt n), f = 1.
    @Test func independentSamplesGetTheWidthOfTheory() throws {
        let bootstrap = QuantileBootstrap(autoregression(0, count: 4_000, seed: 9))
        let interval = try #require(bootstrap.interval(0.5))
        let low = try #require(interval.low)
        let high = try #require(interval.high)
        let expected = 2 * 1.96 * 0.5 / 4_000.0.squareRoot()
        #expect(high - low > 0.75 * expected && high - low < 1.3 * expected)
        #expect(low < interval.value && interval.value < high)
        #expect(low < 0 && high > 0)
    }

    /// With phi = 0.9 the variance of the mean is (1 + phi) / (1 - phi) = 19 times that of independent samples, so an
    /// interval that ignores it is about 4 times too narrow.
    @Test func dependentSamplesGetWiderIntervals() throws {
        let series = autoregression(0.9, count: 6_000, seed: 21)
        var shuffled = series
        var generator = SplitMix64(seed: 3)
        shuffled.shuffle(using: &generator)
        let dependent = try #require(QuantileBootstrap(series).interval(0.5))
        let independent = try #require(QuantileBootstrap(shuffled).interval(0.5))
        let ratio = try #require(width(dependent)) / #require(width(independent))
        #expect(ratio > 2.5 && ratio < 6)
    }

    @Test func lanesThatDisagreeWidenTheInterval() throws {
        let lanes = (0..<3).map { lane in autoregression(0, count: 2_000, seed: UInt64(lane)).map { $0 + Double(lane) }
        }
        let together = try #require(QuantileBootstrap(lanes.flatMap { $0 }).interval(0.5))
        let apart = try #require(QuantileBootstrap(lanes: lanes).interval(0.5))
        #expect(try #require(width(apart)) > 1)
        #expect(together.value == apart.value)
    }

    @Test func theSameSeedGivesTheSameInterval() {
        let first = QuantileBootstrap(delaysNs, settings: BootstrapSettings(resamples: 200, seed: 4)).interval(0.95)
        let again = QuantileBootstrap(delaysNs, settings: BootstrapSettings(resamples: 200, seed: 4)).interval(0.95)
        let other = QuantileBootstrap(delaysNs, settings: BootstrapSettings(resamples: 200, seed: 5)).interval(0.95)
        #expect(first == again)
        #expect(first != other)
    }

    @Test func aDifferenceIsShownWhereThereIsOneAndOnlyThere() throws {
        let first = QuantileBootstrap(autoregression(0.5, count: 3_000, seed: 1))
        let same = QuantileBootstrap(autoregression(0.5, count: 3_000, seed: 2))
        let later = QuantileBootstrap(autoregression(0.5, count: 3_000, seed: 3).map { $0 + 0.2 })
        #expect(try #require(first.difference(to: same, 0.5)).excludesZero == false)
        let shown = try #require(first.difference(to: later, 0.5))
        #expect(shown.excludesZero && shown.value > 0)
        #expect(try #require(later.difference(to: first, 0.5)).value < 0)
    }

    @Test func seriesWithoutSpreadHaveAnIntervalOfNoWidth() throws {
        let interval = try #require(QuantileBootstrap(Array(repeating: 3.0, count: 500)).interval(0.99))
        #expect(interval.low == 3 && interval.high == 3)
        #expect(QuantileBootstrap([Double]()).interval(0.5) == nil)
    }

    private func width(_ interval: QuantileInterval) -> Double? {
        guard let low = interval.low, let high = interval.high else { return nil }
        return high - low
    }
}
