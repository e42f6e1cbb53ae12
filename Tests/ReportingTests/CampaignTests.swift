import ExperimentModel
import Foundation
import LatencyStatistics
import TestSupport
import Testing

@testable import Reporting

/// A campaign of synthetic runs, an hour apart from 2026-11-18T20:00:00Z on.
struct SyntheticCampaign {
    static let firstSeconds = 1_795_032_000.0

    /// Each slot's true Δ in milliseconds; nil for one that was missed.
    var deltasMs: [Double?] = [-6, -6.4, -5.8, nil, -6.2, -5.6]
    var mode = Schedule.Mode.simultaneous
    /// Slots to come.
    var pending = 0
    /// The share of its time that a slot measured, by its number; all of it where none is given.
    var measuredShares: [Int: Double] = [:]

    /// The kinds of campaign that pages are looked at of.
    static func all() -> [(name: String, analysis: CampaignAnalysis)] {
        var day = SyntheticCampaign()
        day.deltasMs = []
        for hour in 0..<24 {
            let isNight = (hour + 20) % 24 > 12
            let deltaMs = (isNight ? -5.2 : -6) + 0.1 * Double(hour % 3)
            day.deltasMs.append([5, 13].contains(hour) ? nil : deltaMs)
        }
        day.measuredShares = [9: 0.7, 17: 0.2]
        return [("campaign", SyntheticCampaign().analysis()), ("campaign-day", day.analysis())]
    }

    func record() -> CampaignRecord {
        let run = SyntheticRun()
        var experiment = run.data().record.experiment
        experiment.schedule.mode = mode
        experiment.schedule.duration = .seconds(10)
        var slots = (deltasMs + Array(repeating: nil, count: pending)).enumerated().map { index, delta in
            var slot = CampaignSlot(
                number: index + 1,
                plannedSeconds: Self.firstSeconds + Double(index) * 3_600,
                seed: UInt64(index + 1)
            )
            if delta != nil {
                slot.state = .done
                slot.run = "slots/clean-\(index + 1)"
                slot.beganSeconds = slot.plannedSeconds + 1
                slot.endedSeconds = slot.plannedSeconds + 60
            } else if index < deltasMs.count {
                slot.state = .missed
                slot.reason = "tokyo missed: clock: chronyd is not synchronised"
            }
            return slot
        }
        if slots.count > 1, deltasMs.first == .some(nil) { slots[0].state = .failed }
        var record = CampaignRecord(
            id: "clean-campaign-20261118T200000Z",
            version: "0.1.0",
            arguments: ["latexp", "run", "clean.json", "--repeat", "\(slots.count)", "--every", "1h"],
            beganSeconds: Self.firstSeconds,
            supplied: .object([:]),
            experiment: experiment,
            every: .seconds(3_600),
            seed: 7,
            isDetached: true,
            allowUnsynchronised: false,
            isLocal: false,
            slots: slots,
            token: "0123abcd"
        )
        record.outcome = pending == 0 ? .done : .running
        return record
    }

    func analysis() -> CampaignAnalysis {
        var runs: [Int: RunAnalysis] = [:]
        for (index, delta) in deltasMs.enumerated() {
            guard let delta else { continue }
            var run = SyntheticRun()
            run.id = "clean-\(index + 1)"
            run.seed = UInt64(100 + index)
            run.mode = mode
            run.seconds = 10 * (measuredShares[index + 1] ?? 1)
            run.backboneMs = run.directMs + delta - 0.5
            runs[index + 1] = RunAnalyzer.analyze(run.data())
        }
        return CampaignAnalyzer.analyze(record(), runs: runs)
    }
}

