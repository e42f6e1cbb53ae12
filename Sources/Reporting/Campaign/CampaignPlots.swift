import ExperimentModel
import LatencyStatistics

/// The figures of a campaign's HTML report: each run a point, over the campaign's time and over the hours of the day.
struct CampaignPlots {
    private let analysis: CampaignAnalysis

    init(_ analysis: CampaignAnalysis) {
        self.analysis = analysis
    }

    /// Δ of each run over the campaign; nil without one.
    var difference: Figure? {
        guard let difference = analysis.difference else { return nil }
        let caption = "each run's median\(Self.intervals(deltas)), ms; below zero \(difference.other) is sooner"
        return figure(
            "Δ over the campaign",
            caption,
            overTime(deltas, ["Δ"], trends: [difference.drift]),
            stops(deltas, ["Δ"], isSigned: true) { self.hours($0) }
        )
    }

    /// The same by the hour of the day.
    var byHour: Figure? {
        guard analysis.difference != nil else { return nil }
        return figure(
            "Δ by time of day",
            "the same runs by the time of day, UTC, whatever the day",
            byHour(deltas, ["Δ"]),
            stops(deltas, ["Δ"], isSigned: true, by: \.hourOfDay)
        )
    }

    /// Each path's medians, and its tails.
    var delays: [Figure] {
        let names = analysis.paths.map(\.name)
        return [
            ("Medians over the campaign", medians, analysis.paths.map(\.drift)), ("p99 over the campaign", tails, []),
        ].compactMap { title, marks, trends in
            figure(
                title,
                "end to end, each run a point\(Self.intervals(marks)), ms",
                overTime(marks, names, trends: trends),
                stops(marks, names, isSigned: false) { self.hours($0) }
            )
        }
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

    private func figure(_ title: String, _ caption: String, _ plot: CampaignPlot, _ stops: [Figure.Readout.Stop])
        -> Figure?
    {
        guard !plot.marks.isEmpty else { return nil }
        var plot = plot
        if plot.seriesNames == ["Δ"] { plot.firstStyle = RunFigures.differenceSeries }
        var notes = [caption]
        if !plot.lines.isEmpty { notes.append("dashed: the straight line through the runs (drift)") }
        if !plot.gaps.isEmpty { notes.append("×: missed, failed or not counted") }
        if plot.cutsWhiskers { notes.append("an interval that is longer than the scale ends at the edge") }
        let styles = plot.seriesNames.indices.map { $0 + plot.firstStyle }
        return Figure(
            id: "campaign-" + title.lowercased().map { $0.isASCII && $0.isLetter ? $0 : "-" },
            title: title,
            caption: notes.joined(separator: "; "),
            legend: plot.seriesNames.count > 1 ? zip(styles, plot.seriesNames).map { ($0, $1) } : [],
            drawings: Figure.Size.pair.map(plot.drawing),
            readout: Figure.Readout(
                axis: "x",
                header: "run",
                names: plot.seriesNames,
                series: styles,
                stops: stops
            )
        )
    }

    /// What can be read at each slot, in the order of a plot's axis.
    private func stops(
        _ figures: [RunFigure],
        _ names: [String],
        isSigned: Bool,
        by position: (CampaignPoint) -> Double
    ) -> [Figure.Readout.Stop] {
        func text(_ interval: QuantileInterval) -> String {
            func number(_ ns: Double) -> String {
                isSigned ? Format.signedMilliseconds(ns) : Format.milliseconds(ns)
            }
            let range = interval.low.flatMap { low in
                interval.high.map { " (\(number(low)) to \(number($0)))" }
            }
            return "\(number(interval.value)) ms\(range ?? "")"
        }
        return analysis.points.filter { $0.state != .pending && $0.state != .running }
            .sorted { position($0) < position($1) }
            .map { point in
                let found = names.indices.map { series in
                    figures.first { $0.point.slot == point.slot && $0.series == series }
                }
                let isEmpty = found.allSatisfy { $0 == nil }
                let state = point.state == .done ? "not counted" : point.state.words
                return Figure.Readout.Stop(
                    position: position(point),
                    title: "slot \(point.slot), \(UTC.text(point.atSeconds))"
                        + (point.state == .cutShort && !isEmpty ? ", cut short" : ""),
                    values: found.map { $0.map { $0.interval.value / 1e6 } },
                    texts: found.map { $0.map { text($0.interval) } ?? (isEmpty ? state : "") },
                    pointers: found.map { $0.map { $0.pointer + "/value" } }
                )
            }
    }

    // MARK: What is drawn

    /// A figure of one run, before it has a place on an axis.
    private struct RunFigure {
        var point: CampaignPoint
        var interval: QuantileInterval
        var series: Int
        var name: String
        /// Where it stands in the campaign's `analysis.json`.
        var pointer: String
    }

    /// The points that count, each with its place among all.
    private var counted: [(index: Int, point: CampaignPoint)] {
        analysis.points.enumerated().filter { $0.element.isCounted }.map { ($0.offset, $0.element) }
    }

    private var deltas: [RunFigure] {
        counted.compactMap { index, point in
            point.difference.map {
                RunFigure(
                    point: point,
                    interval: $0,
                    series: 0,
                    name: "Δ",
                    pointer: "/points/\(index)/difference"
                )
            }
        }
    }

    private var medians: [RunFigure] { figures("median", \.median) }

    private var tails: [RunFigure] { figures("p99", \.p99) }

    private func figures(_ key: String, _ value: (CampaignPathPoint) -> QuantileInterval?) -> [RunFigure] {
        analysis.paths.enumerated().flatMap { series, path in
            counted.compactMap { index, point in
                guard let place = point.paths.firstIndex(where: { $0.name == path.name }),
                    let interval = value(point.paths[place])
                else { return nil }
                return RunFigure(
                    point: point,
                    interval: interval,
                    series: series,
                    name: path.name,
                    pointer: "/points/\(index)/paths/\(place)/\(key)"
                )
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
                + (figure.point.state == .cutShort ? ", cut short" : "")
        )
    }

    private func gaps(_ x: (CampaignPoint) -> Double) -> [CampaignPlot.Gap] {
        analysis.points.filter { $0.state != .pending && $0.state != .running && !$0.isCounted }.map { point in
            .init(
                x: x(point),
                text:
                    "slot \(point.slot), \(UTC.text(point.plannedSeconds)), \(point.state.words): \(point.reason ?? "")"
            )
        }
    }

    private static func isNearZero(_ marks: [CampaignPlot.Mark]) -> Bool {
        let values = marks.map(\.value)
        guard let low = values.min(), let high = values.max() else { return false }
        return low <= 2 * (high - low) && high >= -2 * (high - low)
    }

    // MARK: Axes

    /// Hours since the first slot.
    private func hours(_ point: CampaignPoint) -> Double {
        (point.atSeconds - (analysis.points.first?.plannedSeconds ?? 0)) / 3_600
    }

    private func overTime(_ figures: [RunFigure], _ names: [String], trends: [LinearTrend?]) -> CampaignPlot {
        let origin = analysis.points.first?.plannedSeconds ?? 0
        let marks = figures.map { mark($0, x: hours($0.point)) }
        let last = max(analysis.points.map(hours).max() ?? 0, 1e-6)
        let range = (-0.03 * last)...(1.03 * last)
        var plot = CampaignPlot(
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
            // A slope that may be none is not drawn as one.
            guard let trend, trend.excludesZero,
                let first = figures.first(where: { $0.series == series }).map({ hours($0.point) })
            else {
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
