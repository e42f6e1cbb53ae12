import ExperimentModel
import LatencyStatistics

/// Delays over time, and on the same axis the difference, lost connections, retransmissions, and the clocks.
struct TimeFigure {
    private static let mostOutageRows = 8
    private let figures: RunFigures
    private var analysis: RunAnalysis { figures.analysis }
    private let series: [(index: Int, plot: TimeSeriesPlot)]
    private let unit: TimeUnit

    init(_ figures: RunFigures) {
        self.figures = figures
        series = figures.analysis.plots.timeSeries.enumerated().filter { $0.element.bins.count > 1 }
            .map { ($0.offset, $0.element) }
        let bins = figures.analysis.plots.timeSeries.flatMap(\.bins).map(\.seconds)
        unit = TimeUnit(of: figures.analysis.plots.timeline?.seconds ?? bins.max() ?? 1)
    }

    /// The unit that suits a length of time.
    private struct TimeUnit {
        var name: String
        var seconds: Double

        init(of length: Double) {
            (name, seconds) = length <= 300 ? ("s", 1) : length <= 5 * 3_600 ? ("min", 60) : ("h", 3_600)
        }
    }

    /// The figure; nil when there is nothing to draw over time.
    var figure: Figure? {
        guard !series.isEmpty else { return nil }
        return Figure(
            id: "time",
            title: "Over time",
            isTitleShown: false,
            caption: caption,
            legend: series.map { (figures.series($0.plot.path), $0.plot.path) },
            drawings: Figure.Size.full.map(draw),
            readout: readout,
            notes: notes
        )
    }

    private var caption: String {
        var parts = [
            "\(figures.subject.prefix(1).uppercased() + figures.subject.dropFirst()): median, and bands from 25 % to 75 % and "
                + "from 5 % to 95 % of the events in each of up to 120 pieces of the run; where a piece has none, the line breaks."
        ]
        if let beganSeconds = timeline?.beganSeconds {
            parts.append(
                "Times here, in warnings and in tables count from the start of the measured window, "
                    + "\(UTC.text(beganSeconds)) by the receiver's clock."
            )
        }
        if Self.hasTriangles(series.map(\.plot)) || Self.hasTriangles(difference.map { [$0] } ?? []) {
            parts.append(
                "A triangle at the upper edge: that piece reaches beyond the scale, and the line is cut there."
            )
        }
        if difference != nil {
            parts.append(
                "Below it the difference of the same events, which needs no clocks, where the earlier of the two arrived; the delays "
                    + "above are where each arrived."
            )
        }
        if let bounds = timeline?.clockBounds, !bounds.isEmpty {
            let names = bounds.enumerated().map { ($0.offset == 0 ? "filled: " : "outlined: ") + $0.element.host }
            let text = "At the bottom the bound of the clocks' error, a band on either side of zero"
            parts.append("\(text) (\(names.joined(separator: ", "))).")
        }
        if !(timeline?.gaps ?? []).isEmpty {
            parts.append("Shaded red: a lane was without data, from the last before its connection was lost.")
        }
        if !steps.isEmpty { parts.append("Dotted red: a clock jumped.") }
        return parts.joined(separator: " ")
    }

    private var notes: [String] {
        guard let timeline else { return [] }
        if !timeline.retransmissions.isEmpty {
            return [
                Markup.paragraph(
                    "Retransmissions are those of the hosts' own TCP; what the exchange sent again is not seen.",
                    class: "note"
                )
            ]
        }
        guard !timeline.watchedHosts.isEmpty else { return [] }
        let hosts = timeline.watchedHosts.joined(separator: " and ")
        return [
            Markup.paragraph(
                "No segment was sent again by TCP on \(hosts); what the exchange sent again is not seen.",
                class: "note"
            )
        ]
    }

    private var timeline: Timeline? { analysis.plots.timeline }

    private var difference: TimeSeriesPlot? {
        guard analysis.plots.subject != "difference" else { return nil }
        return analysis.plots.differenceOverTime.flatMap { $0.bins.count > 1 ? $0 : nil }
    }