@Suite struct CampaignTests {
    @Test func aCampaignReadsAsRecorded() throws {
        let analysis = SyntheticCampaign().analysis()
        let text = try OutputFormat.text.render(analysis)
        expectGolden(text, "campaign.txt")
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        expectGolden(try OutputFormat.markdown.render(analysis), "campaign.md")
        expectGolden(try OutputFormat.csv.render(analysis), "campaign.csv")
        expectGolden(Outline.html(CampaignHTML.render(analysis)), "campaign.html.outline")
        let json = try OutputFormat.json.render(analysis)
        expectGolden(try Outline.json(json), "campaign.cut.json")
        #expect(try JSONDecoder().decode(CampaignAnalysis.self, from: Data(json.utf8)) == analysis)
    }

    @Test func runsAreWhatIsCounted() throws {
        let analysis = SyntheticCampaign().analysis()
        let difference = try #require(analysis.difference)
        let median = try #require(difference.median)
        let values = analysis.points.compactMap(\.difference?.value)
        #expect(values.count == 5 && difference.runs == 5)
        #expect(abs(median.value - values.reduce(0, +) / 5) < 1)
        // Student's interval of five runs: mean ± 2.776 s / √5, wider than any run's own.
        let deviation = try #require(Summary(values)?.standardDeviation)
        let half = 2.7764 * deviation / 5.0.squareRoot()
        #expect(abs(try #require(median.high) - median.value - half) < 0.01 * half)
        #expect(analysis.verdict.kind == .sooner && analysis.verdict.winner == "backbone")
        #expect(!analysis.isVerdictUnusable)
        #expect(difference.otherSooner == 5 && difference.baselineSooner == 0)
    }

