import CoverageSimulation
import Testing

@testable import LatencyStatistics

/// Intervals over runs, of which each may resemble the one before.
@Suite struct UnitComparisonTests {
    private static let trials = 400

    /// A day's runs, one an hour: the naive interval by Student's t holds the truth in 74 of 100 such days at 0.5, and
    /// in 58 at 0.7 (numpy and scipy: `abs(x.mean(1)) <= t.ppf(.975, 23) * x.std(1, ddof=1) / sqrt(24)`).
    @Test("A mean over runs holds the truth though runs resemble their neighbours", arguments: [0.0, 0.5, 0.7])
    func coverage(correlation: Double) throws {
        let held = try (0..<Self.trials).count { trial in
            let mean = try #require(UnitComparison.mean(Self.units(correlation, seed: UInt64(trial))))
            return try #require(mean.low) <= 0 && 0 <= #require(mean.high)
        }
        print("of \(Self.trials) days of 24 runs with correlation \(correlation), \(held) intervals hold the truth")
        #expect(held > Self.trials * 90 / 100)
        #expect(held < Self.trials * 99 / 100)
    }

    @Test func theSameHoldsOfMatchedDifferencesAndOfTwoSides() throws {
        var matched = 0
        var apart = 0
        for trial in 0..<UInt64(Self.trials) {
            let a = Self.units(0.6, seed: 10_000 + trial)
            let b = Self.units(0.6, seed: 20_000 + trial)
            let pairs = try #require(UnitComparison.matchedDifference(zip(a, b).map { ($0, $1) }))
            let sides = try #require(UnitComparison.difference(a, b))
            if pairs.excludesZero { matched += 1 }
            if sides.excludesZero { apart += 1 }
        }
        print("false alarms of \(Self.trials): \(matched) of matched runs, \(apart) of two sides")
        #expect(matched < Self.trials / 10 && apart < Self.trials / 10)
    }

    /// One run of 24 that is 200 ms off makes the mean uncertain, and no verdict.
    @Test func oneWildRunIsNoResult() throws {
        for wild in [-200e6, 200e6] {
            var units = Self.units(0, seed: 3)
            units[11].value += wild
            #expect(try #require(UnitComparison.mean(units)).excludesZero == false)
        }
    }

    /// Runs that go up and down are not thought to know more than independent ones.
    @Test func runsThatAlternateGainNothing() throws {
        let values = (0..<12).map { $0 % 2 == 0 ? 1.0 : -1 }
        let mean = try #require(UnitComparison.mean(values.map(Self.unit)))
        let deviation = try #require(Summary(values)?.standardDeviation)
        #expect(agree(mean.standardError, deviation / 12.0.squareRoot()))
        #expect(mean.degreesOfFreedom == 11)
    }

    private static func units(_ correlation: Double, seed: UInt64) -> [QuantileInterval] {
        var random = Gaussian(seed: seed)
        let innovation = (1 - correlation * correlation).squareRoot()
        var level = random.next()
        return (0..<24).map { _ in
            level = correlation * level + innovation * random.next()
            return unit(level)
        }
    }

    private static func unit(_ value: Double) -> QuantileInterval {
        QuantileInterval(
            probability: 0.5,
            value: value,
            low: value - 0.02,
            high: value + 0.02,
            standardError: 0.01,
            degreesOfFreedom: 100,
            blockLength: nil
        )
    }
}
