import ExperimentModel
import Foundation
import LatencyStatistics
import Subprocess
import Testing

@testable import Reporting

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// What clocks make of absolute figures.
@Suite struct ClockAnalysisTests {
    /// A real chronyd whose server is wrong: chrony then takes this machine's clock, which is right, for a wrong one.
    @Test(
        "With a server that is wrong by 5 ms the bound holds the truth, and the estimate has the right sign",
        .timeLimit(.minutes(1)),
        arguments: [5.0, -5.0]
    )
    func wrongServer(aheadMs: Double) async throws {
        let answer = try await Self.askChrony(aheadMs: aheadMs)
        let tracking = try ChronyTracking(csv: answer.csv)
        // A server ahead makes this clock look behind ("slow"); the text form says which sign is which.
        #expect(abs(tracking.systemOffsetSeconds * 1e3 - aheadMs) < 1)
        #expect(answer.text.contains(aheadMs > 0 ? "slow of NTP time" : "fast of NTP time"), "\(answer.text)")

        let right = RunAnalyzer.analyze(SyntheticRun().data())
        var data = SyntheticRun().data()
        let reading = ClockReading(at: SyntheticRun.moment(1), tracking: tracking)
        data.record.experiment.clock.maxError = .milliseconds(50)
        data.record.hosts["frankfurt"]?.clockBefore = reading
        data.record.hosts["frankfurt"]?.clockAfter = reading
        data.blocks[0].clocks["frankfurt"] = [reading]
        let wrong = RunAnalyzer.analyze(data)
        let path = try #require(wrong.path("backbone"))
        for metric in [Metric.endToEnd, .backbone] {
            let figure = try #require(path.metric(metric))
            let truthNs = try #require(right.path("backbone")?.metric(metric)?.summaryNs.median)
            let boundNs = try #require(figure.bound.clockNs)
            let estimateNs = try #require(figure.bound.estimateNs)
            // A receiver that believes its server would add the server's error to every delay.
            #expect(abs(estimateNs - aheadMs * 1e6) < 1e6)
            #expect(boundNs > 4.5e6 && boundNs < 8e6)
            #expect(abs(figure.summaryNs.median + estimateNs - truthNs) <= boundNs)
            #expect(figure.summaryNs.median == truthNs, "figures are not changed by estimates")
        }
        // The same of the forwarder's clock goes the other way.
        data.record.hosts["tokyo"]?.clockBefore = reading
        data.record.hosts["tokyo"]?.clockAfter = reading
        data.blocks[0].clocks["tokyo"] = [reading]
        let both = try #require(RunAnalyzer.analyze(data).path("backbone"))
        #expect(abs(try #require(both.metric(.backbone)?.bound.estimateNs)) < 1_000)
        #expect(abs(try #require(both.metric(.feedLeg)?.bound.estimateNs) - aheadMs * 1e6) < 1e6)
    }

    private struct Answer: Decodable {
        var csv: String
        var text: String
    }