    /// The 99th percentile of paired differences is another figure, and may have the other sign.
    @Test func theDifferenceAtP99IsThatOfThePathsOwnTails() throws {
        let analysis = SyntheticCampaign().analysis()
        let difference = try #require(analysis.difference?.p99)
        let tails = try ["baseline", "backbone"].map { name in
            try #require(analysis.paths.first { $0.name == name }?.p99).value
        }
        #expect(abs(difference.value - (tails[1] - tails[0])) < 1)
        let words = try #require(
            analysis.verdict.details.first { $0.hasPrefix("At p99, end to end, mean of the runs:") }
        )
        #expect(
            words.contains("backbone \(Format.milliseconds(tails[1])) ms, baseline \(Format.milliseconds(tails[0])) ms")
        )
        #expect(words.contains("sooner (95 % interval") || words.contains("no difference shown ("))
        var tied = SyntheticCampaign()
        tied.deltasMs = [-3, 3, -2, 2]
        #expect(tied.analysis().verdict.details.contains { $0.contains("ms: no difference shown (") })
    }

    /// Five runs in each of which the relay brought four events in ten, each of them 3 ms sooner.
    @Test func aCampaignWhoseRunsLoseTheirEventsHasNoVerdict() throws {
        let campaign = SyntheticCampaign(deltasMs: [-3, -3.1, -2.9, -3.05, -2.95])
        func verdict(_ brings: (Int64) -> Bool) -> Verdict {
            var runs: [Int: RunAnalysis] = [:]
            for number in 1...5 {
                var run = SyntheticRun()
                run.seed = 100 + UInt64(number)
                run.backboneMs = run.directMs - 3.5
                run.seconds = 30
                var data = run.data()
                let samples = Array(data.blocks[0].samples).filter { $0.lane < 2 || brings($0.updateID) }
                data.blocks[0].samples = RecordedSamples(samples)
                data.blocks[0].receiver?.sampleCount = samples.count
                runs[number] = RunAnalyzer.analyze(data)
            }
            return CampaignAnalyzer.analyze(campaign.record(), runs: runs).verdict
        }
        #expect(verdict { _ in true }.winner == "backbone")
        #expect(verdict { $0 % 10 != 0 }.winner == "backbone")
        let lost = verdict { $0 % 10 < 4 }
        #expect(lost.kind == .cannotSay && lost.headline.contains("in 5 of 5 runs"), "\(lost.headline)")
    }

    @Test func warningsStandBeforeWhatTheyAreAbout() throws {
        let analysis = SyntheticCampaign().analysis()
        for text in [try OutputFormat.text.render(analysis).lowercased(), CampaignHTML.render(analysis).lowercased()] {
            let warnings = try #require(text.range(of: "missed or failed (2026"))
            let table = try #require(text.range(of: "over runs, end to end"))
            #expect(warnings.lowerBound < table.lowerBound)
        }
    }

    @Test func pointsWithoutIntervalsSayWhy() throws {
        var analysis = SyntheticCampaign().analysis()
        #expect(CampaignHTML.render(analysis).contains("each run&#39;s median with its own 95\u{A0}% interval, ms"))
        let few = try #require(QuantileEstimator([1, 2, 3]).interval(0.5))
        for index in analysis.points.indices where analysis.points[index].difference != nil {
            analysis.points[index].difference = few
        }
        #expect(CampaignHTML.render(analysis).contains("without an interval of its own: it is too short for one"))
    }

    @Test func aMissedSlotIsThereWithItsReasonAndInNoFigure() throws {
        let analysis = SyntheticCampaign().analysis()
        let point = analysis.points[3]
        #expect(point.state == .missed && !point.isCounted && point.difference == nil)
        let text = try OutputFormat.text.render(analysis)
        #expect(text.contains("slot 4 missed: tokyo missed: clock: chronyd is not synchronised"))
        #expect(
            analysis.warnings.contains { $0.text.hasPrefix("1 of 6 slots missed or failed (2026-11-18T23:00:00Z)") }
        )
        let html = CampaignHTML.render(analysis)
        #expect(html.contains("slot 4, 2026-11-18T23:00:00Z, missed: tokyo missed"))
    }

    /// What was measured for a part of its time is told apart, and counts from half of it on.
    @Test func aSlotThatWasCutShortIsToldApartAndCountsFromHalfOfItsTimeOn() throws {
        var campaign = SyntheticCampaign()
        campaign.measuredShares = [2: 0.7, 5: 0.3]
        let analysis = campaign.analysis()
        #expect(analysis.points.map(\.state) == [.done, .cutShort, .done, .missed, .cutShort, .done])
        #expect(analysis.points.map(\.isCounted) == [true, true, true, false, false, true])
        #expect(analysis.difference?.runs == 4 && analysis.count(.done) == 3)
        #expect(analysis.points[1].reason == "it measured 7.0 s of 10 s")
        let last = try #require(analysis.points[4].reason)
        #expect(last.hasPrefix("it measured 3.0 s of 10 s, less than half") && last.hasSuffix("not counted"), "\(last)")
        #expect(analysis.warnings.contains { $0.text.hasPrefix("2 slots were cut short (2, 5): a slot counts if it") })
        #expect(analysis.verdict.details.contains("Of 6 slots, 2 cut short, 1 missed."))
        let text = try OutputFormat.text.render(analysis)
        #expect(text.contains("cut short") && text.contains("slot 5 cut short: it measured 3.0 s of 10 s"))
        #expect(text.replacing("\n", with: " ").contains("if it measured at least half of its time"))
        let html = CampaignHTML.render(analysis)
        #expect(html.contains("<span class=\"flaw\">cut short</span>"))
        #expect(try OutputFormat.csv.render(analysis).contains(",cutShort,"))
    }

    /// A campaign's directory is read wherever it is copied to.
    @Test func eachSlotLeadsToItsRunsOwnReport() throws {
        var analysis = SyntheticCampaign().analysis()
        analysis.points[1].run = "slots/a b#1"
        analysis.points[2].verdict = nil
        let html = CampaignHTML.render(analysis)
        #expect(html.contains("<a href=\"slots/clean-1/report.html\">report<"))
        #expect(html.contains("<a href=\"slots/a%20b%231/report.html\">report<"))
        // What was never analysed has no report.
        #expect(html.contains("<a href=\"slots/clean-3/run.json\">manifest<"))
        #expect(html.components(separatedBy: "<a href=\"slots/").count == 6)
    }

    @Test func theHostsOfAllRunsAreDescribed() throws {
        var runs: [Int: RunAnalysis] = [:]
        for slot in 1...3 {
            var analysis = RunAnalyzer.analyze(SyntheticRun().data())
            if slot == 3 {
                let index = try #require(analysis.hosts.firstIndex { $0.name == "tokyo" })
                analysis.hosts[index].facts?.kernel = "Linux 9"
                analysis.hosts[index].clock.problem = "not synchronised"
                analysis.hosts[index].clock.worstBoundNs = 7e6
            }
            runs[slot] = analysis
        }
        let analysis = CampaignAnalyzer.analyze(SyntheticCampaign().record(), runs: runs)
        let hosts = try #require(analysis.hosts)
        #expect(hosts.map(\.name) == ["frankfurt", "tokyo"] && hosts.map(\.runs) == [3, 3])
        #expect(hosts[1].changed == ["kernel"] && hosts[1].runsNotVerified == 1 && hosts[1].worstBoundNs == 7e6)
        #expect(hosts[0].changed.isEmpty && hosts[0].runsNotVerified == 0)
        let html = CampaignHTML.render(analysis)
        #expect(html.contains("Linux 9") && html.contains("not verified in 1 of 3 runs, \u{B1}7.000 ms at worst"))
        #expect(html.contains("kernel, from one run to another"))
    }

    @Test func hoursOfTheDayAreUTCWhateverTheDay() throws {
        let analysis = SyntheticCampaign().analysis()
        // 20, 21, 22 and, past midnight, 0 and 1.
        #expect(analysis.difference?.hours.map(\.hour) == [0, 1, 20, 21, 22])
        #expect(analysis.difference?.hours.allSatisfy { $0.runs == 1 } == true)
    }

    @Test func aDriftIsSeen() throws {
        var campaign = SyntheticCampaign()
        campaign.deltasMs = (0..<8).map { -6 + 0.2 * Double($0) }
        let drift = try #require(campaign.analysis().difference?.drift)
        #expect(abs(drift.slope / 1e6 - 0.2) < 0.05, "\(drift)")
        #expect(drift.excludesZero)
    }

    @Test func runsThatContradictEachOtherShowNoDifference() {
        var campaign = SyntheticCampaign()
        campaign.deltasMs = [-3, 3, -2, 2]
        let analysis = campaign.analysis()
        #expect(analysis.verdict.kind == .noDifferenceShown)
        #expect(analysis.difference?.otherSooner == 2 && analysis.difference?.baselineSooner == 2)
    }

    @Test func oneRunIsNoCampaignAndNoRunSaysNothing() {
        var campaign = SyntheticCampaign()
        campaign.deltasMs = [-6, nil]
        #expect(campaign.analysis().verdict.kind == .cannotSay)
        campaign.deltasMs = [nil, nil]
        let nothing = campaign.analysis()
        #expect(nothing.verdict.headline == "cannot say: no run can be used")
        #expect(nothing.isVerdictUnusable)
    }

    @Test func slotsToComeAreSaid() throws {
        var campaign = SyntheticCampaign()
        campaign.deltasMs = [-6, -6.2]
        campaign.pending = 22
        let text = try OutputFormat.text.render(campaign.analysis())
        #expect(text.contains("22 slots still to come"))
    }

    @Test func sequentialRunsAreHeldAgainstTheClocks() throws {
        var campaign = SyntheticCampaign()
        campaign.mode = .sequential
        let difference = try #require(campaign.analysis().difference)
        #expect(!difference.isPaired)
        #expect((difference.clockNs ?? 0) > 0)
    }

    @Test func namesFromElsewhereCannotBreakThePage() {
        var analysis = SyntheticCampaign().analysis()
        analysis.points[3].reason = "<script>alert(1)</script>"
        let page = CampaignHTML.render(analysis)
        #expect(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"))
    }
}
