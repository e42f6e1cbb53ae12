import ExperimentModel
import LatencyStatistics

/// Lays out a campaign as a report.
struct CampaignDocument {
    let document: ReportDocument

    init(_ analysis: CampaignAnalysis) {
        let sections = [
            Self.warnings(analysis), Self.overRuns(analysis), Self.byHour(analysis), Self.slots(analysis),
            Self.environment(analysis), Self.method(analysis),
        ]
        let kind = analysis.isDetached ? ", detached" : ""
        document = ReportDocument(
            title: analysis.campaignID,
            subtitle: "campaign of \(Format.plural(analysis.points.count, "slot")) every "
                + "\(Format.duration(analysis.everySeconds))\(kind), \(analysis.market.rawValue) "
                + "\(analysis.streams.joined(separator: ", ")) to \(analysis.receiver), "
                + "\(Format.plural(analysis.lanesPerPath, "lane")) a path, from \(UTC.text(analysis.beganSeconds))",
            verdict: analysis.verdict,
            isUnusable: analysis.isVerdictUnusable,
            sections: sections
        )
    }

    static func overRuns(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        var rows = analysis.paths.filter { $0.median != nil }.flatMap { path in
            [row("\(path.name) median", path.runs, path.median), row("\(path.name) p99", path.runs, path.p99)]
        }
        if let difference = analysis.difference {
            rows.append(row("Δ median", difference.runs, difference.median, isSigned: true))
            if difference.p99 != nil {
                rows.append(row("difference of p99", difference.runs, difference.p99, isSigned: true))
            }
        }
        var blocks: [ReportDocument.Block] = []
        if !rows.isEmpty {
            blocks.append(.table(.init(header: ["", "runs", "mean of runs", "95 % interval"], rows: rows)))
        }
        let losses = analysis.paths.compactMap { path in
            path.eventsLost.map { "\(path.name): \(Format.plural($0, "event")) lost of \(Format.count(path.samples))" }
        }
        if !losses.isEmpty { blocks.append(.paragraph(losses.joined(separator: ", ") + ".")) }
        return .init(title: "Over runs, end to end and Δ, ms", blocks: blocks)
    }

    private static func row(
        _ name: String,
        _ runs: Int,
        _ interval: QuantileInterval?,
        isSigned: Bool = false
    ) -> [String] {
        let value = isSigned ? Format.signedMilliseconds(interval?.value) : Format.milliseconds(interval?.value)
        return [name, "\(runs)", value, Cells.interval(interval, isSigned: isSigned)]
    }

    static func byHour(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        let hours = analysis.difference?.hours ?? []
        let rows = hours.map { hour in
            [
                hourName(hour.hour), "\(hour.runs)", Format.signedMilliseconds(hour.median.value),
                Format.signedMilliseconds(hour.leastNs), Format.signedMilliseconds(hour.mostNs),
            ]
        }
        return .init(
            title: "Δ by hour of the day, UTC, ms",
            blocks: rows.isEmpty ? [] : [.table(.init(header: ["hour", "runs", "mean", "least", "most"], rows: rows))]
        )
    }

    static func hourName(_ hour: Int) -> String { (hour < 10 ? "0" : "") + "\(hour):00" }

    private static func slots(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        let rows = analysis.points.map { point in
            [
                "\(point.slot)", UTC.text(point.plannedSeconds), point.state.words,
                point.difference.map { Format.signedMilliseconds($0.value) } ?? "",
                point.difference == nil ? "" : Cells.interval(point.difference, isSigned: true), "\(point.warnings)",
            ]
        }
        let table = ReportDocument.Block.table(
            .init(
                header: ["slot", "planned", "state", "Δ median", "95 % interval", "warnings"],
                rows: rows,
                textColumns: [0, 1, 2]
            )
        )
        return .init(title: "Slots", blocks: [table] + slotNotes(analysis).blocks)
    }

    /// What there is to say of slots beside the table.
    static func slotNotes(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = []
        let reasons = analysis.points.compactMap { point in
            point.reason.map { "slot \(point.slot) \(point.state.words): \($0)" }
        }
        if !reasons.isEmpty { blocks.append(.list(reasons)) }
        if analysis.points.contains(where: { $0.warnings > 0 }) {
            blocks.append(.paragraph("Which warnings: in the report of the slot's run, under slots/."))
        }
        return .init(title: "Slots", blocks: blocks)
    }

    /// What each host is, a line each.
    private static func environment(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        let lines = (analysis.hosts ?? []).map { host in
            let facts = [
                host.region, host.facts?.zone, host.facts?.instanceType, host.facts?.system, host.facts?.kernel,
                host.facts.map { Format.plural($0.cpus, "processor") },
                host.worstBoundNs.map { "clock \u{B1}\(Format.milliseconds($0)) ms at worst" },
                host.runsNotVerified > 0
                    ? "clock not verified in \(host.runsNotVerified) of \(Format.plural(host.runs, "run"))" : nil,
                host.changed.isEmpty ? nil : "changed between runs: \(host.changed.joined(separator: ", "))",
            ].compactMap { $0 }
            return "\(host.name), \(host.role == .receive ? "receiver" : "forwarder"): \(facts.joined(separator: ", "))"
        }
        return .init(title: "Environment", blocks: lines.isEmpty ? [] : [.list(lines)])
    }

    private static func warnings(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        .init(
            title: "Warnings",
            blocks: analysis.warnings.isEmpty ? [] : [.list(analysis.warnings.map(\.text))]
        )
    }

    static func method(_ analysis: CampaignAnalysis) -> ReportDocument.Section {
        let hasDrift = analysis.difference?.drift != nil || analysis.paths.contains { $0.drift != nil }
        return ReportDocument.Section(
            title: "Method",
            blocks: [
                .paragraph(
                    "Each run gives one figure; runs are what is counted. A figure over runs is the mean of the runs' quantiles "
                        + "(type 7), its 95 % interval Student's of so many runs, at least as wide as the runs' own intervals make it. "
                        + (hasDrift ? "Drift is the slope of a least-squares line through the runs' medians. " : "")
                        + "Δ is the second path minus the first: below zero, the second is sooner. The difference of p99 is that of the "
                        + "paths' own 99th percentiles. Missed slots are in no figure; a slot that was cut short is in them if it measured at least half of "
                        + "its time."
                )
            ]
        )
    }
}
