import LatencyStatistics

/// A difference with its interval on a balance with zero in the middle: which side it is on, and how far from what
/// chance does.
struct Gauge {
    private static let width = 440.0
    private static let height = 104.0

    var interval: QuantileInterval
    /// What is sooner when the difference is below zero.
    var left: String
    /// What is sooner when it is above.
    var right: String
    /// What is seen where there is no difference, nanoseconds; nil when not measured.
    var floor: ClosedRange<Double>?
    var floorName: String

    var html: String {
        let ends = [interval.value, interval.low, interval.high, floor?.lowerBound, floor?.upperBound].compactMap { $0 }
        let most = max(1e-3, (ends.map { abs($0) }.max() ?? 1) / 1e6 * 1.12)
        let frame = Frame(left: 8, right: Self.width - 8, top: 22, bottom: 70, x: -most...most, y: 0...1)
        let middle = (frame.top + frame.bottom) / 2
        var shapes: [String] = []
        if let floor {
            // Never so thin that it is not seen.
            let width = max(4, frame.x(floor.upperBound / 1e6) - frame.x(floor.lowerBound / 1e6))
            let start = (frame.x(floor.upperBound / 1e6) + frame.x(floor.lowerBound / 1e6) - width) / 2
            shapes.append(SVG.rect(start, frame.top, width, frame.bottom - frame.top, class: "floor"))
        }
        shapes.append(SVG.line(frame.x(0), frame.top - 4, frame.x(0), frame.bottom, class: "zero"))
        let at = frame.x(interval.value / 1e6)
        if let low = interval.low, let high = interval.high {
            let start = frame.x(low / 1e6)
            shapes.append(
                SVG.rect(start, middle - 10, max(3, frame.x(high / 1e6) - start), 20, class: "interval")
            )
        }
        shapes.append(SVG.line(at, middle - 15, at, middle + 15, class: "inkline"))
        shapes.append(SVG.text(frame.x(0) - 8, 12, "\u{2190} " + left, anchor: "end"))
        shapes.append(SVG.text(frame.x(0) + 8, 12, right + " \u{2192}"))
        shapes += frame.xAxis("ms", most: 6)
        if floor != nil { shapes.append(SVG.text(frame.left, frame.bottom + 32, "grey: \(floorName)")) }
        let named = floor == nil ? "" : "; grey: \(floorName)"
        let text = "The difference at the median with its interval, zero in the middle\(named)."
        return
            "<svg class=\"gauge\" viewBox=\"0 0 \(SVG.number(Self.width)) \(SVG.number(Self.height + 6))\" role=\"img\" "
            + "aria-label=\"\(Markup.escape(text))\">\n" + shapes.joined(separator: "\n") + "\n</svg>"
    }
}
