import ExperimentModel
import LatencyStatistics

/// The paths beside each other, each figure with its interval, and the difference where one is shown.
struct SidesSection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    private struct Column {
        var index: Int
        var path: PathAnalysis
        var metricIndex: Int?
        var metric: MetricAnalysis? { metricIndex.map { path.metrics[$0] } }
    }

    /// The paths that the difference is between come first, then the others.
    private var columns: [Column] {
        let all = analysis.paths.enumerated().map { index, path in
            Column(index: index, path: path, metricIndex: path.metrics.firstIndex { $0.metric == .endToEnd })
        }
        guard hasDifference, let names = analysis.comparedNames else { return all }
        let compared = [names.baseline, names.other]
        return compared.flatMap { name in all.filter { $0.path.name == name } }
            + all.filter { !compared.contains($0.path.name) }
    }

    /// A row: the two paths that the difference is between, the difference, and the other paths.
    private func row(_ name: String, _ cells: [TableMarkup.Cell], difference: TableMarkup.Cell? = nil)
        -> [TableMarkup.Cell]
    {
        guard hasDifference else { return [.text(name)] + cells }
        return [.text(name)] + cells.prefix(2) + [difference ?? .init(html: "")] + cells.dropFirst(2)
    }

    var title: String { hasTimes ? "Side by side: end to end, ms" : "Side by side" }

    /// Whether any path has end-to-end delays.
    var hasTimes: Bool { columns.contains { $0.metric != nil } }

    var html: String {
        let columns = columns
        let rows = hasTimes ? quantiles(columns) + summaries(columns) : []
        let table = TableMarkup(
            caption: title,
            header: row("", columns.map(Self.header), difference: differenceHeader),
            rows: [counts("samples", columns, "samples") { $0.samples }] + rows
                + [
                    neverCame(columns),
                    counts("relay lost", columns, "eventsLost") { $0.eventsLost },
                    counts("duplicates", columns, "duplicates") { $0.duplicates },
                    counts("reordered", columns, "reordered") { $0.reordered },
                ].filter { !$0.isEmpty }
        )
        let marked = table.html.replacingFirst("<table>", with: "<table class=\"sides\">")
        let notes = RunPathSections.pathNotes(analysis) + RunPathSections.lostNotes(analysis)
        let bound = columns.lazy.compactMap { $0.metric?.bound }.first
        return
            ([marked] + notes.map { Markup.paragraph($0, class: "note") }
            + [bound.map { Markup.paragraph(RunPathSections.explain($0), class: "note") } ?? ""]
            + [
                hasDifference
                    ? Markup.paragraph(
                        "Difference: of the two paths' own quantiles; \"~\" where its interval holds zero, or is "
                            + "withheld: no difference shown."
                            + (analysis.differences.isEmpty ? "" : " The difference event by event is below."),
                        class: "note"
                    ) : ""
            ])
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var hasDifference: Bool { !analysis.endToEndDifferencesNs.isEmpty }

    private var differenceHeader: TableMarkup.Cell {
        guard analysis.paths.count > 2, let names = analysis.comparedNames else {
            return TableMarkup.Cell(html: "difference<small>end to end</small>")
        }
        return .init(html: "difference<small>\(Markup.prose("\(names.other) - \(names.baseline)"))</small>")
    }

    private static func header(_ column: Column) -> TableMarkup.Cell {
        let kind =
            column.path.kind == .direct ? "direct" : "relayed" + (column.path.transport == .udp ? " over UDP" : "")
        let clock = column.metric.map { metric in
            metric.bound.clockNs.map { "clock \u{B1}\(Format.milliseconds($0)) ms" } ?? "clock bound unknown"
        }
        let flaw = column.metric?.bound.isVerified == false ? " <span class=\"flaw\">not verified</span>" : ""
        let details = [kind, clock].compactMap { $0 }.map(Markup.prose).joined(separator: "<br>")
        return .init(
            html: "<span class=\"t\(column.index % SeriesStyle.count)\">\(Markup.escape(column.path.name))</span>"
                + "<small>\(details)\(flaw)</small>"
        )
    }

    /// Each quantile with its interval below it.
    private func quantiles(_ columns: [Column]) -> [[TableMarkup.Cell]] {
        PathAnalyzer.probabilities.map { probability in
            row(
                QuantileName.of(probability),
                columns.map { column in
                    guard let metric = column.metricIndex,
                        let index = column.path.metrics[metric].quantilesNs.firstIndex(where: {
                            $0.probability == probability
                        })
                    else { return .init(html: "-") }
                    let quantile = column.path.metrics[metric].quantilesNs[index]
                    let pointer = "/paths/\(column.index)/metrics/\(metric)/quantilesNs/\(index)"
                    return Self.cell(Format.milliseconds(quantile.value), quantile, pointer, isSigned: false)
                },
                difference: differenceCell(probability)
            )
        }
    }

    private func differenceCell(_ probability: Double) -> TableMarkup.Cell? {
        guard let index = analysis.endToEndDifferencesNs.firstIndex(where: { $0.probability == probability }) else {
            return nil
        }
        let difference = analysis.endToEndDifferencesNs[index]
        let pointer = "/endToEndDifferencesNs/\(index)"
        guard difference.excludesZero else {
            let interval = IntervalMarkup.html(difference, pointer)
            return .init(html: "<abbr title=\"no difference shown\">~</abbr><small>\(interval)</small>")
        }
        return Self.cell(Format.signedMilliseconds(difference.value), difference, pointer, isSigned: true)
    }

    private static func cell(
        _ value: String,
        _ interval: QuantileInterval,
        _ pointer: String,
        isSigned: Bool
    ) -> TableMarkup.Cell {
        .init(
            html: Markup.figure(value, pointer + "/value")
                + "<small>\(IntervalMarkup.html(interval, pointer, isSigned: isSigned))</small>"
        )
    }

    private func summaries(_ columns: [Column]) -> [[TableMarkup.Cell]] {
        let rows: [(String, String, (MetricAnalysis) -> Double?)] = [
            ("mean", "summaryNs/mean", { $0.summaryNs.mean }), ("min", "summaryNs/minimum", { $0.summaryNs.minimum }),
            ("max", "summaryNs/maximum", { $0.summaryNs.maximum }),
            ("std dev", "summaryNs/standardDeviation", { $0.summaryNs.standardDeviation }),
            ("jitter", "jitterNs", { $0.jitterNs }),
        ]
        let named = rows.map { name, pointer, value in
            row(
                name,
                columns.map { column -> TableMarkup.Cell in
                    guard let metric = column.metricIndex, let ns = value(column.path.metrics[metric]) else {
                        return .init(html: "-")
                    }
                    return .figure(Format.milliseconds(ns), "/paths/\(column.index)/metrics/\(metric)/\(pointer)")
                }
            )
        }
        let spread = row(
            "p95 - p50",
            columns.map { .number(Format.milliseconds($0.metric?.summaryNs.p95MinusMedian)) }
        )
        return named + [spread]
    }

    private func neverCame(_ columns: [Column]) -> [TableMarkup.Cell] {
        guard !analysis.differences.isEmpty else { return [] }
        return row(
            "never came",
            columns.map { .number(analysis.neverCame(on: $0.path.name).map(Format.count) ?? "-") }
        )
    }

    private func counts(
        _ name: String,
        _ columns: [Column],
        _ pointer: String,
        _ value: (PathAnalysis) -> Int?
    ) -> [TableMarkup.Cell] {
        row(
            name,
            columns.map { column in
                value(column.path).map { .figure(Format.count($0), "/paths/\(column.index)/\(pointer)") }
                    ?? .init(html: "-")
            }
        )
    }
}

extension String {
    /// The text with the first occurrence of a part replaced.
    func replacingFirst(_ part: String, with other: String) -> String {
        guard let range = self.firstRange(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }

    private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        var text = self
        text.replaceSubrange(range, with: other)
        return text
    }
}