    private static func askChrony(aheadMs: Double) async throws -> Answer {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "wrong-time.py")
        let result = try await Subprocess.run(
            .path("/usr/bin/python3"),
            arguments: [script.path, "\(aheadMs)"],
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        try #require(
            result.terminationStatus.isSuccess,
            "needs chrony and python3: \(result.standardError.suffix(800))"
        )
        return try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8))
    }

    @Test func stepsLossesAndGrowthMarkTheRunWithTheirTimes() throws {
        var data = SyntheticRun().data()
        data.blocks[0].clocks["frankfurt"] = [
            SyntheticRun.reading(at: 0, boundUs: 110), SyntheticRun.reading(at: 8, boundUs: 400),
            SyntheticRun.reading(at: 16, boundUs: 500, isSynchronised: false),
            SyntheticRun.reading(at: 24, boundUs: 120),
        ]
        data.blocks[0].receiver?.clockSteps = [ClockStep(at: SyntheticRun.moment(12.5), stepNs: -40_000_000)]
        let analysis = RunAnalyzer.analyze(data)
        let clock = try #require(analysis.hosts.first { $0.name == "frankfurt" }?.clock)
        #expect(clock.events.map(\.kind) == [.boundGrew, .stepped, .lost, .regained])
        for (event, seconds) in zip(clock.events, [8, 12.5, 16, 24]) { #expect(abs(event.seconds - seconds) < 0.001) }
        #expect(!clock.isVerified)
        let texts = analysis.warnings.map(\.text)
        #expect(texts.contains { $0.contains("jumped during the run (-40.000 ms, at 12.5 s)") })
        #expect(texts.contains { $0.contains("not verified (at 16.0 s)") })
        #expect(texts.contains { $0.contains("grew from 0.100 ms to 0.508 ms (at 8.0 s)") })
        let text = try OutputFormat.text.render(analysis)
        #expect(text.contains("frankfurt at 12.5 s: the wall clock jumped by -40.000 ms"))
    }

    /// Between two readings 300 s apart a clock of 1 + 9 ppm may go 3 ms.
    @Test func driftBetweenReadingsIsAdded() throws {
        var data = SyntheticRun().data()
        var early = SyntheticRun.reading(at: -200, boundUs: 100)
        early.tracking?.skewPPM = 9
        early.tracking?.residualPPM = 0
        data.record.hosts["frankfurt"]?.clockBefore = early
        data.blocks[0].clocks["frankfurt"] = []
        data.record.hosts["frankfurt"]?.clockAfter = SyntheticRun.reading(at: 100, boundUs: 120)
        let clock = try #require(RunAnalyzer.analyze(data).hosts.first { $0.name == "frankfurt" }?.clock)
        #expect(abs(try #require(clock.worstBoundNs) - 3_100_000) < 1)
        #expect(abs(try #require(clock.driftNs) - 3_000_000) < 1)
    }

    /// What chrony has not corrected of the frequency counts like its doubt, whichever way it goes.
    @Test func theResidualFrequencyIsDrift() throws {
        let line = "A9FEA97B,169.254.169.123,4,1795000000.0,0,0,0,-12.5,-3.5,0.5,0.00006,0.0001,16.1,Normal"
        let reading = ClockReading(at: SyntheticRun.moment(0), tracking: try ChronyTracking(csv: line))
        #expect(abs(reading.driftRate - 5e-6) < 1e-12)
    }

    /// A reading that chrony does not answer bounds nothing, and measuring goes on after the last one: 230 s from the
    /// reading before the run to the end of the window, at 10 ppm.
    @Test func theBoundGrowsWhileChronyDoesNotAnswer() throws {
        var data = SyntheticRun().data()
        var early = SyntheticRun.reading(at: -200, boundUs: 100)
        early.tracking?.skewPPM = 9
        early.tracking?.residualPPM = 0
        data.record.hosts["frankfurt"]?.clockBefore = early
        data.blocks[0].clocks["frankfurt"] = [
            ClockReading(at: SyntheticRun.moment(0), tracking: nil, failure: "506 Cannot talk to daemon")
        ]
        data.record.hosts["frankfurt"]?.clockAfter = nil
        let analysis = RunAnalyzer.analyze(data)
        let clock = try #require(analysis.hosts.first { $0.name == "frankfurt" }?.clock)
        #expect(abs(try #require(clock.worstBoundNs) - (100_000 + 2_300_000)) < 1)
        #expect(
            analysis.plots.timeline?.clockBounds.first { $0.host == "frankfurt" }?.points.last?.boundNs
                == clock.worstBoundNs
        )
        #expect(!clock.isVerified)
    }

    /// Twenty steps of 60 us the same way are each within the bound of 100 us, and together 1.2 ms.
    @Test func smallStepsThatAddUpAreAStep() throws {
        var run = SyntheticRun()
        run.clockSteps = (0..<20).map { (Double($0) + 0.5, 60_000) }
        let drifting = RunAnalyzer.analyze(run.data())
        #expect(drifting.path("baseline")?.metric(.endToEnd) == nil)
        #expect(drifting.path("baseline")?.withheld?.first?.reason.contains("1.200 ms") ?? false)
        run.clockSteps = (0..<20).map { (Double($0) + 0.5, $0 % 2 == 0 ? 60_000 : -60_000) }
        #expect(RunAnalyzer.analyze(run.data()).path("baseline")?.metric(.endToEnd) != nil)
    }

    @Test func theHardwareClocksOwnErrorIsAddedWhereChronyFollowsIt() throws {
        func bound(_ name: String) throws -> Double {
            let line = "50484330,\(name),1,1795000000.0,0.000001,0,0,0,0,0,0.000002,0.000003,1.0,Normal"
            let reading = ClockReading(
                at: SyntheticRun.moment(0),
                tracking: try ChronyTracking(csv: line),
                phcErrorNs: 25_000
            )
            return try #require(reading.boundSeconds)
        }
        #expect(abs(try bound("PHC0") - 30e-6) < 1e-12)
        #expect(abs(try bound("169.254.169.123") - 5e-6) < 1e-12)
    }

    /// True offset of the made-up clocks: forwarder - receiver = -80 us.
    ///
    /// One way takes at least 112 ms, light 31.2 ms.
    @Test func probesThatAgreeWithChronyAreReportedAndOthersAreAContradiction() throws {
        func analysis(lowNs: Int64, highNs: Int64) -> RunAnalysis {
            var data = SyntheticRun().data()
            data.blocks[0].receiver?.lanes[2].probes = ProbeSummary(
                count: 30,
                minimumRoundTripNs: 224_300_000,
                offsetLowNs: lowNs,
                offsetHighNs: highNs
            )
            data.blocks[0].receiver?.lanes[3].probes = ProbeSummary(
                count: 30,
                minimumRoundTripNs: 224_900_000,
                offsetLowNs: lowNs - 400_000,
                offsetHighNs: highNs + 200_000
            )
            return RunAnalyzer.analyze(data)
        }
        let good = analysis(lowNs: -112_230_000, highNs: 112_070_000)
        let probes = try #require(good.probes.first)
        #expect(probes.count == 60 && probes.minimumRoundTripNs == 224_300_000)
        #expect(probes.contradiction == nil)
        #expect(probes.lowNs < -80_000 && -80_000 < probes.highNs)
        // Light makes either limit 31.2 ms tighter.
        #expect(abs(probes.highNs - (112_070_000 - 31_200_000)) < 100_000)
        #expect(try OutputFormat.text.render(good).contains("they agree"))
        // The forwarder's clock 200 ms ahead, while chrony says that both are right to 0.13 ms.
        let bad = analysis(lowNs: 200_000_000 - 112_230_000, highNs: 200_000_000 + 112_070_000)
        #expect(bad.probes.first?.contradiction?.contains("a clock is wrong") ?? false)
        #expect(bad.warnings.contains { $0.code == .clocksContradicted })
        #expect(bad.verdict.kind == .sooner, "the paired difference needs neither clock")
        let impossible = analysis(lowNs: 50_000_000, highNs: 40_000_000)
        #expect(impossible.probes.first?.contradiction?.contains("no offset of the clocks fits") ?? false)
        #expect(RunAnalyzer.analyze(SyntheticRun().data()).probes.isEmpty)
    }
}
