import LatencyStatistics

/// The paired difference of two paths: its distribution above those of lanes of one path, and its quantiles with
/// intervals.
struct DifferenceFigures {
    private let figures: RunFigures
    private var analysis: RunAnalysis { figures.analysis }

    init(_ figures: RunFigures) {
        self.figures = figures
    }

    /// One row of the ridge: a histogram that all rows' common axis is long enough for.
    private struct Row {
        var name: String
        var series: Int
        var histogram: Histogram
        var pointer: String

        var low: Double { histogram.lowest / 1e6 }
        var high: Double { (histogram.lowest + histogram.binWidth * Double(histogram.counts.count)) / 1e6 }
        /// Between which values the middle nine tenths of all lie, to the width of a bin.
        var middle: ClosedRange<Double> {
            func edge(_ share: Double, isUpper: Bool) -> Double {
                var seen = Double(histogram.below)
                for (index, count) in histogram.counts.enumerated() {
                    seen += Double(count)
                    guard seen >= share * Double(total) else { continue }
                    return low + Double(isUpper ? index + 1 : index) * histogram.binWidth / 1e6
                }
                return high
            }
            let lower = edge(0.05, isUpper: false)
            return lower...max(lower, edge(0.95, isUpper: true))
        }

        var total: Int { histogram.counts.reduce(0, +) + histogram.below + histogram.above }
    }

    private var noise: [Row] {
        analysis.noiseFloors.enumerated().compactMap { index, floor in
            floor.differencesNs.map {
                Row(
                    name: "two lanes of \(floor.path)",
                    series: figures.series(floor.path),
                    histogram: $0,
                    pointer: "/noiseFloors/\(index)/differencesNs"
                )
            }
        }
    }

    /// Δ and what lanes of one path differ by on one axis with zero, so that their sizes can be compared.
    var distribution: Figure? {
        guard let histogram = analysis.plots.differences, let difference = analysis.differences.first else {
            return nil
        }
        let main = Row(
            name: "Δ = \(difference.other) - \(difference.baseline)",
            series: RunFigures.differenceSeries,
            histogram: histogram,
            pointer: "/plots/differences"
        )
        let rows = [main] + noise
        let floor =
            rows.count > 1
            ? "Below it, to the same scale, what two lanes of one path differ by (A/A), "
                + "its middle nine tenths shaded."
            : "There is one lane a path, so that what lanes of one path differ by (A/A) cannot be drawn."
        return Figure(
            id: "difference-distribution",
            title: "Distribution of the difference",
            caption:
                "Arrival on \(difference.other) - arrival on \(difference.baseline), first arrivals of the same event; "
                + "left of zero \(difference.other) is sooner. \(floor) Each row between its 0.5 % and 99.5 %."
                + (analysis.differences.count > 1 ? " Of this pair of paths; the others are in the tables." : ""),
            legend: [],
            drawings: Figure.Size.pair.map { draw(rows, $0) },
            readout: readout(main),
            notes: [Markup.paragraph(note(rows), class: "note")]
        )
    }

    private func draw(_ rows: [Row], _ size: Figure.Size) -> Figure.Drawing {
        let all = Frame.range(rows.flatMap { [$0.low, $0.high] } + [0])
        let main = rows[0]
        // Where zero is far, Δ is but a needle beside it: it is drawn alone first.
        let isFar = (all.upperBound - all.lowerBound) > 5 * (main.high - main.low)
        var shapes: [String] = []
        var top = 16.0
        let left = 10.0
        let right = size.width - 10
        let alone = Frame(
            left: left,
            right: right,
            top: top,
            bottom: top + 130,
            x: Frame.range([main.low, main.high]),
            y: 0...1
        )
        if isFar {
            shapes.append(SVG.text(left, top - 4, Markup.signs(main.name) + ", alone", class: "strong"))
            shapes.append(outline(main, alone, bottom: alone.bottom, tall: 112))
            shapes += interval(alone, y: alone.bottom) + alone.xAxis("ms", most: size.name == "narrow" ? 4 : 7)
            top = alone.bottom + 52
        }
        let heights = rows.indices.map { $0 == 0 && !isFar ? 150.0 : 58 }
        let frame = Frame(left: left, right: right, top: top, bottom: top + heights.reduce(0, +), x: all, y: 0...1)
        let middles = rows.dropFirst().map(\.middle)
        if let low = middles.map(\.lowerBound).min(), let high = middles.map(\.upperBound).max() {
            shapes.append(
                SVG.rect(
                    frame.x(low),
                    frame.top,
                    frame.x(high) - frame.x(low),
                    frame.bottom - frame.top,
                    class: "floor"
                )
            )
        }
        var bottom = frame.top
        for (row, tall) in zip(rows, heights) {
            bottom += tall
            shapes.append(SVG.line(left, bottom, right, bottom, class: "grid"))
            shapes.append(outline(row, frame, bottom: bottom, tall: tall - 20))
            shapes.append(SVG.text(left, bottom - tall + 15, Markup.signs(row.name), class: "strong"))
        }
        shapes.append(SVG.line(frame.x(0), frame.top, frame.x(0), frame.bottom, class: "zero"))
        if !isFar { shapes += interval(frame, y: frame.top + heights[0]) }
        shapes += frame.xAxis("ms", most: size.name == "narrow" ? 4 : 7)
        let pointed = isFar ? alone : frame
        let maps = Figure.Maps(position: pointed.xMap, values: [], from: pointed.top, to: pointed.bottom)
        return Figure.Drawing(size: size, height: frame.bottom + 40, shapes: shapes, maps: maps)
    }

