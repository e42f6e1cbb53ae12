import Testing

@testable import LatencyStatistics

struct StreamedSummaryTests {
    private static let probabilities = [0, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1]

    private func streamed(_ values: [Int64]) throws -> StreamedSummary? {
        try StreamedSummary(quantiles: Self.probabilities) { take in values.forEach(take) }
    }

    /// Numbers over ranges from one value to all of 62 bits, among them one far outlier, which leaves the rest in one
    /// bin.
    @Test(arguments: [0, 1, 40, 4_095, 4_096, 1_000_000, 5_000_000_000, 1 << 62] as [Int64])
    func `it has the figures of a sorted array`(range: Int64) throws {
        for (seed, count) in [(1, 1), (2, 2), (3, 3), (4, 72), (5, 10_007)] as [(UInt64, Int)] {
            var random = SplitMix64(seed: seed)
            var values = (0..<count).map { _ in Int64.random(in: -range...range, using: &random) }
            if seed == 5 { values[0] = 1 << 61 }
            let found = try #require(try streamed(values))
            let sorted = values.sorted().map(Double.init)
            #expect(found.count == count)
            #expect(found.minimum == values.min() && found.maximum == values.max())
            for (index, probability) in Self.probabilities.enumerated() {
                #expect(found.quantiles[index] == Quantile.type7(sorted, probability), "p \(probability) seed \(seed)")
            }
            let summary = try #require(Summary(sorted: sorted))
            #expect(agree(found.mean, summary.mean, within: 1e-9))
            #expect((found.standardDeviation == nil) == (count == 1))
            if range > 0 {
                #expect(agree(found.standardDeviation, summary.standardDeviation ?? .nan, within: 1e-9) || count == 1)
            }
        }
    }

    @Test func `no number gives no figures`() throws {
        #expect(try streamed([]) == nil)
    }

    @Test func `epoch nanoseconds lose nothing`() throws {
        let epoch: Int64 = 1_795_000_000_123_456_789
        let found = try #require(try streamed([epoch + 5, epoch, epoch + 2, epoch + 1]))
        #expect(agree(found.standardDeviation, (14.0 / 3).squareRoot()))
        #expect(found.minimum == epoch && found.maximum == epoch + 5)
    }

    /// A pass that fails, as a file that cannot be read does, is not taken for an end.
    @Test func `what a pass throws comes out`() {
        struct Broken: Error {}
        #expect(throws: Broken.self) {
            try StreamedSummary(quantiles: [0.5]) { take in
                take(1)
                throw Broken()
            }
        }
    }
}
