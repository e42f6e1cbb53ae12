import LatencyStatistics

/// Points with their intervals over a time axis: one run a point.
struct CampaignPlot {
    /// One run's figure.
    struct Mark {
        var x: Double
        var value: Double
        var low: Double?
        var high: Double?
        /// Which of the plot's series it belongs to.
        var series: Int
        /// What hovering shows without a script.
        var text: String
    }

    /// A slot without a figure.
    struct Gap {
        var x: Double
        var text: String
    }

    /// One label on the x axis.
    struct Tick {
        var x: Double
        var label: String
    }

    var marks: [Mark]
    var gaps: [Gap]
    var xRange: ClosedRange<Double>
    var xTicks: [Tick]
    var xName: String
    var seriesNames: [String]
    /// Straight lines from the left to the right edge, by their series: values at both edges.
    var lines: [(series: Int, left: Double, right: Double)] = []
    /// Whether zero is to be seen.
    var showsZero = false
    /// The style of the first series, from which the others' count.
    var firstStyle = 0

    /// How much of a plot may be whiskers beyond the points' own range.
    private static let mostWhisker = 1.5

    /// Whether a whisker is longer than the scale is made for.
    var cutsWhiskers: Bool {
        marks.contains { ($0.low ?? $0.value) < yRange.lowerBound || ($0.high ?? $0.value) > yRange.upperBound }
    }

    /// The plot in one size.
    func drawing(_ size: Figure.Size) -> Figure.Drawing {
        let height = size.name == "narrow" ? 270.0 : size.name == "broad" ? 340 : 300
        let frame = Frame(left: 62, right: size.width - 14, top: 12, bottom: height - 44, x: xRange, y: yRange)
        var shapes = frame.yAxis(frame.yTicks()) + axis(frame)
        if showsZero, frame.yRange.contains(0) {
            shapes.append(SVG.line(frame.left, frame.y(0), frame.right, frame.y(0), class: "zero"))
        }
        shapes += lines.map { line in
            SVG.line(
                frame.left,
                frame.y(line.left),
                frame.right,
                frame.y(line.right),
                class: "trend c\(style(line.series))"
            )
        }
        shapes += gaps.map { gap($0, frame) } + marks.map { mark($0, frame) }
        let maps = Figure.Maps(
            position: frame.xMap,
            values: seriesNames.map { _ in frame.yMap },
            from: frame.top,
            to: frame.bottom
        )
        return Figure.Drawing(size: size, height: height, shapes: shapes, maps: maps)
    }

    /// All points, and their whiskers as far as they do not press the points flat.
    private var yRange: ClosedRange<Double> {
        let values = marks.map(\.value) + (showsZero ? [0] : [])
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let lengths = marks.compactMap { mark in mark.low.flatMap { low in mark.high.map { $0 - low } } }.sorted()
        let usual = lengths.isEmpty ? 0 : lengths[lengths.count / 2]
        let most = Self.mostWhisker * max(high - low, usual)
        let ends = marks.flatMap { [$0.low, $0.high].compactMap { $0 } }
        return Frame.range(
            [low, high] + [max(ends.min() ?? low, low - most), min(ends.max() ?? high, high + most)],
            margin: 0.06
        )
    }

    private func style(_ series: Int) -> Int { (series + firstStyle) % SeriesStyle.count }

    private func axis(_ frame: Frame) -> [String] {
        var parts = [SVG.line(frame.left, frame.bottom, frame.right, frame.bottom, class: "axis")]
        let longest = Double(xTicks.map(\.label.count).max() ?? 1)
        let room = max(1, Int((frame.right - frame.left) / (longest * 7 + 18)))
        let keep = max(1, (xTicks.count + room - 1) / room)
        for (index, tick) in xTicks.enumerated() where index % keep == 0 {
            let x = frame.x(tick.x)
            parts.append(SVG.line(x, frame.bottom, x, frame.bottom + 4, class: "axis"))
            parts.append(SVG.text(x, frame.bottom + 17, tick.label, anchor: "middle"))
        }
        parts.append(SVG.text(frame.right, frame.bottom + 34, xName, anchor: "end"))
        return parts
    }

    private func gap(_ gap: Gap, _ frame: Frame) -> String {
        let (x, y) = (frame.x(gap.x), frame.bottom - 9)
        let arms = [(-4.0, -4.0, 4.0, 4.0), (-4.0, 4.0, 4.0, -4.0)].map { from, fromY, to, toY in
            SVG.line(x + from, y + fromY, x + to, y + toY, class: "missed")
        }
        return "<g><title>\(Markup.escape(gap.text))</title>" + arms.joined() + "</g>"
    }

    private func mark(_ mark: Mark, _ frame: Frame) -> String {
        let x = frame.x(mark.x)
        var whisker = ""
        if let low = mark.low, let high = mark.high {
            func y(_ value: Double) -> Double {
                frame.y(min(max(value, frame.yRange.lowerBound), frame.yRange.upperBound))
            }
            whisker = SVG.line(x, y(low), x, y(high), class: "whisker c\(style(mark.series))")
        }
        return "<g><title>\(Markup.escape(mark.text))</title>\(whisker)"
            + SVG.mark(x, frame.y(mark.value), series: mark.series + firstStyle) + "</g>"
    }

    /// What the plots of a campaign need beside the report's own style.
    static let css = """
        .trend { stroke-width: 1.5; stroke-dasharray: 7 4; opacity: 0.7; }
        .whisker { stroke-width: 1.5; }
        .missed { stroke: var(--bad); stroke-width: 2; }
        line.c0 { stroke: var(--c0); } line.c1 { stroke: var(--c1); } line.c2 { stroke: var(--c2); } line.c3 { stroke: var(--c3); }
        """
}