    private var steps: [(host: String, event: ClockEvent)] {
        analysis.hosts.flatMap { host in host.clock.events.filter { $0.kind == .stepped }.map { (host.name, $0) } }
    }

    private var xRange: ClosedRange<Double> {
        let bins = analysis.plots.timeSeries.flatMap(\.bins).map(\.seconds)
        return 0...(max(1e-3, timeline?.seconds ?? 0, bins.max() ?? 1) / unit.seconds)
    }

    // MARK: Drawing

    private func draw(_ size: Figure.Size) -> Figure.Drawing {
        let left = 62.0
        let right = size.width - 12
        var top = 20.0
        var shapes: [String] = []
        func panel(_ height: Double, _ y: ClosedRange<Double>) -> Frame {
            defer { top += height + 26 }
            return Frame(left: left, right: right, top: top, bottom: top + height, x: xRange, y: y)
        }
        let main = panel(
            size.name == "narrow" ? 190 : size.name == "vast" ? 270 : 230,
            Self.visible(series.map(\.plot))
        )
        shapes += title("\(analysis.plots.subject), ms", main)
        shapes += main.yAxis(main.yTicks())
        for entry in series { shapes += quantiles(entry.plot, main, figures.series(entry.plot.path)) }
        var last = main
        var deltaFrame: Frame?
        if let difference {
            let frame = panel(110, Self.visible([difference]))
            shapes += title("Δ = \(difference.path), ms", frame) + frame.yAxis(frame.yTicks(most: 4))
            shapes += quantiles(difference, frame, RunFigures.differenceSeries)
            deltaFrame = frame
            last = frame
        }
        for draw in [outages, strips] {
            let rows = draw(left, right, top - 12)
            guard !rows.shapes.isEmpty else { continue }
            shapes += rows.shapes
            top = rows.bottom + 26
            last = Frame(left: left, right: right, top: rows.bottom - 1, bottom: rows.bottom, x: xRange, y: 0...1)
        }
        if let bounds = timeline?.clockBounds, let most = bounds.flatMap(\.points).map(\.boundNs).max(), most > 0 {
            let frame = panel(70, (-most * 1.1 / 1e6)...(most * 1.1 / 1e6))
            shapes += title("clock bound, \u{B1} ms", frame) + frame.yAxis(frame.yTicks(most: 4))
            for (index, host) in bounds.enumerated() { shapes.append(band(host, frame, index)) }
            last = frame
        }
        shapes = blocks(main, to: last.bottom) + gaps(main, to: last.bottom) + shapes + jumps(main, to: last.bottom)
        shapes += last.xAxis(axisName, most: size.name == "narrow" ? 4 : size.name == "vast" ? 15 : 10)
        let maps = Figure.Maps(
            position: main.xMap,
            values: series.map { _ in main.yMap } + (deltaFrame.map { [$0.yMap] } ?? []),
            from: main.top,
            to: last.bottom
        )
        return Figure.Drawing(size: size, height: last.bottom + 40, shapes: shapes, maps: maps)
    }

    /// The unit, and what is zero: "s after 12:06:50 UTC".
    private var axisName: String {
        guard let beganSeconds = timeline?.beganSeconds else { return unit.name }
        return "\(unit.name) after \(UTC.text(beganSeconds).dropFirst(11).prefix(8)) UTC"
    }

    private func title(_ text: String, _ frame: Frame) -> [String] {
        [
            SVG.text(
                frame.left,
                frame.top - 7,
                Markup.signs(text),
                class: "strong"
            )
        ]
    }

