import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// What a path that falls silent, and loses events, looks like in a report.
@Suite struct OutageTests {
    /// Both connections of the direct path are silent from 10 s on, which is noticed at 15 s; data come again at 17 s.
    private static let silent: SyntheticRun = {
        var run = SyntheticRun()
        run.directGap = 10...17
        run.directGapLanes = 2
        run.directGapNoticedSeconds = 15
        return run
    }()

    @Test func anOutageBeginsWithTheLastDataBeforeIt() throws {
        let analysis = RunAnalyzer.analyze(Self.silent.data())
        let timeline = try #require(analysis.plots.timeline)
        for gap in analysis.gaps + timeline.gaps {
            #expect(gap.fromSeconds > 9.5 && gap.fromSeconds <= 10 && gap.lostSeconds == 15 && gap.toSeconds == 17)
        }
        #expect(analysis.gaps.count == 2 && timeline.gaps.count == 2)
        let missing = try #require(analysis.differences.first?.unmatchedOther)
        #expect(missing.duringGap > 250 && missing.neverCame == 0)
        let longest = try #require(missing.longest)
        #expect(longest.events == missing.missing)
        #expect(longest.toSeconds - longest.fromSeconds > 6.5 && longest.toSeconds - longest.fromSeconds < 7.5)
    }

    /// Every moment that a report tells counts from the start of the first window, whatever block it is in.
    @Test func momentsOfALaterBlockCountFromTheStartOfTheFirst() throws {
        var run = Self.silent
        run.mode = .sequential
        let data = run.data()
        let analysis = RunAnalyzer.analyze(data)
        let timeline = try #require(analysis.plots.timeline)
        #expect(!analysis.gaps.isEmpty && analysis.gaps == timeline.gaps)
        let block = try #require(timeline.blocks.first { $0.paths == ["baseline"] })
        for gap in analysis.gaps {
            #expect(gap.fromSeconds >= block.fromSeconds && gap.fromSeconds < block.toSeconds, "\(gap), \(block)")
        }
        #expect(
            abs(try #require(timeline.beganSeconds) - Double(SyntheticRun.moment(0).wallNs) / 1e9) < run.warmUpSeconds
                + 60
        )
        let page = HTMLReport.render(analysis)
        #expect(page.contains("count from the start of the measured window, "))
        #expect(page.components(separatedBy: " UTC</text>").count == 5)
    }

