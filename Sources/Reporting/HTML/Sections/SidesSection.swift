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

    private var columns: [Column] {
        analysis.paths.enumerated().map { index, path in
            Column(index: index, path: path, metricIndex: path.metrics.firstIndex { $0.metric == .endToEnd })
        }
    }

    var title: String { hasTimes ? "Side by side: end to end, ms" : "Side by side" }

    /// Whether any path has end-to-end delays.
    var hasTimes: Bool { columns.contains { $0.metric != nil } }

    var html: String {
        let columns = columns
        let rows = hasTimes ? quantiles(columns) + summaries(columns) : []
        let table = TableMarkup(
            caption: title,
            header: [.text("")] + columns.map(Self.header) + (hasDifference ? [Self.differenceHeader] : []),
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
                            + "withheld: no difference shown. The difference event by event is below.",
                        class: "note"
                    ) : ""
            ])
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var hasDifference: Bool { !analysis.endToEndDifferencesNs.isEmpty }

    private static let differenceHeader = TableMarkup.Cell(html: "difference<small>end to end</small>")

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
            [.text(QuantileName.of(probability))]
                + columns.map { column in
                    guard let metric = column.metricIndex,
                        let index = column.path.metrics[metric].quantilesNs.firstIndex(where: {
                            $0.probability == probability
                        })
                    else { return .init(html: "-") }
                    let quantile = column.path.metrics[metric].quantilesNs[index]
                    let pointer = "/paths/\(column.index)/metrics/\(metric)/quantilesNs/\(index)"
                    return Self.cell(Format.milliseconds(quantile.value), quantile, pointer, isSigned: false)
                } + differenceCell(probability)
        }
    }

    private func differenceCell(_ probability: Double) -> [TableMarkup.Cell] {
        guard hasDifference else { return [] }
        guard let index = analysis.endToEndDifferencesNs.firstIndex(where: { $0.probability == probability }) else {
            return [.init(html: "")]
        }
        let difference = analysis.endToEndDifferencesNs[index]
        let pointer = "/endToEndDifferencesNs/\(index)"
        guard difference.excludesZero else {
            return [
                .init(
                    html:
                        "<abbr title=\"no difference shown\">~</abbr><small>\(IntervalMarkup.html(difference, pointer))</small>"
                )
            ]
        }
        return [Self.cell(Format.signedMilliseconds(difference.value), difference, pointer, isSigned: true)]
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
        let blank: [TableMarkup.Cell] = hasDifference ? [.init(html: "")] : []
        let named = rows.map { name, pointer, value in
            [.text(name)]
                + columns.map { column -> TableMarkup.Cell in
                    guard let metric = column.metricIndex, let ns = value(column.path.metrics[metric]) else {
                        return .init(html: "-")
                    }
                    return .figure(Format.milliseconds(ns), "/paths/\(column.index)/metrics/\(metric)/\(pointer)")
                } + blank
        }
        let spread: [TableMarkup.Cell] =
            [.text("p95 - p50")]
            + columns.map { column in .number(Format.milliseconds(column.metric?.summaryNs.p95MinusMedian)) } + blank
        return named + [spread]
    }

    private func neverCame(_ columns: [Column]) -> [TableMarkup.Cell] {
        guard !analysis.differences.isEmpty else { return [] }
        return [.text("never came")]
            + columns.map { .number(analysis.neverCame(on: $0.path.name).map(Format.count) ?? "-") }
            + (hasDifference ? [.init(html: "")] : [])
    }

    private func counts(
        _ name: String,
        _ columns: [Column],
        _ pointer: String,
        _ value: (PathAnalysis) -> Int?
    ) -> [TableMarkup.Cell] {
        [.text(name)]
            + columns.map { column in
                value(column.path).map { .figure(Format.count($0), "/paths/\(column.index)/\(pointer)") }
                    ?? .init(html: "-")
            } + (hasDifference ? [.init(html: "")] : [])
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
