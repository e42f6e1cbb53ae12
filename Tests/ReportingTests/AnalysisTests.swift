import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

@Suite struct AnalysisTests {
    private func analyze(_ run: SyntheticRun) -> RunAnalysis {
        RunAnalyzer.analyze(run.data())
    }

    @Test("A window that ended before its time is said first, whatever the run's end says of itself")
    func cutShort() throws {
        var data = SyntheticKind.clean.run.data()
        #expect(!RunAnalyzer.analyze(data).warnings.contains { $0.code == .runIncomplete })
        data.blocks[0].receiver?.plan.duration = .seconds(90_000)
        data.blocks[0].receiver?.reason = "told to stop"
        #expect(data.record.outcome == .done)
        let warnings = RunAnalyzer.analyze(data).warnings
        let first = try #require(warnings.first { !$0.makesVerdictUnusable })
        #expect(first.code == .runIncomplete && first.text.contains("told to stop"), "\(warnings)")
        #expect(first.text.hasPrefix("stopped or interrupted after ") && first.text.contains(" of 25 h"), "\(first)")
    }

    @Test func theSoonerPathIsFoundAndItsSizeIsRight() throws {
        let analysis = analyze(SyntheticKind.lab.run)
        #expect(analysis.verdict.kind == .sooner)
        #expect(analysis.verdict.winner == "backbone")
        let truth = try #require(analysis.labTruth?.differenceMedianNs)
        let first = try #require(analysis.differences.first?.firstArrivalsNs.median)
        // The made-up receiver stamps to the nanosecond: only edges may tell the two apart.
        #expect(abs(first - truth) < 20_000)
        let median = try #require(analysis.verdict.medianNs)
        #expect(try #require(analysis.verdict.lowNs) <= median && median <= #require(analysis.verdict.highNs))
        #expect(!analysis.isVerdictUnusable)
    }

    @Test func aDifferenceIsArrivalOnTheOtherMinusArrivalOnTheBaseline() throws {
        var run = SyntheticRun()
        run.directMs = 100
        let analysis = analyze(run)
        let median = try #require(analysis.differences.first?.median)
        #expect(median.value > 12e6)
        #expect(analysis.verdict.winner == "baseline")
        #expect(analysis.verdict.headline.hasPrefix("baseline is sooner than backbone by 12."))
        #expect(analysis.differences.first?.baselineFirst == analysis.differences.first?.pairs)
    }

    @Test func streamsThatNeverBroughtAnythingAreNamed() throws {
        var data = SyntheticRun().data()
        data.blocks[0].receiver?.lanes[0].silentStreams = ["btcusdt@trad"]
        let analysis = RunAnalyzer.analyze(data)
        let warning = try #require(analysis.warnings.first { $0.code == .silentStream })
        #expect(warning.text.hasPrefix("baseline: nothing ever came on btcusdt@trad;"))
        #expect(!warning.makesVerdictUnusable)
    }

    @Test func datagramsAreAccountedForWithTheirOwnCauses() throws {
        let analysis = analyze(SyntheticKind.datagrams.run)
        let rows = analysis.conservation.filter { $0.path == "backbone" }
        #expect(rows.map(\.transport) == [.udp, .udp])
        #expect(rows.map(\.lostInFlight) == [4, 0])
        #expect(rows.allSatisfy { $0.mismatches.isEmpty && $0.unchecked == nil && $0.duplicates > 0 })
        #expect(rows.allSatisfy { ($0.reordered ?? 0) > 0 })
        #expect(analysis.conservation.filter { $0.path == "baseline" }.allSatisfy { $0.transport == nil })
        let way = try #require(analysis.warnings.first { $0.code == .datagrams })
        #expect(way.text.contains("4 were lost"))
        let dropped = try #require(analysis.warnings.first { $0.code == .hostDropped })
        #expect(dropped.text.contains("frankfurt itself dropped 2 datagrams"))
        #expect(!analysis.warnings.contains { $0.code == .transportWait })
        #expect(!analyze(SyntheticKind.clean.run).warnings.contains { $0.code == .datagrams })
    }

