import ExperimentModel
import Foundation
import LatencyStatistics

/// The contents of a campaign's HTML report.
struct CampaignPage {
    private let analysis: CampaignAnalysis
    private let document: ReportDocument

    init(_ analysis: CampaignAnalysis) {
        self.analysis = analysis
        document = CampaignDocument(analysis).document
    }

    var body: String {
        let shown = parts.filter { !$0.contents.isEmpty }
        let verdict = document.verdict
        return """
            <header>
            <h1>\(Markup.escape(document.title))</h1>
            <p class="facts">\(Markup.prose(document.subtitle))</p>
            \(PagePart.navigation(shown))
            </header>
            <section class="verdict \(verdict.kind.rawValue)" id="verdict" aria-labelledby="verdict-title">
            <p class="kicker">Verdict over runs</p>
            <h2 id="verdict-title">\(Markup.prose(verdict.headline))</h2>
            \(gauge)
            \(Tile.html(tiles))
            \(Markup.list(verdict.details))
            </section>
            \(Markup.warnings(analysis.warnings.map { Markup.prose($0.text) }))
            \(PagePart.html(shown))
            \(footer)
            """
    }

    private var parts: [PagePart] {
        let plots = CampaignPlots(analysis)
        let over = CampaignDocument.overRuns(analysis)
        let hours = CampaignDocument.byHour(analysis)
        let delays = plots.delays.map(\.html)
        return [
            PagePart(
                "runs",
                over.title,
                short: "Over runs",
                [RunPage.columns(RunPage.blocks(over).joined(separator: "\n"), plots.difference?.html ?? "")]
            ),
            PagePart(
                "hours",
                hours.title,
                short: "By hour",
                [RunPage.columns(plots.byHour?.html ?? "", RunPage.blocks(hours).joined(separator: "\n"))]
            ),
            PagePart(
                "delays",
                "Delays over the campaign",
                short: "Delays",
                [RunPage.columns(delays.first ?? "", delays.dropFirst().first ?? "")]
            ),
            PagePart("slots", "Slots", [slots] + RunPage.blocks(CampaignDocument.slotNotes(analysis))),
            PagePart("hosts", "Environment", [hosts]),
            PagePart("method", "Method", RunPage.blocks(CampaignDocument.method(analysis))),
        ]
    }

    // MARK: The verdict

    private var gauge: String {
        guard let difference = analysis.difference, difference.runs > 1, let median = difference.median else {
            return ""
        }
        let clockNs = difference.clockNs.flatMap { $0 > 0 ? $0 : nil }
        return Gauge(
            interval: median,
            left: "\(difference.other) sooner",
            right: "\(difference.baseline) sooner",
            floor: clockNs.map { -$0...$0 },
            floorName: "what the clocks may add"
        ).html
    }

    private var tiles: [Tile] {
        var tiles: [Tile] = []
        if let difference = analysis.difference, let median = difference.median {
            tiles.append(tile("Δ at the median, mean of runs", median, "/difference/median"))
            let (sooner, name) =
                median.value < 0
                ? (difference.otherSooner, difference.other) : (difference.baselineSooner, difference.baseline)
            tiles.append(
                Tile(
                    name: "\(name) sooner in",
                    value: "\(sooner) of " + Markup.figure("\(difference.runs)", "/difference/runs"),
                    detail: "runs, each at its median"
                )
            )
            if let p99 = difference.p99 { tiles.append(tile("difference at p99", p99, "/difference/p99")) }
        }
        let counted = analysis.points.count(where: \.isCounted)
        let over = analysis.points.count { $0.state != .pending && $0.state != .running }
        let toCome = analysis.points.count - over
        tiles.append(
            Tile(
                name: "slots that count",
                value: "\(counted) of \(over)",
                detail: toCome > 0 ? "\(Format.count(toCome)) to come" : "every slot is over"
            )
        )
        return tiles
    }

    private func tile(_ name: String, _ interval: QuantileInterval, _ pointer: String) -> Tile {
        let isShown = interval.low == nil || interval.excludesZero
        return Tile(
            name: name,
            value: isShown
                ? Markup.figure(Format.signedMilliseconds(interval.value), pointer + "/value") + " ms" : "~",
            detail: (isShown ? "" : "no difference shown: ") + IntervalMarkup.html(interval, pointer)
        )
    }

    // MARK: The runs

