import Foundation
import LatencyStatistics

/// The figures of a run's HTML report, as SVG; each is drawn twice, for wide and for narrow screens.
struct Plots {
    private let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    /// All figures that the analysis has data for.
    var figures: [String] {
        let shown = analysis.plots.distributions.filter { $0.valuesNs.count > 2 }
        var figures: [String] = []
        if !shown.isEmpty {
            figures.append(figure("Distribution", "share of events that arrived within a time") { ecdf(shown, $0) })
            figures.append(figure("Tail", "share of events later than a time, to 1 in 10,000") { tail(shown, $0) })
        }
        if let histogram = analysis.plots.differences, let difference = analysis.differences.first {
            let side = histogram.lowest < 0 ? "right" : "left"
            let caption =
                "arrival on \(difference.other) - arrival on \(difference.baseline), same event; "
                + "\(Format.count(histogram.below)) below and \(Format.count(histogram.above)) above are not drawn"
                + (Self.showsZero(histogram) ? "" : "; zero lies far to the \(side)")
            figures.append(figure("Difference", caption) { differences(histogram, $0) })
        }
        let series = analysis.plots.timeSeries.filter { $0.bins.count > 1 }
        if !series.isEmpty {
            let caption = "median, and from 5 % to 95 %; red: a lane without a connection"
            figures.append(figure("Over time", caption) { overTime(series, $0) })
        }
        if let series = analysis.plots.differenceOverTime, series.bins.count > 1, analysis.plots.subject != "difference"
        {
            let caption = "\(series.path), first arrivals: median, and from 5 % to 95 %"
            figures.append(figure("Difference over time", caption) { overTime([series], $0) })
        }
        return figures
    }

    private struct Size {
        var name: String
        var width: Double
        var height: Double
    }

    private static let sizes = [
        Size(name: "wide", width: 940, height: 280), Size(name: "narrow", width: 350, height: 260),
    ]

    private func figure(_ title: String, _ caption: String, _ draw: (Size) -> String) -> String {
        let drawings = Self.sizes.map { size in
            "<svg class=\"\(size.name)\" viewBox=\"0 0 \(Int(size.width)) \(Int(size.height))\" role=\"img\">"
                + "<title>\(HTMLReport.escape("\(title) of the \(analysis.plots.subject): \(caption)"))</title>\n"
                + draw(size) + "\n</svg>"
        }
        return
            "<figure>\n<figcaption>\(HTMLReport.escape(title)) <span>\(HTMLReport.escape(caption))</span></figcaption>\n"
            + drawings.joined(separator: "\n") + "\n</figure>"
    }

    /// All of the body; the last hundredth belongs to the tail's plot.
    private func ecdf(_ plots: [DistributionPlot], _ size: Size) -> String {
        let bodies = plots.map { plot in
            zip(plot.probabilities, plot.valuesNs).filter { $0.0 <= 0.991 }.map { (x: $0.1 / 1e6, y: $0.0) }
        }
        let plot = Plot(width: size.width, height: size.height, x: Self.range(bodies.flatMap { $0 }.map(\.x)), y: 0...1)
        let ticks = [0, 0.25, 0.5, 0.75, 1].map { (value: $0, label: Format.fixed($0 * 100, 0) + " %") }
        return plot.axes(xName: "ms", yTicks: ticks) + "\n" + lines(bodies, plot) + "\n"
            + plot.legend(plots.map(\.path))
    }

    private func tail(_ plots: [DistributionPlot], _ size: Size) -> String {
        let tails = plots.map { plot in
            zip(plot.probabilities, plot.valuesNs).filter { $0.0 < 1 && $0.0 >= 0.5 }
                .map { (x: $0.1 / 1e6, y: Self.decades($0.0)) }
        }
        let deepest = max(1, tails.flatMap { $0 }.map(\.y).max() ?? 1)
        let plot = Plot(
            width: size.width,
            height: size.height,
            x: Self.range(tails.flatMap { $0 }.map(\.x)),
            y: Self.decades(0.5)...deepest.rounded(.up)
        )
        let labels = ["", "1 in 10", "1 in 100", "1 in 1k", "1 in 10k"]
        let ticks = (1...Int(deepest.rounded(.up))).filter { $0 < labels.count }.map { (Double($0), labels[$0]) }
        return plot.axes(xName: "ms", yTicks: ticks) + "\n" + lines(tails, plot) + "\n" + plot.legend(plots.map(\.path))
    }

