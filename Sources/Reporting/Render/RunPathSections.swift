import LatencyStatistics

/// The sections of a run's report that show delays.
struct RunPathSections {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    /// Two paths a table, so that it fits a terminal.
    var sideBySide: ReportDocument.Section {
        var blocks: [ReportDocument.Block] = []
        let shown = analysis.paths.filter { $0.samples > 0 }
        for start in stride(from: 0, to: shown.count, by: 2) {
            blocks.append(.table(table(Array(shown[start..<min(start + 2, shown.count)]))))
        }
        let notes = Self.pathNotes(analysis) + Self.lostNotes(analysis)
        if !notes.isEmpty { blocks.append(.list(notes)) }
        // Every path ends at the receiver, so that one clock and one bound serve them all.
        if let bound = shown.lazy.compactMap({ $0.metric(.endToEnd)?.bound }).first {
            blocks.append(.paragraph(Self.explain(bound)))
        }
        let hasTimes = shown.contains { $0.metric(.endToEnd) != nil }
        return .init(title: hasTimes ? "Side by side: end to end, ms" : "Side by side", blocks: blocks)
    }

    /// What to know of each path; that there is no event time is a warning, too.
    static func pathNotes(_ analysis: RunAnalysis) -> [String] {
        analysis.paths.flatMap { path in
            path.notes.filter { !$0.hasPrefix("no event time") }.map { "\(path.name): \($0)" }
        }
    }

    /// What the counts of lost and missing events are of, where there are any.
    static func lostNotes(_ analysis: RunAnalysis) -> [String] {
        let hasLost = analysis.paths.contains { ($0.eventsLost ?? 0) > 0 }
        let hasMissing = analysis.paths.contains { (analysis.neverCame(on: $0.name) ?? 0) > 0 }
        let lost =
            "relay lost: of the events that the forwarder had, in the whole run, warm-up included (missing sequence ids); "
            + "what never reached the forwarder is not in it"
        let missing =
            "never came: events of the window that came on the other path only, whoever lost them"
        return (hasLost || hasMissing ? [lost] : []) + (hasMissing ? [missing] : [])
    }

    private func table(_ paths: [PathAnalysis]) -> ReportDocument.Table {
        let metrics = paths.map { $0.metric(.endToEnd) }
        func row(_ name: String, _ cells: (MetricAnalysis) -> (String, String)) -> [String] {
            [name]
                + metrics.flatMap { metric -> [String] in
                    let pair = metric.map(cells) ?? ("-", "")
                    return [pair.0, pair.1]
                }
        }
        var rows = [["samples"] + paths.flatMap { [Format.count($0.samples), ""] }]
        for probability in PathAnalyzer.probabilities where metrics.contains(where: { $0 != nil }) {
            rows.append(
                row(QuantileName.of(probability)) { metric in
                    let quantile = metric.quantile(probability)
                    return (Format.milliseconds(quantile?.value), Cells.interval(quantile))
                }
            )
        }
        if metrics.contains(where: { $0 != nil }) {
            rows += [
                row("mean") { (Format.milliseconds($0.summaryNs.mean), "") },
                row("min") { (Format.milliseconds($0.summaryNs.minimum), "") },
                row("max") { (Format.milliseconds($0.summaryNs.maximum), "") },
                row("std dev") { (Format.milliseconds($0.summaryNs.standardDeviation), "") },
                row("p95-p50") { (Format.milliseconds($0.summaryNs.p95MinusMedian), "") },
                row("jitter") { (Format.milliseconds($0.jitterNs), "") },
                row("clock bound") { (Cells.bound($0.bound), $0.bound.isVerified ? "" : "not verified") },
            ]
        }
        if !analysis.differences.isEmpty {
            rows.append(
                ["never came"] + paths.flatMap { [analysis.neverCame(on: $0.name).map(Format.count) ?? "-", ""] }
            )
        }
        rows.append(["relay lost"] + paths.flatMap { [$0.eventsLost.map(Format.count) ?? "-", ""] })
        rows.append(["duplicates"] + paths.flatMap { [Format.count($0.duplicates), ""] })
        rows.append(["reordered"] + paths.flatMap { [Format.count($0.reordered), ""] })
        return .init(header: [""] + paths.flatMap { [$0.name, "95 % interval"] }, rows: rows)
    }