    @Test func aForwarderThatWasRestartedLeavesItsForerunnerOutOfTheAccount() throws {
        var data = SyntheticKind.datagrams.run.data()
        let lane = try #require(data.blocks[0].receiver?.lanes.firstIndex { $0.path == "backbone" })
        var earlier = LaneCounts()
        earlier.arrived = 70
        earlier.missing = 3
        data.blocks[0].receiver?.lanes[lane].datagrams?.earlier = earlier
        let analysis = RunAnalyzer.analyze(data)
        let row = try #require(analysis.conservation.first { $0.path == "backbone" && $0.lane == 0 })
        #expect(row.unchecked?.contains("70 events of an earlier one") == true)
        #expect(analysis.path("backbone")?.eventsLost == 4 + 3)
    }

    @Test func theBaselineIsTheDirectPathWhateverTheOrder() {
        var run = SyntheticRun()
        run.paths.reverse()
        let analysis = analyze(run)
        #expect(analysis.differences.first?.baseline == "baseline")
        #expect(analysis.verdict.winner == "backbone")
    }

    @Test func delaysHoldTheClocksAndNothingElse() throws {
        let data = SyntheticRun().data()
        let analysis = RunAnalyzer.analyze(data)
        let window = try #require(data.blocks.first?.window)
        let inside = data.blocks[0].samples.filter {
            window.start.monotonicNs <= $0.arrivalOnMonotonicNs && $0.arrivalOnMonotonicNs < window.end.monotonicNs
        }
        let endToEnd = inside.filter { $0.lane < 2 }.map { $0.arrivalKernelNs - $0.eventTimeNs }
        let expected = try #require(Summary(endToEnd))
        #expect(analysis.path("baseline")?.metric(.endToEnd)?.summaryNs == expected)
        let legs = inside.filter { $0.lane >= 2 }.map { $0.arrivalKernelNs - $0.sourceKernelNs }
        #expect(analysis.path("backbone")?.metric(.backbone)?.summaryNs == Summary(legs))
        // 18 us in the forwarder, exactly, on one clock.
        #expect(analysis.path("backbone")?.metric(.residence)?.summaryNs.maximum == 18_000)
        #expect(analysis.path("baseline")?.metric(.residence) == nil)
    }

    @Test func boundsAreOfTheClocksInvolved() throws {
        let analysis = analyze(SyntheticRun())
        let path = try #require(analysis.path("backbone"))
        let receiver = try #require(path.metric(.endToEnd)?.bound)
        let both = try #require(path.metric(.backbone)?.bound)
        // Frankfurt: 110 us at 15 s, and 1.01 ppm (chrony's 1 and this clock's skew) of drift until the reading at 35
        // s; Tokyo: 95 us at 0 s and 35 s of drift, which is more than the 130 us that both have after the run.
        #expect(abs((receiver.clockNs ?? 0) - 130_200) < 1)
        #expect(abs((both.clockNs ?? 0) - 130_200 - 130_350) < 1)
        #expect(receiver.truncationNs == 1_000_000)
        #expect(both.truncationNs == 0)
        #expect(path.metric(.residence)?.bound.clockNs == 0)
        #expect(path.metric(.feedLeg)?.bound.hosts == ["tokyo"])
    }

    @Test func warmUpAndDuplicatesAreCountedAndLeftOut() throws {
        var run = SyntheticRun()
        run.repeatsEvents = true
        let with = analyze(run)
        run.repeatsEvents = false
        let without = analyze(run)
        let path = try #require(with.path("baseline"))
        #expect(path.duplicates > 10)
        #expect(path.outsideWindow > 100)
        #expect(path.metric(.endToEnd)?.summaryNs == without.path("baseline")?.metric(.endToEnd)?.summaryNs)
    }

    @Test func withoutEventTimesDifferencesStillGiveAVerdict() {
        let analysis = analyze(SyntheticKind.spot.run)
        #expect(analysis.path("baseline")?.metric(.endToEnd) == nil)
        #expect(analysis.path("baseline")?.notes == ["no event time in this stream: no end-to-end latency"])
        #expect(analysis.path("backbone")?.metric(.backbone) != nil)
        #expect(analysis.verdict.winner == "backbone")
        #expect(analysis.plots.subject == "difference")
        #expect(analysis.warnings.map(\.code).contains(.noEventTime))
    }

