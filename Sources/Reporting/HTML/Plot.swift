/// The area of one plot: maps values to places, draws axes.
struct Plot {
    let width: Double
    let height: Double
    private let left = 58.0
    private let right = 14.0
    private let top = 12.0
    private let bottom = 40.0
    let xRange: ClosedRange<Double>
    let yRange: ClosedRange<Double>

    init(width: Double, height: Double, x: ClosedRange<Double>, y: ClosedRange<Double>) {
        self.width = width
        self.height = height
        xRange = x.lowerBound == x.upperBound ? (x.lowerBound - 1)...(x.upperBound + 1) : x
        yRange = y.lowerBound == y.upperBound ? (y.lowerBound - 1)...(y.upperBound + 1) : y
    }

    func x(_ value: Double) -> Double {
        left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (width - left - right)
    }

    func y(_ value: Double) -> Double {
        height - bottom - (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
            * (height - top - bottom)
    }

    /// Points as an SVG path, every coordinate with one decimal.
    func path(_ points: [(x: Double, y: Double)]) -> String {
        points.enumerated().map { index, point in
            (index == 0 ? "M" : "L") + coordinate(x(point.x)) + " " + coordinate(y(point.y))
        }
        .joined(separator: " ")
    }

    func coordinate(_ value: Double) -> String { Format.fixed(value, 1) }

    /// Both axes with round ticks, the name of the x axis below it.
    func axes(xName: String, xDecimals: Int? = nil, yTicks: [(value: Double, label: String)]) -> String {
        var parts: [String] = []
        for tick in yTicks {
            let at = coordinate(y(tick.value))
            parts.append(
                "<line class=\"axis\" x1=\"\(coordinate(left))\" x2=\"\(coordinate(width - right))\" y1=\"\(at)\" y2=\"\(at)\"/>"
            )
            parts.append(text(left - 8, y(tick.value) + 4, tick.label, anchor: "end"))
        }
        let (ticks, decimals) = Self.ticks(xRange, most: width < 500 ? 4 : 8)
        for tick in ticks {
            let at = coordinate(x(tick))
            parts.append(
                "<line class=\"axis\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(coordinate(height - bottom))\" y2=\"\(coordinate(height - bottom + 5))\"/>"
            )
            parts.append(
                text(x(tick), height - bottom + 18, Format.fixed(tick, xDecimals ?? decimals), anchor: "middle")
            )
        }
        parts.append(text(width - right, height - 6, xName, anchor: "end"))
        return parts.joined(separator: "\n")
    }

    func text(_ x: Double, _ y: Double, _ content: String, anchor: String, class name: String? = nil) -> String {
        "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor)\"\(name.map { " class=\"\($0)\"" } ?? "")>"
            + HTMLReport.escape(content) + "</text>"
    }

    /// Names of the series in their colours, beside the name of the x axis.
    func legend(_ names: [String]) -> String {
        var place = left
        return names.enumerated().map { index, name in
            defer { place += 22 + 7.5 * Double(name.count) }
            return
                "<rect class=\"f\(index % 4)\" x=\"\(coordinate(place))\" y=\"\(coordinate(height - 15))\" width=\"10\" height=\"10\" rx=\"2\"/>"
                + text(place + 14, height - 6, name, anchor: "start", class: "f\(index % 4)")
        }
        .joined(separator: "\n")
    }

    /// Ticks at 1, 2 or 5 times a power of ten.
    func yTicks(most: Int = 5) -> [(value: Double, label: String)] {
        let (ticks, decimals) = Self.ticks(yRange, most: most)
        return ticks.map { ($0, Format.fixed($0, decimals)) }
    }

    private static func ticks(_ range: ClosedRange<Double>, most: Int) -> (values: [Double], decimals: Int) {
        let span = range.upperBound - range.lowerBound
        var step = 1.0
        var decimals = 0
        while step * 10 < span / Double(most) { step *= 10 }
        while step > span / Double(most), decimals < 9 {
            step /= 10
            decimals += 1
        }
        if let factor = [2.0, 5.0, 10.0].first(where: { span / (step * $0) <= Double(most) }) {
            step *= factor
            if factor == 10, decimals > 0 { decimals -= 1 }
        }
        var values: [Double] = []
        var index = (range.lowerBound / step).rounded(.up)
        while index * step <= range.upperBound + step * 1e-9, values.count < 20 {
            values.append(index * step)
            index += 1
        }
        return (values, decimals)
    }
}