    @Test func missingEventsAreAWarningAtTheTopOfEveryForm() throws {
        let analysis = RunAnalyzer.analyze(Self.silent.data())
        let missing = try #require(analysis.differences.first?.unmatchedOther.missing)
        let shown = analysis.warningsShown.map(\.code)
        #expect(shown.prefix(2) == [.eventsMissing, .reconnected])
        let text = try #require(analysis.warningsShown.first?.text)
        #expect(text.hasPrefix("baseline: \(missing) of ") && text.contains("never came, but did on backbone"))
        #expect(
            text.contains("the longest stretch without any: 6.") || text.contains("the longest stretch without any: 7.")
        )
        for format in [OutputFormat.text, .markdown] {
            let report = try format.render(analysis).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let warning = try #require(report.range(of: "\(missing) of "))
            let table = try #require(report.lowercased().range(of: "side by side"))
            #expect(warning.lowerBound < table.lowerBound)
            #expect(report.contains("never came"))
        }
        let page = HTMLReport.render(analysis)
        let warning = try #require(page.range(of: "baseline: \(missing) of "))
        let sides = try #require(page.range(of: "<section id=\"sides\""))
        #expect(warning.lowerBound < sides.lowerBound)
        let brief = TextReport.render(RunDocument(analysis).brief)
        #expect(!brief.contains(", none lost;"))
        #expect(brief.contains("\(missing) events of the"))
    }

    @Test func aFewMissingEventsAreNoWarning() {
        var run = SyntheticRun()
        run.lanes = 1
        run.lostInFlight = [400, 900]
        let analysis = RunAnalyzer.analyze(run.data())
        #expect(analysis.differences.first?.unmatchedBaseline.missing == 2)
        #expect(!analysis.warnings.contains { $0.code == .eventsMissing })
        #expect(RunAnalyzer.analyze(SyntheticRun().data()).warningsShown.isEmpty)
    }

    /// An interval that an outage has taken is the outage's doing, and the figure is not withheld.
    @Test func aWithheldIntervalNamesTheOutage() throws {
        var analysis = RunAnalyzer.analyze(Self.silent.data())
        let waves = (0..<2_050).map { Double($0) }
        let median = try #require(QuantileEstimator(waves).interval(0.5))
        #expect(median.cause == .dependence)
        let paths = ["baseline", "backbone"]
        let text = VerdictJudge(analysis).withoutInterval(median, paths)
        #expect(text.hasPrefix("baseline lost 2 connections (no data from "), "\(text)")
        #expect(text.contains("the interval of the median difference is withheld, not the figure itself"))
        analysis.gaps = []
        #expect(VerdictJudge(analysis).withoutInterval(median, paths).hasPrefix("the median difference has no 95 %"))
    }

    @Test func theVerdictsSentenceIsNotRepeatedAsAWarning() throws {
        let analysis = RunAnalyzer.analyze(SyntheticKind.tiny.run.data())
        #expect(analysis.verdict.kind == .cannotSay)
        let cause = try #require(analysis.warnings.first { $0.makesVerdictUnusable }?.text)
        for format in [OutputFormat.text, .markdown] {
            let report = try format.render(analysis).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(!report.contains("No verdict: \(cause)"))
        }
        // Of ten samples the 99th percentile is the largest.
        #expect(analysis.verdict.details.contains { $0.hasPrefix("At p99 nothing is known") })
    }

    @Test func aTailWithoutAnIntervalShowsNoDifference() throws {
        let p99 = try #require(QuantileEstimator((0..<200).map { Double($0 % 7) * 1e6 }).interval(0.99))
        let withheld = try #require(QuantileEstimator([1e6, 2e6]).interval(0.99))
        #expect(withheld.low == nil)
        let words = VerdictJudge.tail(
            withheld,
            (baseline: "baseline", other: "backbone"),
            otherNs: 1,
            baselineNs: 2,
            fewest: 200
        )
        #expect(words.contains("no difference shown (") && !words.contains("sooner") && !words.contains("later"))
        let few = VerdictJudge.tail(p99, ("baseline", "backbone"), otherNs: 1, baselineNs: 2, fewest: 20)
        #expect(few == "At p99 nothing is known: 20 samples are too few to have one.")
    }

    /// The band over time is that of the stated bound, not of the raw readings.
    @Test func theClockBandIsThatOfTheStatedBound() throws {
        let analysis = RunAnalyzer.analyze(SyntheticRun().data())
        for bounds in try #require(analysis.plots.timeline).clockBounds {
            let stated = try #require(analysis.hosts.first { $0.name == bounds.host }?.clock.worstBoundNs)
            #expect(bounds.points.map(\.boundNs).max() == stated)
        }
    }

    @Test func theTruthIsOfTheFigureBesideIt() throws {
        let text = try OutputFormat.text.render(SyntheticKind.lab.analysis())
        #expect(text.contains("Δ of first arrivals, median"))
        #expect(!text.contains("\n  Δ median"))
    }

    @Test func sharesOfAWholeAddUp() {
        func written(_ first: Int, _ second: Int, _ whole: Int) -> [String] {
            let texts = Format.percents(first, second, of: whole)
            return [texts.0, texts.1]
        }
        #expect(written(1_365, 2_052, 3_417) == ["39.9 %", "60.1 %"])
        // Each for itself they would be 96.3 and 3.8.
        #expect(written(9_625, 375, 10_000) == ["96.3 %", "3.7 %"])
        #expect(written(1, 99_999, 100_000) == ["<0.1 %", ">99.9 %"])
        #expect(written(40, 50, 100) == ["40.0 %", "50.0 %"])
    }
}
