import LatencyStatistics

/// The parts of each path's way as a table: what adds up, and what of it has an interval and a clock bound of its own.
struct WaySection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    var html: String {
        let tables = PathWays(analysis: analysis).all.map { way in
            TableMarkup(
                caption: "\(way.path), ms",
                header: [
                    .text("part"), .init(html: "mean"), .init(html: "median"), .init(html: "95 % interval"),
                    .init(html: "p95"), .init(html: "p99"), .init(html: "share"), .init(html: "clock bound"),
                ],
                rows: way.rows.map(cells),
                isCaptionShown: true
            ).html + Markup.paragraph(way.note, class: "note")
        }
        return RunPage.sideways(tables)
    }

    private func cells(_ row: WayRow) -> [TableMarkup.Cell] {
        let summary = row.summary
        func figure(_ ns: Double, _ key: String) -> TableMarkup.Cell {
            .figure(Format.milliseconds(ns), row.pointer + "/" + key)
        }
        let number = row.number.map { "<b>\($0)</b> " } ?? ""
        let share = row.share.map { Format.fixed(100 * $0, 2) + " %" } ?? ""
        return [
            .init(html: number + Markup.prose((row.isInside ? "of which " : "") + row.name), isText: true),
            figure(summary.mean, "mean"), figure(summary.median, "median"),
            .init(html: IntervalMarkup.html(row.median, row.medianPointer, isSigned: false)),
            figure(summary.p95, "p95"),
            figure(summary.p99, "p99"), .init(html: share), .init(html: Markup.escape(row.clocks)),
        ]
    }
}