    @Test func equalPathsShowNoDifference() {
        var run = SyntheticRun()
        run.paths[1] = PathSpecification(name: "second", kind: .direct)
        let analysis = analyze(run)
        #expect(analysis.verdict.kind == .noDifferenceShown)
        #expect(analysis.verdict.winner == nil)
    }

    @Test func aDifferenceWithinTheNoiseFloorIsNone() throws {
        var run = SyntheticRun()
        run.paths[1] = PathSpecification(name: "second", kind: .direct)
        var data = run.data()
        // Ten microseconds on every event: certain, and far less than what two lanes of one path show.
        for index in data.blocks[0].samples.indices where data.blocks[0].samples[index].lane >= 2 {
            let other = data.blocks[0].samples.first { sample in
                sample.updateID == data.blocks[0].samples[index].updateID
                    && Int(sample.lane) == Int(data.blocks[0].samples[index].lane) - 2
            }
            guard let other else { continue }
            data.blocks[0].samples[index].arrivalKernelNs = other.arrivalKernelNs + 10_000
            data.blocks[0].samples[index].arrivalWallNs = other.arrivalWallNs + 10_000
            data.blocks[0].samples[index].arrivalMonotonicNs = other.arrivalMonotonicNs + 10_000
        }
        let analysis = RunAnalyzer.analyze(data)
        let difference = try #require(analysis.differences.first)
        #expect(difference.firstArrivalsNs.median == 10_000 && difference.firstArrivalsNs.minimum == 10_000)
        #expect(analysis.verdict.kind == .noDifferenceShown)
        #expect(try #require(difference.median?.leastDetectable) > 60_000)
        #expect(analysis.verdict.details.contains { $0.hasPrefix("Noise floor:") })
    }

    @Test func theNoiseFloorIsMeasuredBetweenLanesOfOnePath() throws {
        let analysis = analyze(SyntheticRun())
        let floor = try #require(analysis.noiseFloors.first { $0.path == "baseline" })
        #expect(floor.lanePairs.count == 1)
        // Lane 1's server is 60 us behind lane 0's.
        #expect(abs(floor.lanePairs[0].medianNs - 60_000) < 40_000)
        #expect(floor.medianSizeNs?.low != nil)
        var single = SyntheticRun()
        single.lanes = 1
        let alone = analyze(single)
        #expect(alone.noiseFloors.first?.notMeasured == "not measured (one lane a path)")
        #expect(alone.warnings.map(\.code).contains(.oneLane))
    }

    @Test func unmatchedEventsAreExplained() throws {
        var run = SyntheticKind.troubled.run
        run.lanes = 1
        let analysis = analyze(run)
        let difference = try #require(analysis.differences.first)
        // 2.5 s of about 50 events each are missing on the baseline, and 12 were lost in flight on the relay.
        #expect(difference.unmatchedOther.duringGap > 60)
        #expect(difference.unmatchedBaseline.neverCame + difference.unmatchedBaseline.duringGap == 12)
        #expect(difference.unmatchedOther.neverCame == 0)
        var slow = SyntheticRun()
        slow.directMs = 400
        let edges = try #require(analyze(slow).differences.first)
        // What the relay brought in the last 288 ms came on the direct path after the end.
        #expect(edges.unmatchedOther.afterEnd > 3)
        #expect(edges.unmatchedOther.total == edges.unmatchedOther.afterEnd)
        // What the direct path brought in the first 288 ms had come on the relay in the warm-up.
        #expect(edges.unmatchedBaseline.beforeStart > 3)
        #expect(edges.unmatchedBaseline.total == edges.unmatchedBaseline.beforeStart)
    }