    /// The range of the values, without single pieces that would press all others flat; those are marked at the edge.
    private static func visible(_ plots: [TimeSeriesPlot]) -> ClosedRange<Double> {
        let bins = plots.flatMap(\.bins)
        let highs = bins.map { $0.p95Ns / 1e6 }.sorted()
        let lows = bins.map { $0.p05Ns / 1e6 }.sorted()
        guard let least = lows.first, let most = highs.last else { return 0...1 }
        let usualHigh = highs[Int(Double(highs.count - 1) * 0.95)]
        let usualLow = lows[Int(Double(lows.count - 1) * 0.05)]
        let spread = max(usualHigh - usualLow, 1e-3)
        return Frame.range([max(least, usualLow - 3 * spread), min(most, usualHigh + 3 * spread)])
    }

    /// Whether any piece goes beyond the scale.
    private static func hasTriangles(_ plots: [TimeSeriesPlot]) -> Bool {
        let upper = visible(plots).upperBound
        return plots.flatMap(\.bins).contains { $0.p95Ns / 1e6 > upper }
    }

    private func quantiles(_ plot: TimeSeriesPlot, _ frame: Frame, _ style: Int) -> [String] {
        let name = "f\(style % SeriesStyle.count)"
        func y(_ ns: Double) -> Double { frame.y(min(max(ns / 1e6, frame.yRange.lowerBound), frame.yRange.upperBound)) }
        func x(_ bin: TimeSeriesPlot.Bin) -> Double { frame.x(bin.seconds / unit.seconds) }
        // A piece without events is a hole, in the line and in the bands.
        let width = plot.bins.indices.dropFirst().map { plot.bins[$0].seconds - plot.bins[$0 - 1].seconds }.min() ?? 1
        var stretches: [[TimeSeriesPlot.Bin]] = []
        for bin in plot.bins {
            if let before = stretches.last?.last, bin.seconds - before.seconds < 1.5 * width {
                stretches[stretches.count - 1].append(bin)
            } else {
                stretches.append([bin])
            }
        }
        var shapes: [String] = []
        for bins in stretches {
            func band(_ low: (TimeSeriesPlot.Bin) -> Double, _ high: (TimeSeriesPlot.Bin) -> Double, _ style: String) {
                let upper = bins.map { (x: x($0), y: y(high($0))) }
                let lower = bins.reversed().map { (x: x($0), y: y(low($0))) }
                shapes.append(SVG.path(upper + lower, class: "\(style) \(name)", isClosed: true))
            }
            band({ $0.p05Ns }, { $0.p95Ns }, "band")
            if bins.allSatisfy({ $0.p25Ns != nil && $0.p75Ns != nil }) {
                band({ $0.p25Ns ?? $0.medianNs }, { $0.p75Ns ?? $0.medianNs }, "bandin")
            }
            let line = bins.map { (x: x($0), y: y($0.medianNs)) }
            shapes.append(SVG.path(line, class: SeriesStyle.line(style)))
            if bins.count == 1 { shapes += line.map { SVG.mark($0.x, $0.y, series: style, size: 3) } }
        }
        for bin in plot.bins where bin.p95Ns / 1e6 > frame.yRange.upperBound {
            let at = x(bin)
            shapes.append(
                SVG.path(
                    [(at - 4, frame.top + 6), (at + 4, frame.top + 6), (at, frame.top - 1)],
                    class: name,
                    isClosed: true
                )
            )
        }
        return shapes
    }

    /// Rows of what happens at moments: retransmissions.
    private func strips(left: Double, right: Double, top: Double) -> (shapes: [String], bottom: Double) {
        guard let found = timeline?.retransmissions, !found.isEmpty else { return ([], top) }
        var shapes: [String] = []
        var bottom = top
        let most = Double(max(1, found.flatMap(\.bins).map(\.count).max() ?? 1))
        for row in found.prefix(8) {
            let frame = Frame(left: left, right: right, top: bottom + 20, bottom: bottom + 42, x: xRange, y: 0...most)
            let total = row.bins.reduce(0) { $0 + $1.count }
            let name = "\(row.path): TCP of \(row.host) resent \(Format.count(total))"
            shapes.append(SVG.text(left, bottom + 12, name, class: "strong"))
            shapes.append(SVG.line(left, frame.bottom, right, frame.bottom, class: "grid"))
            for bin in row.bins {
                let x = frame.x(bin.seconds / unit.seconds)
                let y = frame.y(Double(bin.count))
                shapes.append(
                    SVG.rect(x - 1.5, y, 3, frame.bottom - y, class: "f\(figures.series(row.path) % SeriesStyle.count)")
                )
            }
            bottom = frame.bottom
        }
        return (shapes, bottom + 4)
    }

