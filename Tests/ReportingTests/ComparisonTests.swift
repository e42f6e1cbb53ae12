import ExperimentModel
import LatencyStatistics
import Testing

@testable import Reporting

/// A run of one path.
func onePath(
    _ name: String,
    _ kind: PathSpecification.Kind,
    seed: UInt64,
    _ change: (inout SyntheticRun) -> Void = { _ in }
) -> RunData {
    var run = SyntheticRun()
    run.id = "\(name)-20261118T120640Z"
    run.seed = seed
    run.paths = [
        kind == .direct
            ? PathSpecification(name: name, kind: .direct)
            : PathSpecification(name: name, kind: .relay, via: "tokyo", to: .privateAddress, port: 8080)
    ]
    change(&run)
    return run.data()
}

@Suite struct ComparisonTests {
    private let baseline = onePath("baseline", .direct, seed: 7)

    @Test func theSoonerSideIsNamedWithItsInterval() throws {
        let comparison = try RunComparison.compare(
            [baseline],
            [onePath("backbone", .relay, seed: 8)]
        )
        #expect(comparison.verdict.kind == .sooner)
        #expect(comparison.verdict.winner == "backbone")
        let median = try #require(comparison.verdict.medianNs)
        // 112 + 0.5 + about 0.3 against 118 + about 0.8 milliseconds.
        #expect(median > -6.6e6 && median < -5.4e6)
        #expect(!comparison.isVerdictUnusable)
        #expect(comparison.warnings.map(\.code).contains(.differentTimes))
    }

    @Test func theSamePathTwiceShowsNoDifference() throws {
        let comparison = try RunComparison.compare(
            [baseline],
            [onePath("baseline", .direct, seed: 99) { $0.id = "again" }]
        )
        #expect(comparison.verdict.kind == .noDifferenceShown)
    }

    @Test func everyReasonAgainstAComparisonIsListed() throws {
        let other = onePath("backbone", .relay, seed: 8) { run in
            run.market = .spot
            run.streams = ["btcusdt@trade"]
            run.hasBadClock = true
            run.seconds = 10
            run.isLab = true
        }
        let error = #expect(throws: ReportingError.self) { try RunComparison.compare([baseline], [other]) }
        let found = try #require(error)
        #expect(found.code == .notComparable)
        for reason in ["market", "streams", "receiver", "simulated", "clock of frankfurt", "durations"] {
            #expect(found.message.contains(reason), "\(reason) in \(found.message)")
        }
    }

    @Test func aForcedComparisonSaysSoAndGivesNoVerdict() throws {
        let short = onePath("backbone", .relay, seed: 8) { $0.seconds = 10 }
        let forced = try RunComparison.compare([baseline], [short], force: true)
        #expect(forced.verdict.kind == .cannotSay)
        #expect(forced.forcedPast.count == 1)
        #expect(forced.isVerdictUnusable)
        #expect(forced.verdict.details.first?.contains("backbone") ?? false)
    }

    @Test func anotherAgentVersionIsAReason() {
        var other = onePath("backbone", .relay, seed: 8)
        other.blocks[0].receiver?.agentVersion = "0.0.9"
        let error = #expect(throws: ReportingError.self) { try RunComparison.compare([baseline], [other]) }
        #expect(error?.message.contains("agent version differs: 0.1.0 in A, 0.0.9 in B") ?? false)
    }

    @Test func runsWithBothPathsAreComparedByName() throws {
        var second = SyntheticRun()
        second.seed = 12
        second.id = "second"
        let comparison = try RunComparison.compare(
            [SyntheticRun().data()],
            [second.data()]
        )
        #expect(comparison.paths.map(\.pathA) == ["baseline", "backbone"])
        #expect(comparison.paths.map(\.pathB) == ["baseline", "backbone"])
        #expect(comparison.paths[1].figures.contains { $0.metric == .backbone })
    }