    /// The direct path has no connection for 2 s; the relay's link is cut at the same time, and brings it all two seconds later.
    @Test func whatOnePathBroughtLateWasMissingOnTheOtherAtItsOwnTime() throws {
        var run = SyntheticRun()
        run.lanes = 1
        run.directGap = 12...14
        var data = run.data()
        let window = try #require(data.blocks[0].receiver?.window)
        let heldFromNs = window.start.monotonicNs + 11_900_000_000
        let heldToNs = window.start.monotonicNs + 16_500_000_000
        for index in data.blocks[0].samples.indices where data.blocks[0].samples[index].lane == 1 {
            let lateNs = heldToNs - data.blocks[0].samples[index].arrivalMonotonicNs
            guard lateNs > 0, lateNs < heldToNs - heldFromNs else { continue }
            data.blocks[0].samples[index].arrivalMonotonicNs += lateNs
            data.blocks[0].samples[index].arrivalKernelNs += lateNs
            data.blocks[0].samples[index].arrivalWallNs += lateNs
        }
        let missing = try #require(RunAnalyzer.analyze(data).differences.first).unmatchedOther
        #expect(missing.duringGap > 60 && missing.neverCame == 0, "\(missing)")
        let longest = try #require(missing.longest)
        #expect(abs(longest.fromSeconds - 12) < 0.3 && abs(longest.toSeconds - 14) < 0.3, "\(longest)")
    }

    @Test func everyMessageIsAccountedFor() throws {
        let analysis = analyze(SyntheticKind.troubled.run)
        #expect(analysis.conservation.allSatisfy { $0.mismatches.isEmpty && $0.unchecked == nil })
        let lossy = try #require(analysis.conservation.first { $0.path == "backbone" && $0.lane == 0 })
        #expect(lossy.lostInFlight == 12)
        #expect(lossy.missing == 12)
        #expect(analysis.conservation.first { $0.path == "baseline" && $0.lane == 0 }?.reconnects == 1)
        #expect(analysis.gaps.count == 1)
        #expect(analysis.gaps.first?.lostSeconds == 12)
        // The last event before it.
        let from = try #require(analysis.gaps.first?.fromSeconds)
        #expect(from > 11.5 && from <= 12)
    }

