/// Shapes as SVG, every coordinate with one decimal.
enum SVG {
    static func number(_ value: Double) -> String {
        let text = Format.fixed(value, 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) -> String {
        "<line class=\"\(name)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
    }

    static func rect(_ x: Double, _ y: Double, _ width: Double, _ height: Double, class name: String) -> String {
        "<rect class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\" "
            + "height=\"\(number(max(0, height)))\"/>"
    }

    static func text(
        _ x: Double,
        _ y: Double,
        _ content: String,
        anchor: String = "start",
        class name: String? = nil
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\"\(anchor == "start" ? "" : " text-anchor=\"\(anchor)\"")"
            + "\(name.map { " class=\"\($0)\"" } ?? "")>" + Markup.escape(content) + "</text>"
    }

    /// A line through points, broken wherever `breaks` says so of two neighbours.
    static func path(
        _ points: [(x: Double, y: Double)],
        class name: String,
        isClosed: Bool = false,
        breaks: (Int) -> Bool = { _ in false }
    ) -> String {
        guard !points.isEmpty else { return "" }
        let steps = points.enumerated().map { index, point in
            (index == 0 || breaks(index) ? "M" : "L") + number(point.x) + " " + number(point.y)
        }
        return "<path class=\"\(name)\" d=\"\(steps.joined())\(isClosed ? "Z" : "")\"/>"
    }

    /// The mark of a series: each has a shape of its own beside its colour.
    static func mark(_ x: Double, _ y: Double, series: Int, size: Double = 4) -> String {
        let name = "f\(series % SeriesStyle.count) mark"
        switch series % SeriesStyle.count {
        case 0: return "<circle class=\"\(name)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(size))\"/>"
        case 1:
            let half = size * 0.9
            return rect(x - half, y - half, 2 * half, 2 * half, class: name)
        case 2:
            return path(
                [(x, y - size * 1.2), (x + size * 1.1, y + size * 0.8), (x - size * 1.1, y + size * 0.8)],
                class: name,
                isClosed: true
            )
        default:
            return path(
                [(x, y - size * 1.3), (x + size * 1.3, y), (x, y + size * 1.3), (x - size * 1.3, y)],
                class: name,
                isClosed: true
            )
        }
    }
}

/// How series are told apart: colour, dashes and shape, always the same for one path.
enum SeriesStyle {
    static let count = 4

    /// The classes of a line.
    static func line(_ series: Int) -> String { "line s\(series % count)" }
}
