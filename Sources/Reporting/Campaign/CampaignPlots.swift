import ExperimentModel
import LatencyStatistics

/// The figures of a campaign's HTML report: each run a point, over the campaign's time and over the hours of the day.
struct CampaignPlots {
    private let analysis: CampaignAnalysis

    init(_ analysis: CampaignAnalysis) {
        self.analysis = analysis
    }

    var figures: [String] {
        var figures: [String] = []
        if let difference = analysis.difference {
            let caption =
                "each run's median\(Self.intervals(deltas)), ms; below zero \(difference.other) is sooner"
            figures.append(figure("Δ over the campaign", caption, overTime(deltas, ["Δ"], trends: [difference.drift])))
            let hours = "the same runs by the time of day, UTC, whatever the day"
            figures.append(figure("Δ by time of day", hours, byHour(deltas, ["Δ"])))
        }
        for (title, marks) in [("Medians over the campaign", medians), ("p99 over the campaign", tails)]
        where !marks.isEmpty {
            let caption = "end to end, each run a point\(Self.intervals(marks)), ms"
            let trends = title.hasPrefix("Medians") ? analysis.paths.map(\.drift) : []
            figures.append(figure(title, caption, overTime(marks, analysis.paths.map(\.name), trends: trends)))
        }
        return figures
    }

    /// What stands beside the points, and why it does not where it is missing.
    private static func intervals(_ figures: [RunFigure]) -> String {
        let withheld = figures.filter { $0.interval.low == nil }
        guard let reason = withheld.first?.interval.cause else { return " with its own 95 % interval" }
        let why = reason == .tooFewSamples ? "it is too short for one" : "its delays depend on each other for too long"
        return withheld.count == figures.count
            ? " (without an interval of its own: \(why))"
            : " with its own 95 % interval, but for \(withheld.count) of \(figures.count) (\(why))"
    }

    private func figure(_ title: String, _ caption: String, _ plot: CampaignPlot) -> String {
        guard !plot.marks.isEmpty else { return "" }
        var plot = plot
        plot.name = "\(title): \(caption)"
        if plot.seriesNames == ["Δ"] { plot.firstStyle = RunFigures.differenceSeries }
        let id = "campaign-" + title.lowercased().map { $0.isASCII && $0.isLetter ? $0 : "-" }
        return Figure(
            id: id,
            title: title,
            caption: caption,
            legend: [],
            drawings: Figure.Size.full.map { size in
                let height = size.name == "narrow" ? 280.0 : 300
                return Figure.Drawing(
                    size: size,
                    height: height,
                    shapes: plot.shapes(width: size.width, height: height)
                )
            },
            readout: nil
        ).html
    }

    // MARK: What is drawn

    /// A figure of one run, before it has a place on an axis.
    private struct RunFigure {
        var point: CampaignPoint
        var interval: QuantileInterval
        var series: Int
        var name: String
    }

    private var counted: [CampaignPoint] { analysis.points.filter(\.isCounted) }

    private var deltas: [RunFigure] {
        counted.compactMap { point in
            point.difference.map { RunFigure(point: point, interval: $0, series: 0, name: "Δ") }
        }
    }

    private var medians: [RunFigure] { figures(\.median) }

    private var tails: [RunFigure] { figures(\.p99) }

    private func figures(_ value: (CampaignPathPoint) -> QuantileInterval?) -> [RunFigure] {
        analysis.paths.enumerated().flatMap { index, path in
            counted.compactMap { point in
                point.paths.first { $0.name == path.name }.flatMap(value).map {
                    RunFigure(point: point, interval: $0, series: index, name: path.name)
                }
            }
        }
    }

    private func mark(_ figure: RunFigure, x: Double) -> CampaignPlot.Mark {
        let interval = figure.interval
        let value = Format.signedMilliseconds(interval.value)
        let range = interval.low.flatMap { low in
            interval.high.map { ", \(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds($0))" }
        }
        return .init(
            x: x,
            value: interval.value / 1e6,
            low: interval.low.map { $0 / 1e6 },
            high: interval.high.map { $0 / 1e6 },
            series: figure.series,
            text:
                "\(figure.name) \(value) ms\(range ?? ""), slot \(figure.point.slot), \(UTC.text(figure.point.atSeconds))"
        )
    }

    private func gaps(_ x: (CampaignPoint) -> Double) -> [CampaignPlot.Gap] {
        analysis.points.filter { $0.state == .missed || $0.state == .failed }.map { point in
            .init(
                x: x(point),
                text:
                    "slot \(point.slot), \(UTC.text(point.plannedSeconds)), \(point.state.rawValue): \(point.reason ?? "")"
            )
        }
    }

    private static func isNearZero(_ marks: [CampaignPlot.Mark]) -> Bool {
        let values = marks.flatMap(\.values)
        guard let low = values.min(), let high = values.max() else { return false }
        return low <= 2 * (high - low) && high >= -2 * (high - low)
    }

    // MARK: Axes

    /// Hours since the first slot.
    private func overTime(_ figures: [RunFigure], _ names: [String], trends: [LinearTrend?]) -> CampaignPlot {
        let origin = analysis.points.first?.plannedSeconds ?? 0
        func hours(_ point: CampaignPoint) -> Double { (point.atSeconds - origin) / 3_600 }
        let marks = figures.map { mark($0, x: hours($0.point)) }
        let last = max(analysis.points.map(hours).max() ?? 0, 1e-6)
        let range = (-0.03 * last)...(1.03 * last)
        var plot = CampaignPlot(
            name: "",
            marks: marks,
            gaps: gaps(hours),
            xRange: range,
            xTicks: timeTicks(origin, last),
            xName: "UTC",
            seriesNames: names,
            showsZero: names == ["Δ"] && Self.isNearZero(marks)
        )
        // Where the line begins: trends count from the first run that has a figure.
        for (series, trend) in trends.enumerated() {
            guard let trend, let first = figures.first(where: { $0.series == series }).map({ hours($0.point) }) else {
                continue
            }
            plot.lines.append(
                (
                    series, (trend.intercept + trend.slope * (range.lowerBound - first)) / 1e6,
                    (trend.intercept + trend.slope * (range.upperBound - first)) / 1e6
                )
            )
        }
        return plot
    }

    /// Round times of the clock; days where there are several.
    private func timeTicks(_ origin: Double, _ lastHours: Double) -> [CampaignPlot.Tick] {
        let steps: [Double] = [1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400]
        let step = steps.first { lastHours * 3_600 / $0 <= 12 } ?? 86_400
        let first = (origin / step).rounded(.up) * step
        return (0..<400).map { first + Double($0) * step }.prefix { $0 <= origin + lastHours * 3_600 + 1e-6 }.map {
            let text = UTC.text($0)
            // 2026-11-26T03:00:00Z
            let date = text.dropFirst(5).prefix(5)
            let clock = text.dropFirst(11).prefix(step < 60 ? 8 : 5)
            return .init(x: ($0 - origin) / 3_600, label: step >= 86_400 ? String(date) : String(clock))
        }
    }

    private func byHour(_ figures: [RunFigure], _ names: [String]) -> CampaignPlot {
        let marks = figures.map { mark($0, x: $0.point.hourOfDay) }
        return CampaignPlot(
            name: "",
            marks: marks,
            gaps: gaps(\.hourOfDay),
            xRange: 0...24,
            xTicks: stride(from: 0, through: 24, by: 3).map {
                .init(x: Double($0), label: CampaignDocument.hourName($0 % 24))
            },
            xName: "hour of the day, UTC",
            seriesNames: names,
            showsZero: Self.isNearZero(marks)
        )
    }
}