    @Test(arguments: [0, 1, 2, 3])
    func aSumThatDoesNotComeOutMakesTheVerdictUnusable(fault: Int) throws {
        var data = SyntheticRun().data()
        switch fault {
        case 0: data.blocks[0].receiver?.lanes[2].counts.missing = 5
        case 1: data.blocks[0].receiver?.lanes[0].counts.received += 1
        case 2: data.blocks[0].forwarders["tokyo"]?.lanes[0].counts.dropped = 2
        default: data.blocks[0].receiver?.lanes[2].counts.arrived += 1
        }
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.isVerdictUnusable)
        #expect(analysis.verdict.kind == .cannotSay)
        #expect(analysis.warnings.first?.code == .conservationMismatch)
    }

    @Test func aBadClockMarksAbsoluteFiguresAndNotThePairs() throws {
        var troubled = SyntheticKind.troubled.run
        // A jump of the clock would take the absolute figures away, which other tests show.
        troubled.clockSteps = []
        let analysis = analyze(troubled)
        #expect(analysis.path("baseline")?.metric(.endToEnd)?.bound.isVerified == false)
        #expect(analysis.path("backbone")?.metric(.feedLeg)?.bound.isVerified == true)
        #expect(analysis.verdict.kind == .sooner)
        #expect(analysis.warnings.contains { $0.code == .clockNotVerified && !$0.makesVerdictUnusable })
        var sequential = SyntheticKind.sequential.run
        sequential.hasBadClock = true
        #expect(analyze(sequential).verdict.kind == .cannotSay)
    }

    @Test func pathsMeasuredOneAfterTheOtherAreComparedByEndToEnd() {
        let analysis = analyze(SyntheticKind.sequential.run)
        #expect(analysis.differences.isEmpty)
        #expect(analysis.verdict.kind == .sooner)
        #expect(analysis.verdict.winner == "backbone")
        #expect(analysis.warnings.map(\.code).contains(.differentTimes))
        #expect(!analysis.warnings.map(\.code).contains(.noPairs))
    }

    @Test func anIntervalThatReachesIntoTheClocksDoubtShowsNoDifference() throws {
        var analysis = analyze(SyntheticKind.sequential.run)
        let clockNs = try #require(analysis.path("baseline")?.metric(.endToEnd)?.bound.clockNs)
        let index = try #require(analysis.endToEndDifferencesNs.firstIndex { $0.probability == 0.5 })
        // The median is far beyond what the clock may have moved, and so is the near end of its interval, just.
        analysis.endToEndDifferencesNs[index].high = -2.1 * clockNs
        #expect(VerdictJudge(analysis).judge().kind == .sooner)
        analysis.endToEndDifferencesNs[index].high = -1.9 * clockNs
        let verdict = VerdictJudge(analysis).judge()
        #expect(verdict.kind == .noDifferenceShown)
        #expect(verdict.headline.contains("is not beyond what the receiver's clock may have moved"))
    }

    @Test func negativeDelaysAreKeptCountedAndExplained() throws {
        var data = SyntheticRun().data()
        for index in data.blocks[0].samples.indices.prefix(600) where data.blocks[0].samples[index].lane == 0 {
            data.blocks[0].samples[index].eventTimeNs += 200_000_000
        }
        let analysis = RunAnalyzer.analyze(data)
        let summary = try #require(analysis.path("baseline")?.metric(.endToEnd)?.summaryNs)
        #expect(summary.negative > 20)
        #expect(summary.minimum < -80e6)
        let warning = try #require(analysis.warnings.first { $0.code == .negativeDelays })
        #expect(warning.text.contains("more than the clock bound"))
    }

    @Test func fasterThanLightIsNoticed() {
        var run = SyntheticRun()
        run.backboneMs = 30
        #expect(analyze(run).warnings.map(\.code).contains(.belowSpeedOfLight))
        #expect(!analyze(SyntheticRun()).warnings.map(\.code).contains(.belowSpeedOfLight))
    }

    /// `haversine` with the mean radius of 6,371 km; the design says 31.2 ms.
    @Test func lightNeeds31MillisecondsFromTokyoToFrankfurt() throws {
        let ns = try #require(SpeedOfLight.leastNs(from: "ap-northeast-1", to: "eu-central-1"))
        #expect(abs(ns - 31.2e6) < 0.1e6)
        #expect(SpeedOfLight.leastNs(from: "ap-northeast-1", to: "the-moon") == nil)
    }

    @Test func theBaselineIsNotCalledPublicInternet() {
        #expect(analyze(SyntheticRun()).warnings.map(\.code).contains(.routeNotShown))
    }

    @Test func tooFewPairsGiveNoVerdict() {
        var run = SyntheticKind.tiny.run
        run.seconds = 0.9
        let analysis = analyze(run)
        #expect(analysis.verdict.kind == .cannotSay)
        #expect(analysis.isVerdictUnusable)
    }

    @Test func aRunWithoutSamplesIsAnalysedAllTheSame() {
        var data = SyntheticRun().data()
        data.blocks[0].samples = []
        let silent = RunAnalyzer.analyze(data)
        #expect(silent.verdict.kind == .cannotSay)
        data.blocks = []
        let empty = RunAnalyzer.analyze(data)
        #expect(empty.verdict.headline.hasPrefix("cannot say"))
        for format in OutputFormat.allCases { #expect(throws: Never.self) { try format.render(empty) } }
        #expect(HTMLReport.render(empty).contains("cannot say"))
    }

    @Test func whatTheRunNotedIsPassedOn() {
        var data = SyntheticKind.tiny.run.data()
        data.record.warnings = ["the agent was old"]
        data.blocks[0].receiver?.sampleCount += 4
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.warnings.contains { $0.code == .noted && $0.text == "the agent was old" })
        #expect(analysis.warnings.contains { $0.code == .incompleteFiles && $0.text.contains("its file holds") })
    }

    @Test func theInstrumentIsHeldAgainstTheTruth() throws {
        let truth = try #require(analyze(SyntheticKind.lab.run).labTruth)
        for path in truth.paths {
            // The receiver's clock is 50 us ahead, and that is all the error there is.
            #expect(path.errorMedianNs == 50_000)
            #expect(path.errorP99Ns == 50_000)
            #expect(path.compared > 1_000)
        }
        let direct = try #require(truth.paths.first { $0.path == "baseline" })
        #expect(direct.medianNs > 118e6 && direct.medianNs < 119.5e6)
    }
}
