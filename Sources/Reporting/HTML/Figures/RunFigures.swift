import LatencyStatistics

/// The figures of a run's HTML report.
struct RunFigures {
    /// The style of differences, apart from those of the first paths.
    static let differenceSeries = 3

    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    /// Where the path stands among all; the style of a series goes by it.
    func series(_ path: String) -> Int {
        analysis.paths.firstIndex { $0.name == path } ?? Self.differenceSeries
    }

    /// The distributions with enough values to draw.
    var distributions: [(index: Int, plot: DistributionPlot)] {
        analysis.plots.distributions.enumerated().filter { $0.element.valuesNs.count > 2 }.map {
            ($0.offset, $0.element)
        }
    }

    /// What the distributions and time series are of, to be read in a sentence.
    var subject: String {
        analysis.plots.subject == "difference"
            ? "difference Δ of the same event's two arrivals" : "end-to-end delay"
    }

    /// "±0.161 ms" of the receiver's clock, which moves all paths' delays together; nil for differences.
    var clockBoundNs: Double? {
        analysis.paths.lazy.compactMap { $0.metric(.endToEnd)?.bound.clockNs }.first
    }
}

/// The distribution of each path: the body, and the tail to 1 in 10,000.
struct DistributionFigures {
    private let figures: RunFigures
    private let plots: [(index: Int, plot: DistributionPlot)]

    init(_ figures: RunFigures) {
        self.figures = figures
        plots = figures.distributions
    }

    /// Both views, where there is anything to draw.
    var all: [Figure] {
        guard !plots.isEmpty else { return [] }
        let hasTail = plots.contains { $0.plot.probabilities.contains { $0 >= 0.99 && $0 < 1 } }
        return hasTail ? [body, tail] : [body]
    }

    private var legend: [(series: Int, name: String)] { plots.map { (figures.series($0.plot.path), $0.plot.path) } }