    private func outline(_ row: Row, _ frame: Frame, bottom: Double, tall: Double) -> String {
        let most = Double(max(1, row.histogram.counts.max() ?? 1))
        let width = row.histogram.binWidth / 1e6
        var points = [(x: frame.x(row.low), y: bottom)]
        for (index, count) in row.histogram.counts.enumerated() {
            let y = bottom - tall * Double(count) / most
            points.append((frame.x(row.low + Double(index) * width), y))
            points.append((frame.x(row.low + Double(index + 1) * width), y))
        }
        points.append((frame.x(row.high), bottom))
        return SVG.path(points, class: "bar f\(row.series % SeriesStyle.count)", isClosed: true)
    }

    /// The median and its interval as a bar on the row's base line.
    private func interval(_ frame: Frame, y: Double) -> [String] {
        guard let median = analysis.differences.first?.median else { return [] }
        var shapes: [String] = []
        if let low = median.low, let high = median.high {
            let start = frame.x(low / 1e6)
            shapes.append(SVG.line(start, y, max(start + 1.5, frame.x(high / 1e6)), y, class: "inkline"))
        }
        shapes.append(
            SVG.line(frame.x(median.value / 1e6), y - 6, frame.x(median.value / 1e6), y + 6, class: "inkline")
        )
        return shapes
    }

    private func readout(_ row: Row) -> Figure.Readout {
        Figure.Readout(
            axis: "x",
            header: "from - to",
            names: ["events"],
            series: [row.series],
            stops: row.histogram.counts.enumerated().map { index, count in
                let start = row.low + Double(index) * row.histogram.binWidth / 1e6
                let end = start + row.histogram.binWidth / 1e6
                return Figure.Readout.Stop(
                    position: (start + end) / 2,
                    title: "\(Format.fixed(start, 3))..\(Format.fixed(end, 3)) ms",
                    values: [],
                    texts: ["\(Format.count(count)) (\(Format.percent(count, of: row.total)))"],
                    isRow: count > 0,
                    pointers: ["\(row.pointer)/counts/\(index)"]
                )
            }
        )
    }

    /// Where nearly all of each row lies, in words.
    private func note(_ rows: [Row]) -> String {
        let parts = rows.map { "\($0.name) from \(Format.fixed($0.low, 3)) to \(Format.fixed($0.high, 3)) ms" }
        return "99 % lie here: \(parts.joined(separator: "; "))."
    }

    /// Δ at each quantile of its distribution, and the difference of the two paths' own quantiles.
    var quantiles: Figure? {
        guard let difference = analysis.differences.first, difference.quantilesNs.count > 1 else { return nil }
        let rows = difference.quantilesNs.enumerated().map { index, quantile in
            ForestRow(
                name: QuantileName.of(quantile.probability),
                intervals: [quantile, analysis.endToEndDifferencesNs.first { $0.probability == quantile.probability }],
                pointers: [
                    "/differences/0/quantilesNs/\(index)",
                    analysis.endToEndDifferencesNs.firstIndex { $0.probability == quantile.probability }
                        .map { "/endToEndDifferencesNs/\($0)" },
                ]
            )
        }
        let names =
            ["Δ event by event"] + (analysis.endToEndDifferencesNs.isEmpty ? [] : ["difference of the quantiles"])
        return ForestFigure(
            id: "difference-quantiles",
            title: "Difference by quantile",
            caption:
                "With 95 % intervals; left of the line at zero \(difference.other) is sooner. A mark without a line has no interval.",
            names: names,
            series: [RunFigures.differenceSeries, 2],
            rows: rows.map { row in
                var row = row
                row.intervals = Array(row.intervals.prefix(names.count))
                return row
            },
            bandNs: nil
        ).figure
    }
}
