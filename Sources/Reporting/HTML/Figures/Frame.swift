/// The area of one plot: maps values to places, and draws axes.
struct Frame {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    let xRange: ClosedRange<Double>
    let yRange: ClosedRange<Double>

    init(
        left: Double,
        right: Double,
        top: Double,
        bottom: Double,
        x: ClosedRange<Double>,
        y: ClosedRange<Double>
    ) {
        self.left = left
        self.right = right
        self.top = top
        self.bottom = bottom
        xRange = Self.widened(x)
        yRange = Self.widened(y)
    }

    private static func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
        range.lowerBound == range.upperBound ? (range.lowerBound - 1)...(range.upperBound + 1) : range
    }

    func x(_ value: Double) -> Double {
        left + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * (right - left)
    }

    func y(_ value: Double) -> Double {
        bottom - (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * (bottom - top)
    }

    /// The place on the x axis as `a + b * value`, for the script.
    var xMap: [Double] {
        let slope = (right - left) / (xRange.upperBound - xRange.lowerBound)
        return [left - slope * xRange.lowerBound, slope]
    }

    /// The place on the y axis as `a + b * value`.
    var yMap: [Double] {
        let slope = -(bottom - top) / (yRange.upperBound - yRange.lowerBound)
        return [bottom - slope * yRange.lowerBound, slope]
    }

    /// Horizontal lines with labels at their left.
    func yAxis(_ ticks: [(value: Double, label: String)]) -> [String] {
        ticks.filter { yRange.contains($0.value) }.flatMap { tick in
            [
                SVG.line(left, y(tick.value), right, y(tick.value), class: "grid"),
                SVG.text(left - 7, y(tick.value) + 4, tick.label, anchor: "end"),
            ]
        }
    }

    /// Ticks with labels under the frame, and the axis's name at its right end.
    func xAxis(_ name: String, labels: (Double, Int) -> String = Frame.label, most: Int? = nil) -> [String] {
        let (ticks, decimals) = Self.ticks(xRange, most: most ?? Int(max(3, (right - left) / 90)))
        var parts = [SVG.line(left, bottom, right, bottom, class: "axis")]
        for tick in ticks {
            parts.append(SVG.line(x(tick), bottom, x(tick), bottom + 4, class: "axis"))
            parts.append(SVG.text(x(tick), bottom + 17, labels(tick, decimals), anchor: "middle"))
        }
        parts.append(SVG.text(right, bottom + 32, name, anchor: "end"))
        return parts
    }

    static func label(_ value: Double, _ decimals: Int) -> String { Markup.signs(Format.fixed(value, decimals)) }

    /// Ticks of the y axis at 1, 2 or 5 times a power of ten.
    func yTicks(most: Int = 5) -> [(value: Double, label: String)] {
        let (ticks, decimals) = Self.ticks(yRange, most: most)
        return ticks.map { ($0, Self.label($0, decimals)) }
    }

    /// Round numbers inside a range, and the decimals that they need.
    static func ticks(_ range: ClosedRange<Double>, most: Int) -> (values: [Double], decimals: Int) {
        let span = range.upperBound - range.lowerBound
        var step = 1.0
        var decimals = 0
        while step * 10 < span / Double(most) { step *= 10 }
        while step > span / Double(most), decimals < 9 {
            step /= 10
            decimals += 1
        }
        if let factor = [1.0, 2.0, 5.0, 10.0].first(where: { span / (step * $0) <= Double(most) }) {
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

    /// A little more than the values need.
    static func range(_ values: [Double], margin share: Double = 0.04) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let margin = max((high - low) * share, 0.001)
        return (low - margin)...(high + margin)
    }
}
