import LatencyStatistics

/// Points with their intervals over a time axis, as SVG: one run a point.
struct CampaignPlot {
    /// One run's figure.
    struct Mark {
        var x: Double
        var value: Double
        var low: Double?
        var high: Double?
        /// Which of the plot's series it belongs to.
        var series: Int
        /// What hovering shows.
        var text: String

        /// All that must be inside the plot.
        var values: [Double] { [value, low ?? value, high ?? value] }
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

    var name: String
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

    private static let left = 64.0
    private static let right = 16.0
    private static let top = 14.0
    private static let bottom = 66.0

    /// The plot's shapes in one size.
    func shapes(width: Double, height: Double) -> [String] {
        let canvas = Canvas(width: width, height: height, x: xRange, y: yRange)
        return [axes(canvas), zero(canvas)] + lines.map { line($0, canvas) } + gaps.map { gap($0, canvas) }
            + marks.map { mark($0, canvas) } + [legend(canvas)]
    }

    private var yRange: ClosedRange<Double> {
        let values = marks.flatMap(\.values) + (showsZero ? [0] : [])
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let margin = max((high - low) * 0.08, 0.001)
        return (low - margin)...(high + margin)
    }

    // MARK: Places

    /// Values to places.
    private struct Canvas {
        let width: Double
        let height: Double
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>

        func atX(_ value: Double) -> Double {
            let span = max(x.upperBound - x.lowerBound, 1e-9)
            return left + (value - x.lowerBound) / span * (width - left - right)
        }

        func atY(_ value: Double) -> Double {
            let span = max(y.upperBound - y.lowerBound, 1e-12)
            return height - bottom - (value - y.lowerBound) / span * (height - top - bottom)
        }
    }

    private static func place(_ value: Double) -> String { Format.fixed(value, 1) }

    private static func text(_ x: Double, _ y: Double, _ content: String, _ anchor: String, _ class: String = "")
        -> String
    {
        "<text x=\"\(place(x))\" y=\"\(place(y))\" text-anchor=\"\(anchor)\"\(`class`.isEmpty ? "" : " class=\"\(`class`)\"")>"
            + Markup.prose(content) + "</text>"
    }

    // MARK: Parts

    private func axes(_ canvas: Canvas) -> String {
        var parts: [String] = []
        for value in Self.roundValues(canvas.y, most: 5) {
            let y = Self.place(canvas.atY(value))
            parts.append(
                "<line class=\"c-grid\" x1=\"\(Self.place(Self.left))\" x2=\"\(Self.place(canvas.width - Self.right))\" y1=\"\(y)\" y2=\"\(y)\"/>"
            )
            parts.append(Self.text(Self.left - 8, canvas.atY(value) + 4, Self.label(value, canvas.y), "end"))
        }
        let base = canvas.height - Self.bottom
        let keep = max(1, Int((Double(xTicks.count) / (canvas.width < 500 ? 5 : 13)).rounded(.up)))
        for (index, tick) in xTicks.enumerated() where index % keep == 0 {
            let x = canvas.atX(tick.x)
            parts.append(
                "<line class=\"c-grid\" x1=\"\(Self.place(x))\" x2=\"\(Self.place(x))\" y1=\"\(Self.place(base))\" y2=\"\(Self.place(base + 5))\"/>"
            )
            parts.append(Self.text(x, base + 18, tick.label, "middle"))
        }
        parts.append(Self.text(canvas.width - Self.right, base + 36, xName, "end"))
        return parts.joined(separator: "\n")
    }

    private func zero(_ canvas: Canvas) -> String {
        guard showsZero else { return "" }
        let y = Self.place(canvas.atY(0))
        return
            "<line class=\"c-zero\" x1=\"\(Self.place(Self.left))\" x2=\"\(Self.place(canvas.width - Self.right))\" y1=\"\(y)\" y2=\"\(y)\"/>"
    }

    private func line(_ line: (series: Int, left: Double, right: Double), _ canvas: Canvas) -> String {
        "<line class=\"c-line c\((line.series + firstStyle) % 4)\" x1=\"\(Self.place(Self.left))\" y1=\"\(Self.place(canvas.atY(line.left)))\" "
            + "x2=\"\(Self.place(canvas.width - Self.right))\" y2=\"\(Self.place(canvas.atY(line.right)))\"/>"
    }

    private func gap(_ gap: Gap, _ canvas: Canvas) -> String {
        let (x, y) = (canvas.atX(gap.x), canvas.height - Self.bottom - 9)
        let arms = [(-4.0, -4.0, 4.0, 4.0), (-4.0, 4.0, 4.0, -4.0)].map { from, fromY, to, toY in
            "<line class=\"c-gap\" x1=\"\(Self.place(x + from))\" y1=\"\(Self.place(y + fromY))\" x2=\"\(Self.place(x + to))\" y2=\"\(Self.place(y + toY))\"/>"
        }
        return "<g><title>\(Markup.escape(gap.text))</title>" + arms.joined() + "</g>"
    }

    private func mark(_ mark: Mark, _ canvas: Canvas) -> String {
        let x = Self.place(canvas.atX(mark.x))
        var whisker = ""
        if let low = mark.low, let high = mark.high {
            whisker =
                "<line class=\"c-whisker c\((mark.series + firstStyle) % 4)\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(Self.place(canvas.atY(low)))\" "
                + "y2=\"\(Self.place(canvas.atY(high)))\"/>"
        }
        return "<g><title>\(Markup.escape(mark.text))</title>\(whisker)"
            + SVG.mark(canvas.atX(mark.x), canvas.atY(mark.value), series: mark.series + firstStyle) + "</g>"
    }

    /// Names of the series in their colours; the series' first letters stand for those who see no colours in the
    /// titles.
    private func legend(_ canvas: Canvas) -> String {
        var x = Self.left
        var parts: [String] = []
        for (index, name) in (seriesNames + (gaps.isEmpty ? [] : ["missed or failed"])).enumerated() {
            let isGap = index == seriesNames.count
            let y = canvas.height - 12
            parts.append(
                isGap
                    ? Self.text(x, y + 4, "×", "start", "c-gaptext")
                    : SVG.mark(x + 4, y, series: index + firstStyle)
            )
            parts.append(Self.text(x + 13, y + 4, name, "start"))
            x += 26 + 7.2 * Double(name.count)
        }
        return parts.joined(separator: "\n")
    }

    // MARK: Round numbers

    private static func step(_ range: ClosedRange<Double>, most: Int) -> Double {
        let span = range.upperBound - range.lowerBound
        var power = 1e-6
        while power * 10 < span / Double(most) { power *= 10 }
        return [1.0, 2, 5, 10, 20].map { $0 * power }.first { span / $0 <= Double(most) } ?? span
    }

    private static func roundValues(_ range: ClosedRange<Double>, most: Int) -> [Double] {
        let step = step(range, most: most)
        let first = (range.lowerBound / step).rounded(.up)
        return (0..<20).map { (first + Double($0)) * step }.filter { $0 <= range.upperBound }
    }

    private static func label(_ value: Double, _ range: ClosedRange<Double>) -> String {
        let step = step(range, most: 5)
        return Format.fixed(value, step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3)
    }
}
