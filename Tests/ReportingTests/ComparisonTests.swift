import ExperimentModel
import Reporting
import Testing

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
            [onePath("backbone", .relay, seed: 8)],
            settings: SyntheticKind.settings
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
            [onePath("baseline", .direct, seed: 99)],
            settings: SyntheticKind.settings
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
        let forced = try RunComparison.compare([baseline], [short], force: true, settings: SyntheticKind.settings)
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
        let comparison = try RunComparison.compare(
            [SyntheticRun().data()],
            [second.data()],
            settings: SyntheticKind.settings
        )
        #expect(comparison.paths.map(\.pathA) == ["baseline", "backbone"])
        #expect(comparison.paths.map(\.pathB) == ["baseline", "backbone"])
        #expect(comparison.paths[1].figures.contains { $0.metric == .backbone })
    }

    @Test func pathsOfDifferentNamesInLargerRunsAreNotGuessed() {
        let other = onePath("elsewhere", .direct, seed: 3)
        #expect(throws: ReportingError.self) {
            try RunComparison.compare([SyntheticRun().data()], [other], force: true)
        }
    }
}