    /// Every slot, with the way to its run's own report beside this file.
    private var slots: String {
        let rows = analysis.points.enumerated().map { index, point -> [TableMarkup.Cell] in
            let pointer = "/points/\(index)"
            let difference = point.difference
            return [
                .init(html: "\(point.slot)", isText: true), moment(point.plannedSeconds), state(point),
                .init(
                    html: difference.map {
                        Markup.figure(Format.signedMilliseconds($0.value), pointer + "/difference/value")
                    } ?? ""
                ),
                difference == nil
                    ? .init(html: "") : IntervalMarkup.cell(difference, pointer + "/difference"),
            ] + analysis.paths.map { path in median(point, path.name, pointer) } + [
                .number(point.run == nil ? "" : Format.count(point.warnings)), .init(html: link(point), isText: true),
            ]
        }
        return TableMarkup(
            caption: "Slots, ms",
            header: [.text("slot"), .text("planned, UTC"), .text("state")]
                + [.init(html: "Δ median, ms"), .init(html: "95 % interval")]
                + analysis.paths.map { .init(html: "\(Markup.escape($0.name)) median, ms") }
                + [.init(html: "warnings"), .text("more")],
            rows: rows
        ).html
    }

    /// "2026-11-18 20:00:00", on two lines where room is scarce.
    private func moment(_ seconds: Double) -> TableMarkup.Cell {
        let text = String(UTC.text(seconds).dropLast()).replacing("T", with: " ")
        return .init(html: "<span class=\"moment\">\(Markup.escape(text))</span>", isText: true)
    }

    private func state(_ point: CampaignPoint) -> TableMarkup.Cell {
        let note = point.run != nil && point.verdict != nil && !point.isCounted ? ", not counted" : ""
        let words = Markup.escape(point.state.words + note)
        let isFlaw = point.state == .failed || point.state == .missed || point.state == .cutShort || !note.isEmpty
        return .init(html: isFlaw ? "<span class=\"flaw\">\(words)</span>" : words, isText: true)
    }

    private func median(_ point: CampaignPoint, _ name: String, _ pointer: String) -> TableMarkup.Cell {
        guard let place = point.paths.firstIndex(where: { $0.name == name }),
            let median = point.paths[place].median
        else { return .init(html: "") }
        return .figure(Format.milliseconds(median.value), "\(pointer)/paths/\(place)/median/value")
    }

    /// Relative, so that it holds wherever the campaign's directory is copied.
    private func link(_ point: CampaignPoint) -> String {
        guard let run = point.run else { return "" }
        // What was never analysed has no report.
        let file = point.verdict == nil ? "run.json" : "report.html"
        let place = "\(run)/\(file)"
        let address = place.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? place
        return "<a href=\"\(Markup.escape(address))\">\(point.verdict == nil ? "manifest" : "report")"
            + "<span class=\"unseen\"> of slot \(point.slot)</span></a>"
    }

    // MARK: The hosts

    private var hosts: String {
        let cards = (analysis.hosts ?? []).map { host in
            let bound = host.worstBoundNs.map { "\u{B1}\(Format.milliseconds($0)) ms at worst" }
            let verified =
                host.runsNotVerified == 0
                ? "verified in every run"
                : "not verified in \(host.runsNotVerified) of \(Format.plural(host.runs, "run"))"
            let jumps = host.clockJumps > 0 ? Format.plural(host.clockJumps, "jump") : nil
            return HostCard(
                name: host.name,
                role: host.role,
                region: host.region,
                facts: host.facts,
                clock: [verified, bound, jumps].compactMap { $0 }.joined(separator: ", "),
                agentSHA256: host.agentSHA256,
                more: host.changed.isEmpty
                    ? [] : [("changed", "\(host.changed.joined(separator: ", ")), from one run to another")]
            )
        }
        guard !cards.isEmpty else { return "" }
        return Markup.paragraph("latexp \(analysis.version). As the last run saw them; clocks over all runs.") + "\n"
            + HostCard.html(cards)
    }

    private var footer: String {
        let links = ["campaign.json", "analysis.json", "report.md", "runs.csv"].map { "<a href=\"\($0)\">\($0)</a>" }
        return
            "<footer><p>latexp \(Markup.escape(analysis.version)). All times are UTC. Beside this file: "
            + "\(links.joined(separator: ", ")). Each figure here stands in analysis.json under the name in its "
            + "<code>data-json</code>.</p></footer>"
    }
}
