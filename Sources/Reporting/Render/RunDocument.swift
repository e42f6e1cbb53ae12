import ExperimentModel
import LatencyStatistics

/// Lays out a run's analysis as a report, the most wanted first.
struct RunDocument {
    private let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    var document: ReportDocument {
        let paths = RunPathSections(analysis)
        let accounts = RunAccountSections(analysis)
        return ReportDocument(
            title: analysis.runID,
            subtitle: subtitle,
            verdict: analysis.verdict,
            isUnusable: analysis.isVerdictUnusable,
            sections: [
                warnings, paths.sideBySide, paths.difference, paths.truth, notes, paths.way, paths.noiseFloor,
                paths.lanes,
                accounts.conservation, accounts.connections, accounts.clocks, accounts.environment, accounts.phases,
                method, files,
            ],
            // Beyond the notes it is for who wants to know more.
            firstLook: 5
        )
    }

    /// What one looks at first, on a screen or two.
    var brief: ReportDocument {
        let paths = RunPathSections(analysis)
        let more =
            "`latexp report \(analysis.runID)` adds the parts of the way, lanes, clocks, hosts and the method; "
            + "report.html has the plots."
        var brief = document
        brief.sections = [
            warnings, paths.sideBySide, paths.difference(isBrief: true), paths.truth, notes,
            RunAccountSections(analysis).conservationInBrief,
            .init(title: "More", blocks: [.paragraph(more)]),
        ]
        return brief
    }

    /// The run in one line: feed, length, lanes, time, place.
    var subtitle: String {
        let lanes = Format.plural(analysis.lanesPerPath, "lane") + " a path"
        let parts = [
            "\(analysis.market.rawValue) \(analysis.streams.joined(separator: " "))",
            "\(Format.duration(analysis.measuredSeconds)) \(analysis.mode.rawValue)", lanes,
            UTC.text(analysis.beganSeconds), analysis.isLab ? "simulated world" : "received at \(analysis.receiver)",
        ]
        return parts.joined(separator: ", ")
    }

    /// What may overturn how the figures are read; they stand first.
    private var warnings: ReportDocument.Section {
        let texts = analysis.warningsShown
            .map { ($0.makesVerdictUnusable ? "No verdict: " : "") + $0.text }
        return .init(title: "Warnings", blocks: texts.isEmpty ? [] : [.list(texts)])
    }

    /// What else a reader should know.
    private var notes: ReportDocument.Section {
        let texts = analysis.notes.map(\.text)
        return .init(title: "Notes", blocks: texts.isEmpty ? [] : [.list(texts)])
    }

    /// How the figures were made.
    var method: ReportDocument.Section {
        let metrics = Metric.allCases.filter { metric in analysis.paths.contains { $0.metric(metric) != nil } }
        return .init(
            title: "Method",
            blocks: [
                .paragraph(
                    "Exact quantiles (type 7) of raw samples inside the window, without duplicates; nothing is clamped. 95 % "
                        + "intervals by order statistics (Woodruff) of the number of independent samples that would tell as much: from "
                        + "overlapping windows as long as the samples depend on each other (Politis and White). Lanes are random effects with "
                        + "Student's t. Jitter: RFC 3550."
                ),
                .list(metrics.map { "\($0.title): \($0.meaning)" }),
            ]
        )
    }

    /// Files beside the report that a reader may want to open.
    var linkedFiles: [String] { analysis.files.filter { !$0.contains("/") && $0 != "report.html" } }

    private var files: ReportDocument.Section {
        .init(title: "Files", blocks: [.paragraph(analysis.files.joined(separator: ", "))])
    }
}
