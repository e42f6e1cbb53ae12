import Testing

@testable import LatencyStatistics

@Suite struct CompactSeriesTests {
    /// Delays of some milliseconds, a few of which are far away on either side.
    private static func delays(count: Int, seed: UInt64, farShare: Double) -> [Int64] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let near = 112_000_000 + Int64(generator.unit() * 3e7) - 1_000_000
            guard generator.unit() < farShare else { return near }
            return generator.unit() < 0.5 ? near - 3_600_000_000_000 : near + 90_000_000_000
        }
    }

    @Test(arguments: [0, 0.001, 0.6], [10, 999, 1_000, 60_000])
    func everythingComesOutAsItWentIn(farShare: Double, count: Int) {
        let values = Self.delays(count: count, seed: UInt64(count), farShare: farShare)
        let series = CompactSeries(values)
        #expect(series.count == count)
        #expect((0..<count).map { series[$0] } == values)
        var again: [Int64] = []
        series.forEach { again.append($0) }
        #expect(again == values)
        let sorted = series.sorted()
        #expect((0..<count).map(sorted.whole) == values.sorted())
        #expect(
            AscendingSeries([CompactSeries(values[..<3]), CompactSeries(values[3...])]).whole(4) == values.sorted()[4]
        )
    }

    @Test func theWildestNumbersAreKept() {
        let values: [Int64] = [.min, .max, 0, -1, 1, .min, .max, 1 << 62, -(1 << 62)]
        #expect((0..<values.count).map { CompactSeries(values)[$0] } == values)
        #expect((0..<values.count).map(CompactSeries(values).sorted().whole) == values.sorted())
        for first in [Int64.min, .min + 5, -3, 0, .max - 5, .max] {
            let few = [first, 0, first, 7]
            #expect((0..<few.count).map { CompactSeries(few)[$0] } == few)
        }
        #expect(CompactSeries([.min, -3]).magnitudes[0] == .max)
    }

    @Test(arguments: [0, 0.01, 0.5])
    func countsAreThoseOfTheNumbers(farShare: Double) {
        let values = Self.delays(count: 5_000, seed: 9, farShare: farShare)
        let series = CompactSeries(values)
        let thresholds =
            [-1e30, -0x1p63, -3.6e12, -1, 0, 1.11e8, 1.2e8, 1.2e8 + 0.5, 9.01e10, 1e30, .infinity]
            + values.prefix(20).map(Double.init)
        for threshold in thresholds {
            for range in [0..<0, 0..<5_000, 100..<101, 1_234..<4_567] {
                let expected = values[range].count { Double($0) <= threshold }
                #expect(series.countAtMost(threshold, in: range) == expected, "\(threshold) \(range)")
            }
            #expect(series.sorted().countAtMost(threshold) == values.count { Double($0) <= threshold })
        }
    }

    @Test(arguments: [0, 0.01])
    func figuresAreThoseOfRealNumbers(farShare: Double) throws {
        let values = Self.delays(count: 20_001, seed: 5, farShare: farShare)
        let numbers = try #require(Summary(values.map(Double.init)))
        let lanes = [values[..<7_000], values[7_000..<7_001], values[7_001...]].map { CompactSeries($0) }
        for summary in [
            try #require(Summary(CompactSeries(values).sorted())),
            try #require(Summary(merging: lanes.map { $0.sorted() })),
        ] {
            #expect(summary.count == numbers.count && summary.negative == numbers.negative)
            #expect(summary.median == numbers.median && summary.p999 == numbers.p999)
            #expect(summary.minimum == numbers.minimum && summary.maximum == numbers.maximum)
            #expect(agree(summary.mean, numbers.mean, within: 1e-13))
            #expect(agree(summary.standardDeviation, numbers.standardDeviation ?? .nan, within: 1e-12))
        }
        let sizes = Summary(values.map { Double($0.magnitude) })
        #expect(CompactSeries(values).sorted().quantileOfSize(0.5) == sizes?.median)
        #expect(CompactSeries(values).sorted().quantileOfSize(0.99) == sizes?.p99)
    }

    /// The interval does not depend on how samples are kept: dependent delays on three lanes, and pairs of lanes.
    @Test(arguments: [0, 0.002])
    func intervalsAreThoseOfRealNumbers(farShare: Double) throws {
        let lanes = (0..<4).map { (lane: Int) -> [Int64] in
            let levels = autoregression(0.8, count: 6_000, seed: UInt64(lane))
            let delays = Self.delays(count: 6_000, seed: 3, farShare: farShare)
            return levels.indices.map { Int64(levels[$0] * 1e6) + delays[$0] + Int64(lane) * 100_000 }
        }
        let numbers = QuantileEstimator(lanes: lanes.map { $0.map(Double.init) })
        let compact = QuantileEstimator(lanes: lanes.map { CompactSeries($0) })
        let probabilities = [0.5, 0.9, 0.95, 0.99, 0.999]
        #expect(compact.intervals(probabilities) == numbers.intervals(probabilities))
        #expect(compact.intervals(probabilities) == probabilities.compactMap(compact.interval))
        let pairs = [lanes[0], lanes[1]].map { (first: [Int64]) -> [[Int64]] in
            [lanes[2], lanes[3]].map { second in second.indices.map { second[$0] - first[$0] } }
        }
        var cells: [SeriesCell] = []
        for row in 0..<2 {
            for column in 0..<2 {
                let series = CompactSeries(pairs[row][column])
                cells.append(SeriesCell(row: row, column: column, sorted: series.sorted()) { series })
            }
        }
        let crossed = QuantileEstimator(lanePairs: pairs.map { $0.map { $0.map(Double.init) } })
        #expect(
            QuantileEstimator(cells: cells, isCrossed: true).intervals(probabilities)
                == crossed.intervals(probabilities)
        )
        #expect(QuantileEstimator(lanes: [CompactSeries]()).intervals(probabilities).isEmpty)
    }
}
