import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// What is said of pairs of events, of lanes, and of the parts of their way.
@Suite struct PairTests {
    @Test func aLuckyConnectionGivesNoVerdict() throws {
        var run = SyntheticRun()
        run.paths[1] = PathSpecification(name: "second", kind: .direct)
        run.lanes = 3
        var data = run.data()
        shift(&data, lanes: [3], byNs: -3_000_000)
        let lucky = RunAnalyzer.analyze(data)
        // The first arrival of all lanes is the lucky lane's, which is what would mislead.
        #expect(try #require(lucky.differences.first?.firstArrivalsNs.median) < -2_500_000)
        #expect(lucky.verdict.kind == .noDifferenceShown)
        #expect(lucky.warnings.contains { $0.code == .lanesDisagree })
        shift(&data, lanes: [4, 5], byNs: -3_000_000)
        let real = RunAnalyzer.analyze(data)
        #expect(real.verdict.kind == .sooner && real.verdict.winner == "second")
    }

    @Test func oneConnectionAPathIsNotTakenForThePath() throws {
        var run = SyntheticRun()
        run.lanes = 1
        let analysis = RunAnalyzer.analyze(run.data())
        #expect(analysis.verdict.kind == .cannotSay)
        #expect(analysis.verdict.details.first?.contains("backbone is sooner than baseline") ?? false)
        #expect(analysis.isVerdictUnusable)
    }

    /// In turn nothing is paired: one connection on either path is enough for a server to make the difference.
    @Test func oneConnectionIsNotTakenForThePathWhereNothingIsPaired() throws {
        var run = SyntheticRun()
        run.mode = .sequential
        var data = run.data()
        #expect(RunAnalyzer.analyze(data).verdict.kind == .sooner)
        let some = Array(data.blocks[1].samples).filter { $0.lane == 0 }
        data.blocks[1].samples = RecordedSamples(some)
        data.blocks[1].receiver?.sampleCount = some.count
        let verdict = RunAnalyzer.analyze(data).verdict
        #expect(verdict.kind == .cannotSay && verdict.headline.contains("one connection on a path"))
    }