    static func explain(_ bound: ErrorBound) -> String {
        let hosts = bound.hosts.joined(separator: " and ")
        let clock =
            bound.clockNs.map { "the clock of \(hosts) may be off by \(Format.time($0))" }
            ?? "how far the clock of \(hosts) may be off is unknown"
        let mark = bound.isVerified ? "" : " (clock not verified)"
        return
            "Absolute figures: \(clock)\(mark); the exchange cuts its event time to \(Format.time(bound.truncationNs)), so true "
            + "delays are up to that much shorter. The exchange's own clock "
            + "is not known."
    }

    /// The same events on two paths.
    var difference: ReportDocument.Section { difference(isBrief: false) }

    /// The same events on two paths; in brief without what only explains.
    func difference(isBrief: Bool) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = []
        for (index, difference) in analysis.differences.enumerated() {
            blocks.append(
                .paragraph(Self.explain(difference))
            )
            let withDistributions = index == 0 && !analysis.endToEndDifferencesNs.isEmpty
            var rows = difference.quantilesNs.map { quantile -> [String] in
                let unpaired = analysis.endToEndDifferencesNs.first { $0.probability == quantile.probability }
                let cells = [
                    QuantileName.of(quantile.probability), Format.signedMilliseconds(quantile.value),
                    Cells.interval(quantile, isSigned: true),
                ]
                guard withDistributions else { return cells }
                return cells + [Cells.difference(unpaired), Cells.interval(unpaired, isSigned: true)]
            }
            let extremes = [("min", difference.summaryNs.minimum), ("max", difference.summaryNs.maximum)]
            rows += extremes.map { name, value in
                [name, Format.signedMilliseconds(value), ""] + (withDistributions ? ["", ""] : [])
            }
            let header = ["ms", "Δ", "95 % interval"] + (withDistributions ? ["of end to end", "95 % interval"] : [])
            blocks.append(.table(.init(header: header, rows: rows)))
            if difference.quantilesNs.contains(where: { $0.cause == .dependence }) {
                blocks.append(.paragraph("withheld: the interval, not the figure beside it."))
            }
            blocks.append(.list(Array(Self.facts(difference).prefix(isBrief ? 2 : .max))))
            if index == 0, !isBrief, let table = Self.deciles(difference) { blocks += table }
        }
        return .init(title: "The same events on both paths", blocks: blocks)
    }

    /// What Δ is.
    static func explain(_ difference: DifferenceAnalysis) -> String {
        "Δ = arrival on \(difference.other) - arrival on \(difference.baseline), "
            + "\(Format.plural(difference.pairs, "event")) on one clock; below zero, \(difference.other) is sooner. "
            + "Of one connection of each path, whichever; the interval holds what connections differ by."
    }

    /// Shares, gains and what has no counterpart.
    static func facts(_ difference: DifferenceAnalysis) -> [String] {
        let tied = difference.pairs - difference.baselineFirst - difference.otherFirst
        let shares = Format.percents(difference.otherFirst, difference.baselineFirst, of: difference.pairs)
        return [
            "first on \(difference.baseline): \(shares.1), first on \(difference.other): \(shares.0)"
                + (tied > 0 ? ", at the same nanosecond: \(Format.count(tied))" : ""),
            "first of both gains, mean: \(gain(difference.meanGainOverBaselineNs)) over \(difference.baseline), "
                + "\(gain(difference.meanGainOverOtherNs)) over \(difference.other)",
            "Δ of the first arrivals, all lanes of a path together: "
                + "\(Format.signedMilliseconds(difference.firstArrivalsNs.median)) ms at the median, "
                + "\(Format.signedMilliseconds(difference.firstArrivalsNs.p95)) ms at p95",
        ]
            + (difference.firstOfBothNs.map { first in
                [
                    "end to end of the first of both: median \(Format.milliseconds(first.median)) ms, "
                        + "p99 \(Format.milliseconds(first.p99)) ms"
                ]
            } ?? [])
            + [
                unmatched(difference.baseline, difference.unmatchedBaseline),
                unmatched(difference.other, difference.unmatchedOther),
            ]
    }

    /// The difference by how busy the market was.
    static func deciles(_ difference: DifferenceAnalysis) -> [ReportDocument.Block]? {
        guard !difference.rateDeciles.isEmpty else { return nil }
        let rows = difference.rateDeciles.map { tenth in
            [
                "\(tenth.decile)", "\(Format.fixed(tenth.lowestRate, 0))..\(Format.fixed(tenth.highestRate, 0))",
                Format.count(tenth.pairs), Format.signedMilliseconds(tenth.medianNs),
                Format.signedMilliseconds(tenth.p95Ns),
                Format.percent(tenth.otherFirst, of: tenth.pairs),
            ]
        }
        let header = ["tenth", "events/s", "events", "median Δ", "p95 Δ", "\(difference.other) first"]
        return [
            .paragraph("Δ of the first arrivals, ms, by how busy the market was: tenths of the events by their rate"),
            .table(.init(header: header, rows: rows)),
        ]
    }

    /// Where the time went: the parts of each path's way, one table a path.
    var way: ReportDocument.Section {
        let ways = PathWays(analysis: analysis).all
        let blocks = ways.flatMap { way -> [ReportDocument.Block] in
            let rows = way.rows.map { row in
                [(row.isInside ? "  of which " : "") + row.name]
                    + [row.summary.mean, row.summary.median].map { Format.milliseconds($0) }
                    + [Cells.interval(row.median), Format.milliseconds(row.summary.p99)]
            }
            let bounds = way.rows.filter { !$0.clocks.isEmpty }.map { "\($0.name) \($0.clocks)" }
            let clocks = bounds.isEmpty ? "" : " Clock bounds: \(bounds.joined(separator: ", "))."
            return [
                .table(.init(header: [way.path, "mean", "median", "95 % interval", "p99"], rows: rows)),
                .paragraph(way.note + clocks),
            ]
        }
        let isMarked = ways.flatMap(\.rows).contains { $0.clocks.hasSuffix("?") }
        return .init(
            title: "Where the time goes, ms",
            blocks: blocks + (isMarked ? [.paragraph("?: clock not verified.")] : [])
        )
    }

    private static func gain(_ ns: Double) -> String { ns == 0 ? "nothing" : Format.time(ns) }

    private static func unmatched(_ path: String, _ events: UnmatchedEvents) -> String {
        "only on \(path): \(Format.count(events.total))"
            + (events.total == 0
                ? ""
                : " (there \(Format.count(events.beforeStart)) before the start, \(Format.count(events.afterEnd)) after the end, "
                    + "\(Format.count(events.duringGap)) never came while a connection was silent or lost, "
                    + "\(Format.count(events.neverCame)) never came at other times)")
    }

    /// Measured figures beside those of the simulated world.
    var truth: ReportDocument.Section {
        guard let truth = analysis.labTruth else { return .init(title: "", blocks: []) }
        var rows: [[String]] = []
        for path in truth.paths {
            // Without event times there is nothing to set beside the truth.
            guard let measured = path.measuredNs else { continue }
            func add(_ name: String, _ measuredNs: Double?, _ trueNs: Double) {
                let error = Format.signedMilliseconds(measuredNs.map { $0 - trueNs })
                rows.append([
                    "\(path.path) \(name)", Format.milliseconds(measuredNs), Format.milliseconds(trueNs), error,
                ])
            }
            add("median", measured.median, path.medianNs)
            add("p95", measured.p95, path.p95Ns)
            add("p99", measured.p99, path.p99Ns)
        }
        if let trueNs = truth.differenceMedianNs {
            let measuredNs = analysis.differences.first?.firstArrivalsNs.median
            let error = Format.signedMilliseconds(measuredNs.map { $0 - trueNs })
            rows.append(
                [
                    "Δ of first arrivals, median", Format.signedMilliseconds(measuredNs),
                    Format.signedMilliseconds(trueNs), error,
                ]
            )
        }
        let unknown = (truth.unknown ?? []).map { "\($0.path): \($0.reason)" }
        let errors =
            unknown
            + truth.paths.map { path in
                "\(path.path): arrival measured \(Format.time(path.errorMedianNs)) after the delivery at the median, p99 of the "
                    + "error's size \(Format.time(path.errorP99Ns)), over \(Format.plural(path.compared, "event"))"
            }
        return .init(
            title: "Measured beside the truth of the simulated world, ms",
            blocks: (rows.isEmpty
                ? [] : [.table(.init(header: ["", "measured", "true", "measured - true"], rows: rows))]) + [
                    .list(errors),
                    .paragraph(
                        "The first arrival of each event, whatever its lane; the verdict's Δ is another figure, of one connection of "
                            + "each path."
                            + (truth.paths.contains { $0.measuredNs != nil }
                                ? " Measured end-to-end delays are up to 1 ms above the truth, because the event time is cut to the "
                                    + "millisecond; differences are not touched by it." : "")
                    ),
                ]
        )
    }

    /// What lanes of the same path differ by.
    var noiseFloor: ReportDocument.Section {
        let items = analysis.noiseFloors.map { floor in
            guard let median = floor.medianSizeNs else {
                return "\(floor.path): \(floor.notMeasured ?? "not measured")"
            }
            let pairs = floor.lanePairs.map { pair in
                "lane \(pair.secondLane) against lane \(pair.firstLane) \(Format.signedMilliseconds(pair.medianNs)) ms"
            }
            let interval = median.low == nil ? "interval withheld" : "95 % interval \(Cells.interval(median))"
            return
                "\(floor.path): the same event comes \(Format.milliseconds(median.value)) ms apart on two lanes at the median "
                + "(\(interval)); median differences: \(pairs.joined(separator: ", "))"
        }
        return .init(title: "Lanes of the same path against each other", blocks: items.isEmpty ? [] : [.list(items)])
    }

    /// Each lane.
    var lanes: ReportDocument.Section {
        // Segments that the forwarder's TCP sent again, where that was watched.
        let isWatched = analysis.paths.flatMap(\.lanes).contains { $0.resent != nil }
        let rows = analysis.paths.flatMap { path in
            path.lanes.map { lane -> [String] in
                [
                    "\(path.name) \(lane.lane)", Format.count(lane.samples),
                    Format.milliseconds(lane.endToEndNs?.median), Format.milliseconds(lane.endToEndNs?.p99),
                    Format.milliseconds(lane.behindSoonestNs?.median), lane.missed.map(Format.count) ?? "-",
                ] + (isWatched ? [lane.resent.map(Format.count) ?? "-"] : []) + [lane.endpoints.last ?? "-"]
            }
        }
        let header =
            ["lane", "samples", "median", "p99", "behind", "missed"] + (isWatched ? ["resent"] : []) + ["feed from"]
        let table = ReportDocument.Table(header: header, rows: rows, textColumns: [0, header.count - 1])
        let note =
            "Behind and missed: against all lanes of the same path together; what came on none of them is counted in neither."
        return .init(title: "Lanes, ms", blocks: rows.isEmpty ? [] : [.table(table), .paragraph(note)])
    }
}