    /// The bound as a step line on either side of zero, filled between.
    private func band(_ host: Timeline.ClockBounds, _ frame: Frame, _ index: Int) -> String {
        func x(_ seconds: Double) -> Double {
            frame.x(min(max(seconds / unit.seconds, xRange.lowerBound), xRange.upperBound))
        }
        var upper: [(x: Double, y: Double)] = []
        for (number, point) in host.points.enumerated() {
            let isLast = number + 1 == host.points.count
            let next = isLast ? max(point.seconds, xRange.upperBound * unit.seconds) : host.points[number + 1].seconds
            upper.append((x(point.seconds), frame.y(point.boundNs / 1e6)))
            upper.append((x(next), frame.y(point.boundNs / 1e6)))
        }
        let zero = frame.y(0)
        let lower = upper.reversed().map { (x: $0.x, y: 2 * zero - $0.y) }
        return SVG.path(upper + lower, class: index == 0 ? "floor bound" : "hollow bound", isClosed: true)
    }

    private func blocks(_ main: Frame, to bottom: Double) -> [String] {
        guard let blocks = timeline?.blocks, blocks.count > 1 else { return [] }
        return blocks.flatMap { block -> [String] in
            let start = main.x(block.fromSeconds / unit.seconds)
            let end = main.x(block.toSeconds / unit.seconds)
            return [
                SVG.line(start, main.top, start, bottom, class: "grid"),
                SVG.line(end, main.top, end, bottom, class: "grid"),
            ]
        }
    }

    /// Where any lane was without a connection, shaded through all panels once, however many lanes there were.
    private func gaps(_ main: Frame, to bottom: Double) -> [String] {
        var merged: [(from: Double, to: Double)] = []
        for gap in (timeline?.gaps ?? []).sorted(by: { $0.fromSeconds < $1.fromSeconds }) {
            let end = gap.toSeconds ?? .infinity
            if let last = merged.last, gap.fromSeconds <= last.to {
                merged[merged.count - 1].to = max(last.to, end)
            } else {
                merged.append((gap.fromSeconds, end))
            }
        }
        return merged.map { gap in
            let (start, end) = extent(gap.from, gap.to, main)
            return SVG.rect(start, main.top, max(1.5, end - start), bottom - main.top, class: "gap")
        }
    }

    /// The places of two moments, inside of the frame.
    private func extent(_ from: Double, _ to: Double, _ frame: Frame) -> (start: Double, end: Double) {
        func place(_ seconds: Double) -> Double {
            frame.x(min(max(seconds / unit.seconds, xRange.lowerBound), xRange.upperBound))
        }
        return (place(from), place(to))
    }