    /// A relay that is 6 ms sooner until its way changes, and 3 ms later from then on: what the next change would bring is
    /// not in any interval of this run.
    @Test(arguments: [0.5, 0.75, 0.9])
    func aPathThatChangesOnTheWayGivesNoVerdict(after share: Double) throws {
        let run = SyntheticRun()
        var data = run.data()
        let changeNs = SyntheticRun.startMonotonicNs + Int64(share * run.seconds * 1e9)
        var samples = Array(data.blocks[0].samples)
        for index in samples.indices where samples[index].lane >= 2 && samples[index].arrivalMonotonicNs >= changeNs {
            samples[index].arrivalKernelNs += 9_000_000
            samples[index].arrivalWallNs += 9_000_000
            samples[index].arrivalMonotonicNs += 9_000_000
        }
        data.blocks[0].samples = RecordedSamples(samples)
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.verdict.kind == .cannotSay, "\(analysis.verdict.headline)")
        #expect(analysis.differences.first?.median?.cause == .dependence)
    }

    /// The same events in another order, some of them twice, are the same difference.
    @Test func neitherOrderNorRepetitionChangesTheDifference() throws {
        var data = SyntheticRun().data()
        let clean = try #require(RunAnalyzer.analyze(data).differences.first)
        var samples = Array(data.blocks[0].samples)
        for index in samples.indices where index % 7 == 0 {
            var again = samples[index]
            again.arrivalKernelNs += 40_000_000
            again.arrivalWallNs += 40_000_000
            again.arrivalMonotonicNs += 40_000_000
            samples.append(again)
        }
        var generator = SplitMix64(seed: 4)
        samples.shuffle(using: &generator)
        data.blocks[0].samples = RecordedSamples(samples)
        data.blocks[0].receiver?.sampleCount = samples.count
        let changed = try #require(RunAnalyzer.analyze(data).differences.first)
        // What was repeated at the window's beginning may have come before it the first time.
        #expect(changed.pairs - clean.pairs < 10)
        #expect(abs(changed.summaryNs.median - clean.summaryNs.median) < 5_000)
        #expect(abs(try #require(changed.median?.low) - #require(clean.median?.low)) < 20_000)
    }

    /// Three connections to one server show nothing of how servers differ; that both paths met the same one is no doubt.
    @Test(arguments: [(["192.0.2.1", "192.0.2.2"], true), (["192.0.2.1", "192.0.2.1"], false), (["", ""], false)])
    func allLanesOnOneServerAreLikeOneLane(addresses: [String], isDoubtful: Bool) throws {
        var run = SyntheticRun()
        run.lanes = 3
        var data = run.data()
        func meet(_ summary: inout AgentSummary?, _ address: String) {
            for lane in summary?.lanes.indices ?? 0..<0 where !address.isEmpty {
                for index in summary?.lanes[lane].connections.indices ?? 0..<0
                where summary?.lanes[lane].connections[index].purpose == "feed" {
                    summary?.lanes[lane].connections[index].endpoint = address + ":443"
                }
            }
        }
        meet(&data.blocks[0].receiver, addresses[0])
        meet(&data.blocks[0].forwarders["tokyo"], addresses[1])
        let verdict = RunAnalyzer.analyze(data).verdict
        #expect(verdict.kind == (isDoubtful ? .cannotSay : .sooner), "\(verdict.headline)")
        #expect(verdict.headline.contains("at one address") == isDoubtful)
        guard isDoubtful else { return }
        #expect(verdict.details.first?.hasPrefix("Between these connections: backbone is sooner") ?? false)
    }

    /// Of the events that come on both paths 56 in a hundred are 3 ms sooner on the relay, and the others later.
    ///
    /// With all of them that is a verdict. With one in seven gone missing on the relay it is none: these may be the late ones.
    @Test func aPathThatLosesEventsIsNotSoonerForIt() throws {
        var run = SyntheticRun()
        run.seconds = 120
        run.backboneMs = 118
        run.lanes = 3
        func verdict(without lost: (Int64) -> Bool) -> (Verdict, RunAnalysis) {
            var data = run.data()
            var samples: [SampleRecord] = []
            for var record in data.blocks[0].samples {
                if record.lane >= 3 {
                    guard !lost(record.updateID) else { continue }
                    let byNs: Int64 = Self.share(record.updateID) < 0.56 ? -4_000_000 : 3_000_000
                    record.arrivalKernelNs += byNs
                    record.arrivalWallNs += byNs
                    record.arrivalMonotonicNs += byNs
                }
                samples.append(record)
            }
            samples.sort { $0.arrivalMonotonicNs < $1.arrivalMonotonicNs }
            data.blocks[0].samples = RecordedSamples(samples)
            data.blocks[0].receiver?.sampleCount = samples.count
            let analysis = RunAnalyzer.analyze(data)
            return (analysis.verdict, analysis)
        }
        #expect(verdict { _ in false }.0.winner == "backbone")
        let (missing, analysis) = verdict { Self.share($0 &+ 77) < 0.15 }
        #expect(missing.kind == .cannotSay && missing.headline.contains("were these late"), "\(missing.headline)")
        #expect(missing.details.first?.contains("backbone is sooner") ?? false)
        #expect(analysis.warnings.contains { $0.code == .eventsMissing })
        #expect(analysis.isVerdictUnusable)
    }

    /// A number from 0 to 1 that belongs to an event.
    private static func share(_ updateID: Int64) -> Double {
        var generator = SplitMix64(seed: UInt64(bitPattern: updateID))
        return generator.unit()
    }

    @Test func equalRunsSeldomSeemToDiffer() {
        let wrong = (0..<20).count { seed in
            var run = SyntheticRun()
            run.seed = 500 + UInt64(seed)
            run.lanes = 3
            run.seconds = 12
            run.paths[1] = PathSpecification(name: "second", kind: .direct)
            return RunAnalyzer.analyze(run.data()).verdict.kind == .sooner
        }
        // With 5 % of false alarms, four or more of twenty would come once in sixty times.
        #expect(wrong <= 3)
    }

    @Test func partsAddUpForEveryEventToTheNanosecond() throws {
        let data = SyntheticRun().data()
        let analysis = RunAnalyzer.analyze(data)
        let budget = try #require(analysis.budgets.first { $0.path == "backbone" })
        #expect(
            budget.parts.map(\.name) == [
                "exchange to tokyo", "in tokyo", "kernel to program", "tokyo to frankfurt",
                "in frankfurt, kernel to program",
            ]
        )
        #expect(budget.mismatches == 0 && budget.incomplete == 0)
        #expect(budget.wholeNs.count == analysis.path("backbone")?.samples)
        // The same events one by one, from the records.
        let window = try #require(data.blocks[0].window)
        let records = data.blocks[0].samples.filter {
            $0.lane >= 2 && $0.arrivalOnMonotonicNs >= window.start.monotonicNs
                && $0.arrivalOnMonotonicNs < window.end.monotonicNs
        }
        for record in records {
            let parts =
                (record.sourceKernelNs - record.eventTimeNs) + (record.sourceSendNs - record.sourceKernelNs)
                + (record.arrivalKernelNs - record.sourceSendNs) + (record.arrivalWallNs - record.arrivalKernelNs)
            #expect(parts == record.arrivalWallNs - record.eventTimeNs)
        }
        let outer = budget.parts.filter { !$0.isInside }.reduce(0) { $0 + $1.summaryNs.mean }
        #expect(abs(outer - budget.wholeNs.mean) < 1e-3)
        #expect(budget.parts[1].summaryNs.maximum == 18_000)
        #expect(budget.parts[2].isInside && budget.parts[2].summaryNs.minimum == 9_000)
        #expect(budget.truncationNs == 1_000_000)
        let direct = try #require(analysis.budgets.first { $0.path == "baseline" })
        #expect(direct.parts.map(\.name) == ["exchange to frankfurt", "in frankfurt, kernel to program"])
        // End to end ends at the kernel: the whole, less what the receiver took to read.
        let endToEnd = try #require(analysis.path("baseline")?.metric(.endToEnd)?.summaryNs.mean)
        #expect(abs(direct.wholeNs.mean - direct.parts[1].summaryNs.mean - endToEnd) < 1e-3)
    }

    @Test func eventsWithoutATimeAreLeftOutOfTheBudgetAndCounted() throws {
        var data = SyntheticRun().data()
        let index = try #require(
            data.blocks[0].samples.firstIndex {
                $0.lane == 2 && $0.arrivalWallNs > SyntheticRun.startWallNs + 5_000_000_000
            }
        )
        data.blocks[0].samples[index].sourceSendNs = SampleRecord.absent
        let budget = try #require(RunAnalyzer.analyze(data).budgets.first { $0.path == "backbone" })
        #expect(budget.incomplete == 1)
        #expect(RunAnalyzer.analyze(SyntheticKind.spot.run.data()).budgets.isEmpty)
    }

    /// Bursts of 40 events within 40 ms each second, on which the relay loses 2 ms; a calm event every 100 ms.
    @Test func busyTimesAreToldFromCalmOnes() {
        var times: [Int64] = []
        var differences = CompactSeries()
        for second in 0..<60 {
            let isBusy = second % 6 < 3
            for event in 0..<(isBusy ? 40 : 10) {
                times.append(Int64(second) * 1_000_000_000 + Int64(event) * (isBusy ? 25_000_000 : 100_000_000))
                differences.append(isBusy ? 2_000_000 : -1_000_000)
            }
        }
        let deciles = RateDecile.deciles(timesNs: times, differencesNs: differences)
        #expect(deciles.count == 10)
        #expect(deciles.reduce(0) { $0 + $1.pairs } == times.count)
        #expect(deciles[0].medianNs == -1e6 && deciles[0].otherFirst == deciles[0].pairs)
        #expect(deciles[9].medianNs == 2e6 && deciles[9].otherFirst == 0)
        #expect(deciles[0].highestRate < deciles[9].lowestRate)
        #expect(RateDecile.deciles(timesNs: [1, 2], differencesNs: CompactSeries([1, 2])).isEmpty)
    }

    @Test func theFirstOfBothIsNeverLaterThanEither() throws {
        let analysis = RunAnalyzer.analyze(SyntheticRun().data())
        let difference = try #require(analysis.differences.first)
        let both = try #require(difference.firstOfBothNs)
        #expect(both.count == difference.pairs)
        for path in analysis.paths {
            let own = try #require(path.metric(.endToEnd)?.summaryNs)
            #expect(both.median <= own.median && both.maximum <= own.maximum)
        }
        #expect(difference.meanGainOverBaselineNs > 5e6)
        #expect(analysis.plots.differenceOverTime?.bins.count ?? 0 > 20)
    }

    private func shift(_ data: inout RunData, lanes: Set<UInt16>, byNs: Int64) {
        for index in data.blocks[0].samples.indices where lanes.contains(data.blocks[0].samples[index].lane) {
            data.blocks[0].samples[index].arrivalKernelNs += byNs
            data.blocks[0].samples[index].arrivalWallNs += byNs
            data.blocks[0].samples[index].arrivalMonotonicNs += byNs
        }
    }
}
