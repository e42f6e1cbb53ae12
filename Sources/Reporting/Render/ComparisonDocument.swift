import LatencyStatistics

/// Lays out a comparison as a report.
struct ComparisonDocument {
    let document: ReportDocument

    init(_ comparison: RunComparison) {
        let warnings = comparison.warnings.map { ($0.makesVerdictUnusable ? "No verdict: " : "") + $0.text }
        var sections = [ReportDocument.Section(title: "Warnings", blocks: warnings.isEmpty ? [] : [.list(warnings)])]
        sections += comparison.paths.map { Self.section($0, hasVerdict: comparison.paths.count > 1) }
        sections.append(
            .init(
                title: "Method",
                blocks: [
                    .paragraph(
                        "Exact quantiles (type 7) of raw samples. With several runs a side, figures are means over runs of the run's "
                            + "quantile, and 95 % intervals are Student's of so many runs (matched by the hour of the day where they "
                            + "can be); of one run, they are from order statistics of the number of independent samples, with lanes as "
                            + "random effects. Differences are B - A: below zero, B is sooner."
                    )
                ]
            )
        )
        document = ReportDocument(
            title: "Comparison of runs",
            subtitle:
                "A: \(comparison.runsA.joined(separator: ", ")) (\(Format.duration(comparison.measuredSecondsA))); "
                + "B: \(comparison.runsB.joined(separator: ", ")) (\(Format.duration(comparison.measuredSecondsB)))",
            verdict: comparison.verdict,
            isUnusable: comparison.isVerdictUnusable,
            sections: sections
        )
    }

    private static func section(_ pair: ComparedPaths, hasVerdict: Bool) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = hasVerdict ? [.paragraph("Verdict: \(pair.verdict.headline).")] : []
        for summary in pair.summaries {
            let metric = summary.metric
            blocks.append(.paragraph("\(metric.title.prefix(1).uppercased() + metric.title.dropFirst()), ms"))
            var rows = [["samples", Format.count(summary.a.count), "", Format.count(summary.b.count), ""]]
            var differences: [[String]] = []
            for figure in pair.figures where figure.metric == metric {
                rows.append(
                    [
                        figure.name, Format.milliseconds(figure.a.value), Cells.interval(figure.a),
                        Format.milliseconds(figure.b.value), Cells.interval(figure.b),
                    ]
                )
                differences.append(
                    [
                        figure.name, Cells.difference(figure.difference),
                        Cells.interval(figure.difference, isSigned: true),
                    ]
                )
            }
            func plain(_ name: String, _ value: (Summary) -> Double?) {
                rows.append([
                    name, Format.milliseconds(value(summary.a)), "", Format.milliseconds(value(summary.b)), "",
                ])
            }
            plain("mean") { $0.mean }
            plain("min") { $0.minimum }
            plain("max") { $0.maximum }
            plain("std dev") { $0.standardDeviation }
            plain("p95-p50") { $0.p95MinusMedian }
            blocks.append(.table(.init(header: ["", "A", "95 % interval", "B", "95 % interval"], rows: rows)))
            let clocks =
                summary.clockNs.map { "; the clocks of both sides may add \u{B1}\(Format.milliseconds($0)) ms" } ?? ""
            blocks.append(.paragraph("Difference, B - A, ms" + clocks))
            blocks.append(.table(.init(header: ["", "B - A", "95 % interval"], rows: differences)))
        }
        let losses = losses(pair)
        if !losses.isEmpty { blocks.append(.paragraph(losses + ".")) }
        return .init(
            title: pair.pathA == pair.pathB ? pair.pathA : "\(pair.pathA) (A) and \(pair.pathB) (B)",
            blocks: blocks
        )
    }

    /// How many events each side lost, in words; empty where neither can know.
    static func losses(_ pair: ComparedPaths) -> String {
        [("A", pair.eventsLostA), ("B", pair.eventsLostB)]
            .compactMap { side, count in count.map { "\(Format.plural($0, "event")) lost in \(side)" } }
            .joined(separator: ", ")
    }
}
