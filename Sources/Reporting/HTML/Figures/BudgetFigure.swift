import LatencyStatistics

/// Where the time went, as bars whose parts add up: the whole to scale, and what is beside the longest part enlarged.
struct BudgetFigure {
    private let figures: RunFigures
    private var budgets: [LatencyBudget] { figures.analysis.budgets }

    init(_ figures: RunFigures) {
        self.figures = figures
    }

    /// The figure; nil without event times.
    var figure: Figure? {
        guard !budgets.isEmpty else { return nil }
        return Figure(
            id: "budget",
            title: "Latency budget",
            isTitleShown: false,
            caption:
                "Means of the parts of the way, which add up to the mean of the whole. Under each bar, what is beside its "
                + "longest part, enlarged. The numbers are those of the parts in the table.",
            legend: [],
            drawings: Figure.Size.full.map(draw),
            readout: nil
        )
    }

    private func draw(_ size: Figure.Size) -> Figure.Drawing {
        let left = 2.0
        let right = size.width - 12
        let longest = budgets.map(\.wholeNs.mean).max() ?? 1
        var y = 4.0
        var shapes: [String] = []
        for budget in budgets {
            let series = figures.series(budget.path)
            // Numbered as in the table, where parts of parts have no number.
            let parts = Array(budget.parts.filter { !$0.isInside }.enumerated())
            let scale = (right - left) / max(1, longest)
            shapes.append(SVG.text(left, y + 12, budget.path, class: "strong"))
            shapes.append(
                SVG.text(
                    right,
                    y + 12,
                    "\(Format.milliseconds(budget.wholeNs.mean)) ms",
                    anchor: "end",
                    class: "strong"
                )
            )
            y += 18
            shapes += bar(parts.map { ($0.offset, $0.element.summaryNs.mean) }, left, y, scale, 26, series)
            guard let main = parts.max(by: { $0.element.summaryNs.mean < $1.element.summaryNs.mean }) else { continue }
            let rest = parts.filter { $0.offset != main.offset }
            let restNs = rest.reduce(0) { $0 + max(0, $1.element.summaryNs.mean) }
            y += 26
            if restNs > 0, restNs * scale < (right - left) * 0.3 {
                let wide = (right - left) * 0.62
                let enlarged = wide / restNs
                y += 8
                shapes += bar(rest.map { ($0.offset, $0.element.summaryNs.mean) }, left, y, enlarged, 18, series)
                shapes.append(
                    SVG.text(
                        left + wide + 8,
                        y + 13,
                        "\u{D7}\(Format.count(Int(enlarged / scale))): \(Format.milliseconds(restNs)) ms"
                    )
                )
                y += 18
            }
            y += 20
        }
        return Figure.Drawing(size: size, height: y, shapes: shapes)
    }

    /// Parts side by side, numbered where the number fits.
    private func bar(
        _ parts: [(number: Int, ns: Double)],
        _ left: Double,
        _ top: Double,
        _ scale: Double,
        _ tall: Double,
        _ series: Int
    ) -> [String] {
        var x = left
        var shapes: [String] = []
        for part in parts where part.ns > 0 {
            let width = part.ns * scale
            shapes.append(
                SVG.rect(x, top, width, tall, class: "part f\(series % SeriesStyle.count) p\(part.number % 4)")
            )
            if width > 18 {
                shapes.append(SVG.rect(x + width / 2 - 8, top + tall / 2 - 8, 16, 16, class: "plate"))
                shapes.append(
                    SVG.text(x + width / 2, top + tall / 2 + 4, "\(part.number + 1)", anchor: "middle", class: "strong")
                )
            }
            x += width
        }
        return shapes
    }
}