    @Test func eachPathHasItsVerdictAndTheOverallSaysThatTheyDiffer() throws {
        func run(_ id: String, _ seed: UInt64, backboneMs: Double) -> RunData {
            var run = SyntheticRun()
            run.id = id
            run.seed = seed
            run.backboneMs = backboneMs
            return run.data()
        }
        let a = run("first", 7, backboneMs: 112)
        let differing = try RunComparison.compare([a], [run("second", 12, backboneMs: 104)])
        #expect(differing.paths.map(\.verdict.kind) == [.noDifferenceShown, .sooner])
        #expect(differing.paths[1].verdict.headline.hasPrefix("backbone: B is sooner than A by"))
        #expect(differing.verdict.kind == .pathsDiffer && !differing.isVerdictUnusable)
        #expect(differing.verdict.headline.hasPrefix("the paths differ: baseline no difference shown"))
        #expect(differing.verdict.headline.contains("backbone B sooner"))
        #expect(differing.verdict.details.contains { $0.hasPrefix("baseline: no difference shown: B - A is") })
        let same = try RunComparison.compare([a], [run("third", 13, backboneMs: 112)])
        #expect(same.verdict.kind == .noDifferenceShown)
        #expect(same.verdict.headline.hasPrefix("no difference shown on both paths: baseline"))
        var short = run("fourth", 14, backboneMs: 112)
        let some = Array(short.blocks[0].samples).filter { $0.lane < 2 || $0.updateID % 40 == 0 }
        short.blocks[0].samples = RecordedSamples(some)
        short.blocks[0].receiver?.sampleCount = some.count
        let partly = try RunComparison.compare([a], [short])
        #expect(partly.paths.map(\.verdict.kind) == [.noDifferenceShown, .cannotSay])
        #expect(partly.verdict.headline.hasPrefix("not every path can be judged: baseline no difference shown"))
        let text = try OutputFormat.text.render(differing)
        #expect(text.contains("Verdict: backbone: B is sooner"))
        #expect(HTMLReport.render(differing).contains("the paths differ"))
    }

    /// A run of 12 s has 600 events a lane: not enough for an interval of p99.9 (3,688).
    @Test func whatARunIsTooShortForStaysWithheld() throws {
        let a = [0.0, 0.1].enumerated().map {
            run("baseline", level: 118 + $1, seed: 40 + UInt64($0), hour: Double($0))
        }
        let b = run("backbone", level: 112, seed: 9, hour: 1)
        let comparison = try RunComparison.compare(a, [b])
        let figures = comparison.paths[0].figures.filter { $0.metric == .endToEnd }
        let tail = try #require(figures.first { $0.a.probability == 0.999 })
        for interval in [tail.a, tail.b, tail.difference] {
            #expect(interval.low == nil && interval.cause == .tooFewSamples && interval.withheld != nil)
        }
        let median = try #require(figures.first { $0.a.probability == 0.5 })
        #expect(median.difference.low != nil)
        // One run differs from others at least by what it does not know itself.
        let matched = try RunComparison.compare(a, [b, run("backbone", level: 112, seed: 10, hour: 0)])
        #expect(matched.paths[0].figures.first { $0.a.probability == 0.999 }?.difference.low == nil)
    }

    @Test func theHeaderNamesTheRunsThatTheFiguresAreOf() throws {
        let a = [1.0, 2, 9, 15].enumerated().map { run("baseline", level: 118, seed: 40 + UInt64($0), hour: $1) }
        let b = [1.2, 2.1].enumerated().map { run("backbone", level: 112, seed: 60 + UInt64($0), hour: $1) }
        let comparison = try RunComparison.compare(a, b)
        #expect(comparison.runsA == ["baseline-40", "baseline-41"] && comparison.runsB.count == 2)
        #expect(comparison.leftOut.map(\.run) == ["baseline-42", "baseline-43"])
        #expect(comparison.matching?.pairs == [.init(a: 0, b: 0), .init(a: 1, b: 1)])
        #expect(comparison.measuredSecondsA == comparison.measuredSecondsB)
        let hours = try #require(comparison.warnings.first { $0.code == .differentTimes })
        #expect(hours.text.contains("2 pairs") && !hours.text.contains("days differ"), "\(hours.text)")
        #expect(
            comparison.warnings.contains { $0.text.contains("left out: baseline-42 (A): no run of the other side") }
        )

