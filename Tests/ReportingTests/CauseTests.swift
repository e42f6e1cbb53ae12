import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// What a report says is the cause of something, and of which paths it speaks.
@Suite struct CauseTests {
    /// A run whose forwarder waited for TCP, as it comes from its directory.
    private static func waiting(_ change: (inout SyntheticRun) -> Void = { _ in }) throws -> RunData {
        var run = SyntheticRun()
        run.retransmissions = [(4.2, 1), (8.5, 3)]
        change(&run)
        let directory = try run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        var data = try RunLoader.load(directory.path)
        data.blocks[0].forwarders["tokyo"]?.lanes[0].counts.windowWaitMs = 1_500
        return data
    }

    private static func text(_ code: AnalysisWarning.Code, _ analysis: RunAnalysis) -> String {
        analysis.warnings.first { $0.code == code }?.text ?? ""
    }

    @Test func lossesOnTheNetworkAreTheCauseOfWaiting() throws {
        let analysis = RunAnalyzer.analyze(try Self.waiting())
        let waits = Self.text(.stalled, analysis)
        #expect(waits.contains("4 segments had to be sent again"))
        #expect(waits.contains("that part of the tail is the network's"))
        #expect(!waits.contains("not network"))
        #expect(
            Self.text(.retransmitted, analysis).contains("tokyo sent 4 segments again inside the window (lane 0: 4)")
        )
        #expect(analysis.path("backbone")?.lanes.map(\.resent) == [4, 0])
        #expect(analysis.path("baseline")?.lanes.map(\.resent) == [nil, nil])
        let report = try OutputFormat.text.render(analysis)
        #expect(report.contains("resent"))
    }

    @Test func withoutLossesWaitingIsTransport() throws {
        var data = try Self.waiting()
        data.blocks[0].retransmissions["tokyo"] = []
        let analysis = RunAnalyzer.analyze(data)
        #expect(Self.text(.stalled, analysis).contains("transport, not network"))
        #expect(Self.text(.retransmitted, analysis).isEmpty)
        #expect(analysis.path("backbone")?.lanes.map(\.resent) == [0, 0])
        // Up to a hundredth of the lanes' time is for the notes.
        #expect(analysis.warningsShown.map(\.code).contains(.stalled))
        data.blocks[0].forwarders["tokyo"]?.lanes[0].counts.windowWaitMs = 300
        let short = RunAnalyzer.analyze(data)
        #expect(Self.text(.stalled, short).isEmpty && short.notes.map(\.code).contains(.transportWait))
    }

    @Test func whatWasNotWatchedIsNotKnown() throws {
        let analysis = RunAnalyzer.analyze(try Self.waiting { $0.retransmissions = [] })
        #expect(Self.text(.stalled, analysis).contains("is not known, since tokyo's TCP was not watched"))
        #expect(analysis.path("backbone")?.lanes.map(\.resent) == [nil, nil])
        let report = try OutputFormat.text.render(analysis)
        #expect(!report.contains("resent"))
    }

    @Test func aCutConnectionIsACauseOfWaiting() throws {
        var data = try Self.waiting()
        data.blocks[0].retransmissions["tokyo"] = []
        var cut = try #require(data.blocks[0].receiver?.lanes[2].connections.first)
        var next = cut
        cut.ended = SyntheticRun.moment(10)
        next.began = SyntheticRun.moment(10.5)
        next.streaming = SyntheticRun.moment(11)
        data.blocks[0].receiver?.lanes[2].connections = [cut, next]
        let waits = Self.text(.stalled, RunAnalyzer.analyze(data))
        #expect(waits.contains("the connection was lost 1 time") && !waits.contains("not network"))
    }

    private static func threePaths(_ mode: Schedule.Mode) -> SyntheticRun {
        var run = SyntheticRun()
        run.mode = mode
        run.paths.append(
            PathSpecification(name: "public", kind: .relay, via: "tokyo", to: .publicAddress, port: 8081)
        )
        return run
    }

    @Test(arguments: [Schedule.Mode.simultaneous, .sequential])
    func everyPathIsJudged(mode: Schedule.Mode) {
        let analysis = RunAnalyzer.analyze(Self.threePaths(mode).data())
        #expect(analysis.verdict.headline.hasPrefix("backbone is sooner than baseline by"))
        let line = analysis.verdict.details.first { $0.hasPrefix("public is sooner than baseline by") }
        #expect(line?.contains("95 % interval") ?? false, "\(analysis.verdict.details)")
        let two = RunAnalyzer.analyze(SyntheticRun().data())
        #expect(!two.verdict.details.contains { $0.contains("is sooner than") })
    }

    /// The verdict is of the first pair, which has too few events; the other one is plain all the same.
    @Test func aPathIsJudgedAlsoWhereAnotherCannotBe() {
        var data = Self.threePaths(.simultaneous).data()
        let some = Array(data.blocks[0].samples).filter { !(2..<4).contains($0.lane) || $0.updateID % 300 == 0 }
        data.blocks[0].samples = RecordedSamples(some)
        data.blocks[0].receiver?.sampleCount = some.count
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.verdict.kind == .cannotSay)
        #expect(analysis.verdict.details.contains { $0.hasPrefix("public is sooner than baseline by") })
        // Of damaged samples nothing is said.
        data.blocks[0].receiver?.sampleCount += 1
        let damaged = RunAnalyzer.analyze(data)
        #expect(!damaged.verdict.details.contains { $0.contains("is sooner than") })
    }

    @Test func noDifferenceNamesThePaths() {
        var run = SyntheticRun()
        run.paths[1] = PathSpecification(name: "again", kind: .direct)
        let analysis = RunAnalyzer.analyze(run.data())
        #expect(analysis.verdict.headline.hasPrefix("no difference shown between baseline and again:"))
    }

    @Test func theTruthOfPathsThatShareALinkIsNotKnown() throws {
        var run = Self.threePaths(.simultaneous)
        run.isLab = true
        run.hasTruth = true
        let analysis = RunAnalyzer.analyze(run.data())
        let truth = try #require(analysis.labTruth)
        #expect(truth.paths.map(\.path) == ["baseline"] && truth.differenceMedianNs == nil)
        #expect(truth.unknown?.map(\.path) == ["backbone", "public"])
        let report = try OutputFormat.text.render(analysis)
        #expect(report.contains("backbone: not known: the simulated world records"))
        run.mode = .sequential
        let apart = try #require(RunAnalyzer.analyze(run.data()).labTruth)
        #expect(apart.paths.count == 3 && apart.unknown == nil)
    }

    /// Three waves over the whole of it: hardly anything is learnt from one sample that its neighbours do not say.
    @Test func whatDependsForTooLongSaysHowLongARunWouldDo() throws {
        let waves = (0..<2_050).map { index in sin(Double(index) / 2_050 * 6 * .pi) }
        let median = try #require(QuantileEstimator(waves).interval(0.5))
        #expect(median.low == nil && median.cause == .dependence)
        let times = try #require(median.lengthening)
        #expect(times > 1 && times <= 20)
        let text = VerdictJudge.withoutInterval(median, 60)
        #expect(text.hasPrefix("the median difference has no 95 % interval: samples depend on each other"))
        #expect(
            text.contains("needs 20 such stretches; a run of") && text.hasSuffix("or more would do, not of 60 s")
        )
        let few = try #require(QuantileEstimator([1, 2, 3]).interval(0.5))
        #expect(VerdictJudge.advice(few, 60).isEmpty)
    }

    @Test func lossesAreLabelledAsThoseOfTheWholeRun() throws {
        var run = SyntheticRun()
        run.lostInFlight = [20, 21, 400]
        let text = try OutputFormat.text.render(RunAnalyzer.analyze(run.data()))
        #expect(text.contains("relay lost: of the events that the forwarder had"))
        #expect(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("warm-up included"))
        let none = try OutputFormat.text.render(RunAnalyzer.analyze(SyntheticRun().data()))
        #expect(!none.contains("relay lost: of"))
    }
}