    /// All of the body; the last hundredth belongs to the tail's view.
    private var body: Figure {
        let stops = stops(rows: [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) { $0 <= 0.99 }
        return Figure(
            id: "distribution",
            title: "Distribution",
            caption:
                "Share of events that arrived within a time; marks at the median and p95. Of the \(figures.subject).",
            legend: legend,
            drawings: Figure.Size.pair.map {
                draw($0, stops, y: 0...1, ticks: Self.shares, marked: [0.5, 0.95]) { $0 }
            },
            readout: readout(stops) { $0 }
        )
    }

    private static let shares = [0, 0.25, 0.5, 0.75, 1].map { (value: $0, label: Format.fixed($0 * 100, 0) + " %") }

    private var tail: Figure {
        let rows = [0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999]
        let stops = stops(rows: rows) { $0 >= 0.5 && $0 < 1 }
        let deepest = ((stops.map { Self.decades($0.position) }.max() ?? 1) - 1e-6).rounded(.up)
        let labels = [(1.0, "1 in 10"), (2, "1 in 100"), (3, "1 in 1,000"), (4, "1 in 10,000")]
        let fewest =
            plots.map { figures.analysis.path($0.plot.path)?.samples ?? figures.analysis.differences.first?.pairs ?? 0 }
            .min() ?? 0
        return Figure(
            id: "tail",
            title: "Tail",
            caption: "Share of events later than a time, each step down ten times rarer; marks at p99 and p99.9. "
                + (fewest < 10_000
                    ? "Ends where \(Format.plural(fewest, "sample")) can tell no more." : "Ends at p99.99."),
            legend: legend,
            drawings: Figure.Size.pair.map {
                draw($0, stops, y: Self.decades(0.5)...deepest, ticks: labels, marked: [0.99, 0.999], isDownward: true)
                {
                    Self.decades($0)
                }
            },
            readout: readout(stops) { Self.decades($0) }
        )
    }

    /// How many powers of ten the share beyond a probability is below 1: 0.99 gives 2.
    private static func decades(_ probability: Double) -> Double { -Logarithm.base10(max(1e-12, 1 - probability)) }

    /// The probabilities that any path has, with each path's value; positions are probabilities yet.
    private func stops(rows: [Double], _ isShown: (Double) -> Bool) -> [Figure.Readout.Stop] {
        let all = Set(plots.flatMap { $0.plot.probabilities }).filter(isShown).sorted()
        return all.map { probability in
            let found = plots.map { entry in
                entry.plot.probabilities.firstIndex(of: probability).map { (entry.index, $0, entry.plot.valuesNs[$0]) }
            }
            let percent = Self.percent(probability)
            return .init(
                position: probability,
                title: probability == 0.5 ? "median" : probability == 0 ? "least" : "p" + percent,
                values: found.map { $0.map { $0.2 / 1e6 } },
                texts: found.map { $0.map { Format.milliseconds($0.2) + " ms" } ?? "" },
                isRow: rows.contains { abs($0 - probability) < 1e-9 },
                pointers: found.map { $0.map { "/plots/distributions/\($0.0)/valuesNs/\($0.1)" } }
            )
        }
    }

    private static func percent(_ probability: Double) -> String {
        var text = Format.fixed(probability * 100, 2)
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private func readout(_ stops: [Figure.Readout.Stop], _ place: (Double) -> Double) -> Figure.Readout {
        Figure.Readout(
            axis: "y",
            header: "quantile",
            names: plots.map(\.plot.path),
            series: plots.map { figures.series($0.plot.path) },
            stops: stops.map { stop in
                var stop = stop
                stop.position = place(stop.position)
                return stop
            }
        )
    }

    private func draw(
        _ size: Figure.Size,
        _ stops: [Figure.Readout.Stop],
        y yRange: ClosedRange<Double>,
        ticks: [(value: Double, label: String)],
        marked: [Double],
        isDownward: Bool = false,
        _ place: (Double) -> Double
    ) -> Figure.Drawing {
        let height = 306.0
        // The tail reads downward, rarer and rarer: its frame is turned round.
        let frame = Frame(
            left: size.name == "narrow" ? (isDownward ? 68 : 44) : (isDownward ? 76 : 50),
            right: size.width - 12,
            top: isDownward ? height - 52 : 10,
            bottom: isDownward ? 10 : height - 52,
            x: Frame.range(stops.flatMap { $0.values.compactMap { $0 } }),
            y: yRange
        )
        let under = Frame(
            left: frame.left,
            right: frame.right,
            top: 10,
            bottom: height - 52,
            x: frame.xRange,
            y: 0...1
        )
        var shapes = frame.yAxis(ticks) + under.xAxis("ms", most: size.name == "narrow" ? 4 : 6)
        for (number, entry) in plots.enumerated() {
            let series = figures.series(entry.plot.path)
            let points = stops.compactMap { stop in
                stop.values[number].map { (x: frame.x($0), y: frame.y(place(stop.position))) }
            }
            shapes.append(SVG.path(points, class: SeriesStyle.line(series)))
            for stop in stops where marked.contains(where: { abs($0 - stop.position) < 1e-9 }) {
                guard let value = stop.values[number] else { continue }
                shapes.append(SVG.mark(frame.x(value), frame.y(place(stop.position)), series: series))
            }
        }
        shapes += clockBracket(under)
        let maps = Figure.Maps(
            position: frame.yMap,
            values: plots.map { _ in frame.xMap },
            from: frame.left,
            to: frame.right
        )
        return Figure.Drawing(size: size, height: height, shapes: shapes, maps: maps)
    }

    /// How far the whole picture may have to be moved for the clock's sake, drawn to scale.
    private func clockBracket(_ frame: Frame) -> [String] {
        guard figures.analysis.plots.subject != "difference", let boundNs = figures.clockBoundNs else { return [] }
        let width = frame.x(frame.xRange.lowerBound + 2 * boundNs / 1e6) - frame.left
        guard width < frame.right - frame.left - 40 else { return [] }
        let y = frame.bottom + 30
        let start = frame.left
        let end = start + max(1, width)
        let fits = end + 150 < frame.right
        return [
            SVG.line(start, y, end, y, class: "axis"), SVG.line(start, y - 4, start, y + 4, class: "axis"),
            SVG.line(end, y - 4, end, y + 4, class: "axis"),
            SVG.text(
                fits ? end + 6 : start,
                fits ? y + 4 : y + 18,
                "clock \u{B1}\(Format.milliseconds(boundNs)) ms"
            ),
        ]
    }
}