        // One run of B measured nothing: it is no run to be matched with.
        var empty = b
        empty[1].blocks[0].samples = []
        let single = try RunComparison.compare(a, empty)
        #expect(single.matching == nil && single.runsB == ["backbone-60"] && single.runsA.count == 4)
        #expect(single.leftOut.map(\.reason) == ["nothing was measured"])
        #expect(single.paths[0].runsA == 4 && single.paths[0].runsB == 1)
        #expect(single.verdict.details.contains { $0.contains("4 in A, 1 in B.") })
    }

    /// Three runs of A begin within the hour, and B has two: one is left over, and not for its hour.
    @Test func aRunThatOthersWereNearerThanIsNotSaidToBeAlone() throws {
        let a = [1.0, 1.3, 2].enumerated().map { run("baseline", level: 118, seed: 40 + UInt64($0), hour: $1) }
        let b = [1.2, 2.1].enumerated().map { run("backbone", level: 112, seed: 60 + UInt64($0), hour: $1) }
        let comparison = try RunComparison.compare(a, b)
        let left = try #require(comparison.leftOut.first)
        #expect(comparison.leftOut.count == 1)
        #expect(
            left.reason
                == "of the other side's 2 runs, the one within an hour of the same time of day is matched with another"
        )
    }

    /// One connection may have met a server that is 3 ms sooner, however many the other side has.
    @Test(arguments: [(1, 1, "each"), (1, 3, "A"), (3, 1, "B")])
    func oneConnectionOfOneRunIsNotTakenForThePath(lanesA: Int, lanesB: Int, where side: String) throws {
        let a = onePath("baseline", .direct, seed: 7) { $0.lanes = lanesA }
        let b = onePath("baseline", .direct, seed: 99) {
            $0.id = "again"
            $0.lanes = lanesB
            $0.directMs -= 3
        }
        let comparison = try RunComparison.compare([a], [b])
        #expect(comparison.verdict.kind == .cannotSay)
        #expect(comparison.verdict.headline.contains("one run a side and one connection in \(side), the"))
        #expect(comparison.verdict.details.first?.contains("B is sooner than A by") ?? false)
    }

    /// Of the relay's events 60 % are lost: those that came say nothing of half of all.
    @Test func aSideThatLostMostOfItsEventsIsNotSooner() throws {
        func backbone(_ lost: Set<UInt64>) throws -> RunComparison {
            let b = onePath("backbone", .relay, seed: 8) {
                $0.lostInFlight = lost
                $0.seconds = 60
                $0.lanes = 1
            }
            return try RunComparison.compare([baseline], [b])
        }
        let most = try backbone(Set((150...3_500).filter { $0 % 5 < 3 }))
        let lost = try #require(most.warnings.first { $0.code == .eventsLost })
        #expect(lost.makesVerdictUnusable && lost.text.contains("were they late"), "\(lost.text)")
        #expect(most.verdict.kind == .cannotSay && most.verdict.headline.contains("lost"))
        let some = try backbone(Set((150...3_500).filter { $0 % 5 == 0 }))
        let tenth = try #require(some.warnings.first { $0.code == .eventsLost })
        #expect(!tenth.makesVerdictUnusable)
        #expect(try backbone([200, 201]).warnings.allSatisfy { $0.code != .eventsLost })
    }

    @Test func clocksThatProbesContradictAreAReason() {
        var b = onePath("backbone", .relay, seed: 8)
        b.blocks[0].receiver?.lanes[0].probes = ProbeSummary(
            count: 30,
            minimumRoundTripNs: 224_300_000,
            offsetLowNs: 88_000_000,
            offsetHighNs: 312_000_000
        )
        let error = #expect(throws: ReportingError.self) { try RunComparison.compare([baseline], [b]) }
        #expect(error?.message.contains("clocks contradicted in B") ?? false)
    }

    /// A delay between two hosts has both clocks' bounds in it, on either side.
    @Test func eachMetricHasItsOwnClocks() throws {
        let a = onePath("backbone", .relay, seed: 8)
        let b = onePath("backbone", .relay, seed: 9) { $0.id = "again" }
        let comparison = try RunComparison.compare([a], [b])
        let bounds = [a, b].map { data in
            let metrics = RunAnalyzer.analyze(data).path("backbone")
            return [Metric.endToEnd, .backbone].map { metrics?.metric($0)?.bound.clockNs ?? 0 }
        }
        let pair = try #require(comparison.paths.first)
        for (place, metric) in [Metric.endToEnd, .backbone].enumerated() {
            let clockNs = try #require(pair.summaries.first { $0.metric == metric }?.clockNs)
            #expect(abs(clockNs - bounds[0][place] - bounds[1][place]) < 1)
            #expect(HTMLReport.render(comparison).contains("clocks \u{B1}\(Format.milliseconds(clockNs)) ms"))
        }
        #expect(bounds[0][1] > bounds[0][0])
    }

    @Test func aRunOnBothSidesIsAReason() {
        let error = #expect(throws: ReportingError.self) { try RunComparison.compare([baseline], [baseline]) }
        #expect(error?.message.contains("on both sides: \(baseline.record.id)") ?? false)
    }

    /// Six runs a side whose own level varies by some 2 ms from run to run: each one's interval is some hundredths of a
    /// millisecond wide, so that any two runs differ with certainty, and the sides do not.
    @Test func runsAreTheUnitNotSamples() throws {
        let levels = [117.0, 119.2, 116.1, 120.3, 118.4, 117.6]
        let a = levels.enumerated().map { run("baseline", level: $1, seed: 40 + UInt64($0), hour: Double($0) * 4) }
        let b = levels.reversed().enumerated().map {
            run("backbone", level: $1 - 0.3, seed: 60 + UInt64($0), hour: Double($0) * 4 + 0.2)
        }
        let single = try RunComparison.compare([a[3]], [b[0]])
        #expect(single.verdict.kind == .sooner)
        #expect(single.warnings.contains { $0.code == .fewRuns })
        let many = try RunComparison.compare(a, b)
        #expect(many.verdict.kind == .noDifferenceShown)
        #expect(many.verdict.details.contains { $0.contains("6 in A, 6 in B") && $0.contains("6 pairs") })
        let far = try RunComparison.compare(
            a,
            levels.enumerated().map { run("backbone", level: $1 - 9, seed: 70 + UInt64($0), hour: 12) }
        )
        #expect(far.verdict.kind == .sooner && far.verdict.winner == "backbone")
        #expect(far.paths[0].summaries[0].shareBSooner > 0.99)
        #expect(try #require(far.paths[0].summaries[0].runRanks?.probability) < 0.01)
    }

    /// The network is 4 ms slower in the evening on either path: with the hours matched, 1 ms between the paths is
    /// found.
    @Test func hoursOfTheDayAreMatched() throws {
        let hours = [1.0, 5, 9, 13, 17, 21]
        func level(_ hour: Double) -> Double { hour >= 12 ? 122 : 118 }
        let a = hours.enumerated().map {
            run("baseline", level: level($1) + 0.02 * Double($0), seed: 40 + UInt64($0), hour: $1)
        }
        let b = hours.enumerated().map {
            run("backbone", level: level($1) - 1, seed: 60 + UInt64($0), hour: 24 * Double($0 + 1) + $1 + 0.4)
        }
        let matched = try RunComparison.compare(a, b)
        #expect(matched.matching?.pairs.count == 6)
        #expect(matched.verdict.kind == .sooner && matched.verdict.winner == "backbone")
        #expect(abs(try #require(matched.verdict.medianNs) + 1e6) < 0.2e6)
        // At other hours nothing is matched, and 4 ms between the hours hide 1 ms between the paths.
        let apart = try RunComparison.compare(
            a,
            hours.enumerated().map { run("backbone", level: level($1) - 1, seed: 80 + UInt64($0), hour: $1 + 2) }
        )
        #expect(apart.matching == nil)
        #expect(apart.verdict.kind == .noDifferenceShown)
        #expect(apart.warnings.contains { $0.code == .differentTimes && $0.text.contains("do not match") })
    }

    @Test func theNearestHoursArePairedOnceEachAcrossMidnight() {
        let day = 86_400.0
        let matching = RunMatching(
            [0, 3_600 * 6, 23.9 * 3_600],
            [10 * day + 60, 3_600 * 6.5, 3_600 * 6.2, 3_600 * 12]
        )
        #expect(matching.pairs == [.init(a: 0, b: 0), .init(a: 1, b: 2)])
        #expect(RunMatching.apart(23.9 * 3_600, 5 * day + 360) - 720 < 1e-6)
    }

    @Test func oneRunBesideSeveralTakesTheirSpread() throws {
        let a = [116.0, 118, 120, 117, 119].enumerated().map {
            run("baseline", level: $1, seed: 40 + UInt64($0), hour: 1)
        }
        let comparison = try RunComparison.compare(a, [run("backbone", level: 116.5, seed: 9, hour: 1)])
        let difference = try #require(comparison.paths[0].figures.first { $0.metric == .endToEnd }?.difference)
        // Levels have the variance 2.5: one run's difference from the mean of five has 2.5 (1 + 1/5) = 3, squared
        // milliseconds.
        #expect(abs(try #require(difference.standardError) - 3.0.squareRoot() * 1e6) < 0.1e6)
        #expect(comparison.verdict.kind == .noDifferenceShown)
    }

    /// A run with one path of this delay, which began at this hour since a midnight.
    private func run(_ name: String, level: Double, seed: UInt64, hour: Double) -> RunData {
        var data = onePath(name, .direct, seed: seed) { run in
            run.id = "\(name)-\(seed)"
            run.directMs = level
            run.seconds = 12
        }
        data.record.beganSeconds = 1_794_960_000 + hour * 3_600
        return data
    }

    @Test func pathsOfDifferentNamesInLargerRunsAreNotGuessed() {
        let other = onePath("elsewhere", .direct, seed: 3)
        #expect(throws: ReportingError.self) {
            try RunComparison.compare([SyntheticRun().data()], [other], force: true)
        }
    }
}