    /// A row for each lane that was without a connection.
    private func outages(left: Double, right: Double, top: Double) -> (shapes: [String], bottom: Double) {
        let gaps = timeline?.gaps ?? []
        var names: [String] = []
        for gap in gaps where !names.contains(Self.name(gap)) { names.append(Self.name(gap)) }
        guard !names.isEmpty else { return ([], top) }
        let shown = names.prefix(Self.mostOutageRows)
        let more = names.count > shown.count ? " (and \(names.count - shown.count) more lanes)" : ""
        var shapes = [SVG.text(left, top + 12, "without data\(more)", class: "strong")]
        var bottom = top + 18
        for name in shown {
            let frame = Frame(left: left, right: right, top: bottom, bottom: bottom + 16, x: xRange, y: 0...1)
            shapes.append(SVG.line(left, frame.bottom - 4, right, frame.bottom - 4, class: "grid"))
            for gap in gaps where Self.name(gap) == name {
                let (start, end) = extent(gap.fromSeconds, gap.toSeconds ?? .infinity, frame)
                shapes.append(
                    "<g><title>\(Markup.escape("\(name): \(gap.reason)"))</title>"
                        + SVG.rect(start, frame.top + 5, max(2, end - start), 7, class: "badfill") + "</g>"
                )
            }
            // The name stands on the side that is free at this row's first gap.
            let first = gaps.first { Self.name($0) == name }.map { extent($0.fromSeconds, $0.fromSeconds, frame).start }
            let isRight = (first ?? left) < (left + right) / 2
            shapes.append(
                SVG.text(
                    isRight ? right : left + 2,
                    frame.top + 8,
                    name,
                    anchor: isRight ? "end" : "start",
                    class: "over"
                )
            )
            bottom = frame.bottom
        }
        return (shapes, bottom + 4)
    }

    private static func name(_ gap: ConnectionGap) -> String {
        "\(gap.path) \(gap.lane), \(gap.purpose) of \(gap.host)"
    }

    private func jumps(_ main: Frame, to bottom: Double) -> [String] {
        steps.filter { xRange.contains($0.event.seconds / unit.seconds) }.prefix(20).flatMap { step -> [String] in
            let x = main.x(step.event.seconds / unit.seconds)
            let isRight = x > (main.left + main.right) / 2
            let name = "clock of \(step.host)"
            let label = SVG.text(
                isRight ? x - 4 : x + 4,
                main.top + 11,
                name,
                anchor: isRight ? "end" : "start",
                class: "bad"
            )
            return [
                "<g><title>\(Markup.escape("\(step.host): \(step.event.text)"))</title>"
                    + SVG.line(x, main.top, x, bottom, class: "step")
                    + label + "</g>"
            ]
        }
    }

    // MARK: Reading

    /// "12.50 s, 12:07:02 UTC".
    private func stopTitle(_ seconds: Double) -> String {
        let clock = timeline?.beganSeconds.map { ", \(UTC.text($0 + seconds).dropFirst(11).prefix(8)) UTC" } ?? ""
        return "\(Format.fixed(seconds / unit.seconds, 2)) \(unit.name)\(clock)"
    }

    private var readout: Figure.Readout {
        let times = Set(series.flatMap { $0.plot.bins.map(\.seconds) } + (difference?.bins.map(\.seconds) ?? []))
            .sorted()
        let all: [(pointer: String, plot: TimeSeriesPlot)] =
            series.map { ("/plots/timeSeries/\($0.index)", $0.plot) }
            + (difference.map { [("/plots/differenceOverTime", $0)] } ?? [])
        let stops = times.map { time in
            let found = all.map { entry in
                entry.plot.bins.firstIndex { $0.seconds == time }.map { (entry.pointer, $0, entry.plot.bins[$0]) }
            }
            let texts = found.enumerated().map { number, entry -> String in
                guard let bin = entry?.2 else { return "" }
                let isDifference = number >= series.count || analysis.plots.subject == "difference"
                func text(_ ns: Double) -> String {
                    isDifference ? Format.signedMilliseconds(ns) : Format.milliseconds(ns)
                }
                return "\(text(bin.medianNs)) ms (\(text(bin.p05Ns)) to \(text(bin.p95Ns)))"
            }
            return Figure.Readout.Stop(
                position: time / unit.seconds,
                title: stopTitle(time),
                values: found.map { $0.map { $0.2.medianNs / 1e6 } },
                texts: texts,
                pointers: found.map { $0.map { "\($0.0)/bins/\($0.1)/medianNs" } }
            )
        }
        return Figure.Readout(
            axis: "x",
            header: "at",
            names: series.map(\.plot.path) + (difference == nil ? [] : ["Δ"]),
            series: series.map { figures.series($0.plot.path) }
                + (difference == nil ? [] : [RunFigures.differenceSeries]),
            stops: stops
        )
    }
}
