import LatencyStatistics

/// Each lane as a strip: its range, and where its quantiles lie.
struct LaneFigure {
    /// With more lanes than this the rest is in the table only.
    private static let mostLanes = 32
    private let figures: RunFigures

    private struct Row {
        var name: String
        var series: Int
        var summary: Summary
    }

    init(_ figures: RunFigures) {
        self.figures = figures
    }

    private var hasEventTimes: Bool { figures.analysis.paths.flatMap(\.lanes).contains { $0.endToEndNs != nil } }

    private var rows: [Row] {
        figures.analysis.paths.flatMap { path in
            path.lanes.compactMap { lane in
                (hasEventTimes ? lane.endToEndNs : lane.behindSoonestNs).map {
                    Row(name: "\(path.name) \(lane.lane)", series: figures.series(path.name), summary: $0)
                }
            }
        }
    }

    /// The figure; nil with fewer than two lanes that have figures.
    var figure: Figure? {
        let rows = Array(rows.prefix(Self.mostLanes))
        guard rows.count > 1 else { return nil }
        let what =
            hasEventTimes ? "End-to-end delay" : "How much later than on the soonest lane of the path an event came"
        return Figure(
            id: "lanes-strip",
            title: "Lane by lane",
            isTitleShown: false,
            caption: "\(what): from the least to p95 (thick) and p99 (thin), the mark at the median.",
            legend: [],
            drawings: Figure.Size.shared.map { draw(rows, $0) },
            readout: nil
        )
    }

    private func draw(_ rows: [Row], _ size: Figure.Size) -> Figure.Drawing {
        let left = min(size.width * 0.32, 14 + 7.2 * Double(rows.map(\.name.count).max() ?? 0))
        let tall = 22.0
        let height = tall * Double(rows.count) + 56
        let frame = Frame(
            left: left,
            right: size.width - 12,
            top: 8,
            bottom: height - 42,
            x: Frame.range(rows.flatMap { [$0.summary.minimum / 1e6, $0.summary.p99 / 1e6] }),
            y: 0...1
        )
        var shapes: [String] = []
        for (index, row) in rows.enumerated() {
            let y = frame.top + (Double(index) + 0.5) * tall
            let name = "f\(row.series % SeriesStyle.count)"
            let start = frame.x(row.summary.minimum / 1e6)
            let p95 = frame.x(row.summary.p95 / 1e6)
            let p99 = frame.x(row.summary.p99 / 1e6)
            shapes.append(SVG.text(left - 8, y + 4, row.name, anchor: "end"))
            shapes.append(SVG.rect(start, y - 4, max(1, p95 - start), 8, class: "\(name) bandin"))
            shapes.append(SVG.rect(p95, y - 1, max(1, p99 - p95), 2, class: name))
            shapes.append(SVG.mark(frame.x(row.summary.median / 1e6), y, series: row.series))
        }
        shapes += frame.xAxis("ms", most: size.name == "narrow" ? 4 : 8)
        return Figure.Drawing(size: size, height: height, shapes: shapes)
    }
}