    /// How many powers of ten the share beyond a probability is below 1: 0.99 gives 2.
    private static func decades(_ probability: Double) -> Double { -log10(1 - probability) }

    private func lines(_ series: [[(x: Double, y: Double)]], _ plot: Plot) -> String {
        series.enumerated().map { "<path class=\"line s\($0 % 4)\" d=\"\(plot.path($1))\"/>" }.joined(separator: "\n")
    }

    private func differences(_ histogram: Histogram, _ size: Size) -> String {
        let edges = histogram.counts.indices.map { (histogram.lowest + Double($0) * histogram.binWidth) / 1e6 }
        let end = (edges.last ?? 0) + histogram.binWidth / 1e6
        let highest = Double(histogram.counts.max() ?? 1)
        let span = Self.range([edges.first ?? 0, end] + (Self.showsZero(histogram) ? [0] : []))
        let plot = Plot(width: size.width, height: size.height, x: span, y: 0...highest)
        let bars = zip(edges, histogram.counts).filter { $0.1 > 0 }.map { edge, count in
            let x = plot.x(edge)
            let width = max(0.6, plot.x(edge + histogram.binWidth / 1e6) - x - 0.4)
            let y = plot.y(Double(count))
            let side = edge + histogram.binWidth / 2e6 < 0 ? 1 : 0
            return
                "<rect class=\"f\(side)\" x=\"\(plot.coordinate(x))\" y=\"\(plot.coordinate(y))\" width=\"\(plot.coordinate(width))\" "
                + "height=\"\(plot.coordinate(plot.y(0) - y))\"/>"
        }
        let zero = plot.coordinate(plot.x(0))
        let line =
            !Self.showsZero(histogram)
            ? ""
            : "<line class=\"zero\" x1=\"\(zero)\" x2=\"\(zero)\" y1=\"\(plot.coordinate(plot.y(highest)))\" y2=\"\(plot.coordinate(plot.y(0)))\"/>"
        let names = analysis.differences.first.map { ["\($0.baseline) sooner", "\($0.other) sooner"] } ?? []
        return plot.axes(xName: "ms", yTicks: plot.yTicks(most: 4)) + "\n" + bars.joined(separator: "\n") + "\n" + line
            + "\n" + plot.legend(names)
    }

    /// Whether zero is near enough to the bars to be drawn with them: whether they touch it is what the plot is for.
    private static func showsZero(_ histogram: Histogram) -> Bool {
        let span = histogram.binWidth * Double(histogram.counts.count)
        return histogram.lowest <= 2 * span && histogram.lowest + 3 * span >= 0
    }

    private func overTime(_ series: [TimeSeriesPlot], _ size: Size) -> String {
        let bins = series.flatMap(\.bins)
        let values = bins.flatMap { [$0.p05Ns / 1e6, $0.p95Ns / 1e6] }
        let plot = Plot(
            width: size.width,
            height: size.height,
            x: 0...max(1, bins.map(\.seconds).max() ?? 1),
            y: Self.range(values)
        )
        let gaps = analysis.gaps.map { gap in
            let start = plot.x(max(plot.xRange.lowerBound, gap.fromSeconds))
            let end = plot.x(min(plot.xRange.upperBound, gap.toSeconds ?? .infinity))
            return
                "<rect class=\"gap\" x=\"\(plot.coordinate(start))\" y=\"12\" width=\"\(plot.coordinate(max(1, end - start)))\" "
                + "height=\"\(plot.coordinate(size.height - 52))\"/>"
        }
        let bands = series.enumerated().map { index, series in
            let upper = series.bins.map { (x: $0.seconds, y: $0.p95Ns / 1e6) }
            let lower = series.bins.reversed().map { (x: $0.seconds, y: $0.p05Ns / 1e6) }
            return "<path class=\"band f\(index % 4)\" d=\"\(plot.path(upper + lower)) Z\"/>"
        }
        let medians = series.map { $0.bins.map { (x: $0.seconds, y: $0.medianNs / 1e6) } }
        return plot.axes(xName: "s", yTicks: plot.yTicks()) + "\n" + gaps.joined(separator: "\n") + "\n"
            + bands.joined(separator: "\n") + "\n" + lines(medians, plot) + "\n"
            + plot.legend(series.map { $0.path + " (ms)" })
    }

    /// A little more than the values need.
    private static func range(_ values: [Double]) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let margin = max((high - low) * 0.04, 0.001)
        return (low - margin)...(high + margin)
    }
}
