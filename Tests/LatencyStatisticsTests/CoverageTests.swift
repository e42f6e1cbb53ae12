import CoverageSimulation
import LatencyStatistics
import Testing

/// The small version of `infra/bench/coverage`: fewer series, so that the limits are wider by what chance makes of so
/// few.
@Suite struct CoverageTests {
    private static let series = 300
    private static let seed: UInt64 = 5_000

    @Test(
        "A 95 % interval holds the truth in 93 to 97 of a hundred series",
        arguments: DelayProcess.allCases,
        [false, true]
    )
    func coverage(process: DelayProcess, isDifference: Bool) {
        let count = [.independent: 2_000, .heavyTail: 2_000, .dependent: 6_000][process] ?? 20_000
        let rows = Coverage.measure(
            process,
            isDifference: isDifference,
            probabilities: isDifference ? [0.5, 0.95] : [0.5, 0.95, 0.99],
            count: count,
            series: Self.series,
            seed: Self.seed
        )
        for row in rows {
            print(
                "coverage of \(row.name), \(process.rawValue), n \(count), \(Self.series) series from seed \(Self.seed): "
                    + "\(row.held) of \(row.given), \(row.withheld) withheld"
            )
            #expect(row.isWithin(0.93...0.97), "\(row.name): \(row.held) of \(row.given)")
            #expect(row.given > Self.series * 9 / 10)
        }
    }

    /// Some 20 bursts do not show how long bursts are.
    @Test func seriesThatAreTooShortAreWithheldAndNotWrong() {
        for process in [DelayProcess.dependent, .bursts] {
            let rows = Coverage.measure(
                process,
                isDifference: false,
                probabilities: [0.5, 0.95, 0.99],
                count: 1_000,
                series: Self.series,
                seed: Self.seed
            )
            for row in rows {
                #expect(row.withheld > Self.series * 9 / 10)
                #expect(row.wrongShare < 0.05)
            }
        }
    }

    /// Three bursts are not seen to be bursts, and ten seldom: the fewest samples that get an interval are more.
    @Test(arguments: [150, 300, 400])
    func burstsThatAreTooFewToBeSeenGiveNoWrongInterval(count: Int) {
        let rows = Coverage.measure(
            .bursts,
            isDifference: false,
            probabilities: [0.5, 0.95],
            count: count,
            series: Self.series,
            seed: Self.seed
        )
        for row in rows {
            print("\(row.name) of \(count) samples in bursts: \(row.given) given, \(row.held) right")
            #expect(row.wrongShare < 0.08, "\(row.name): \(row.given - row.held) of \(Self.series) are wrong")
            #expect(row.withheld > Self.series * 8 / 10)
        }
    }

    /// An estimator that takes samples for independent ones must fail the same test, or the test could not.
    @Test func intervalsForIndependentSamplesDoNotCover() throws {
        let truth = DelayProcess.dependent.quantile(0.5)
        let held = try (0..<100).count { number in
            let sorted = DelayProcess.dependent.series(count: 2_000, seed: UInt64(number)).sorted()
            let ranks = try #require(OrderStatistics.ranks(count: sorted.count, probability: 0.5))
            return sorted[ranks.lowerBound - 1] <= truth && truth <= sorted[ranks.upperBound - 1]
        }
        #expect(held < 60)
    }

    /// One connection beside two: what they differ by is one estimate, of one degree of freedom, for both paths.
    @Test(arguments: [(1, 2), (1, 3), (2, 2)])
    func fewLanesGiveFewFalseAlarms(firstLanes: Int, lanes: Int) {
        var world = LaneWorld()
        world.events = 2_500
        world.firstLanes = firstLanes
        world.lanes = lanes
        world.laneSpreadMs = 0.1
        let comparisons = 250
        let intervals = (0..<UInt64(comparisons)).compactMap { number in
            QuantileEstimator(lanePairs: world.differencesMs(seed: Self.seed + number)).interval(0.5)
        }
        let shown = intervals.count(where: \.excludesZero)
        print("\(firstLanes) and \(lanes) lanes, equal paths: \(shown) of \(comparisons) seem to differ")
        #expect(intervals.count { $0.low != nil } > comparisons * 8 / 10)
        // Three standard errors of so many comparisons above 5 %.
        #expect(shown <= comparisons * 9 / 100)
    }

    @Test("Equal paths seldom seem to differ, a difference of one noise floor is found, a lucky lane is not believed")
    func lanes() {
        var world = LaneWorld()
        world.events = 4_000
        let outcome = LaneOutcome.measure(world, comparisons: 150, seed: Self.seed)
        print("150 comparisons of 3 lanes a path from seed \(Self.seed): \(outcome)")
        #expect(outcome.withheld < 15)
        // Three standard errors of 150 comparisons above 5 %, and below 90 %.
        #expect(outcome.falseShare <= 0.10)
        #expect(outcome.foundShare >= 0.83)
        #expect(outcome.luckyShare <= 0.10)
    }
}
