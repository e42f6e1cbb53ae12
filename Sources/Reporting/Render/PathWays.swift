import ExperimentModel
import LatencyStatistics

/// One part of a path's way, for every form of report.
struct WayRow {
    var name: String
    /// Where the summary stands in `analysis.json`.
    var pointer: String
    var summary: Summary
    /// The median with its interval, of the metric that measures this part.
    var median: QuantileInterval?
    var medianPointer: String?
    /// The clock bound of that metric; empty where one clock gave both times.
    var clocks: String
    /// A part of the part before: not to be added once more.
    var isInside: Bool
    /// Its number on the bars, from 1; nil for what is no part of the sum.
    var number: Int?
    /// Its share of the whole, by means; nil for what is no part of the sum.
    var share: Double?
}

/// The parts of one path's way: those that add up, then times that overlap them.
struct PathWay {
    var path: String
    var rows: [WayRow]
    var note: String
}

/// Brings a path's budget, whose parts add up, and its metrics, which have intervals and clock bounds, together.
struct PathWays {
    let analysis: RunAnalysis

    var all: [PathWay] {
        analysis.paths.enumerated().compactMap { index, path in
            let budget = analysis.budgets.firstIndex { $0.path == path.name }
            let way = budget.map { withBudget($0, index, path) } ?? withoutBudget(index, path)
            return way.rows.isEmpty ? nil : way
        }
    }

    private func withBudget(_ number: Int, _ index: Int, _ path: PathAnalysis) -> PathWay {
        let budget = analysis.budgets[number]
        let metrics: [Metric?] =
            path.kind == .relay
            ? [.feedLeg, .residence, .forwarderHostDelay, nil, .hostDelay] : [.endToEnd, .hostDelay]
        var outer = 0
        var rows = budget.parts.enumerated().map { place, part -> WayRow in
            var row = row(
                part.name,
                "/budgets/\(number)/parts/\(place)/summaryNs",
                part.summaryNs,
                index,
                path,
                place < metrics.count ? metrics[place] : nil,
                isInside: part.isInside
            )
            guard !part.isInside, budget.wholeNs.mean > 0 else { return row }
            outer += 1
            row.number = outer
            row.share = part.summaryNs.mean / budget.wholeNs.mean
            return row
        }
        rows.append(row("sum", "/budgets/\(number)/wholeNs", budget.wholeNs, index, path, nil, isInside: false))
        if let place = path.metrics.firstIndex(where: { $0.metric == .backbone }) {
            rows.append(
                row(
                    "relay leg",
                    "/paths/\(index)/metrics/\(place)/summaryNs",
                    path.metrics[place].summaryNs,
                    index,
                    path,
                    .backbone,
                    isInside: false
                )
            )
        }
        return PathWay(path: path.name, rows: rows, note: note(budget, path))
    }

    private func note(_ budget: LatencyBudget, _ path: PathAnalysis) -> String {
        let sums =
            budget.mismatches == 0
            ? "The parts add up for each of \(Format.plural(budget.wholeNs.count, "event")), to the nanosecond"
            : "The parts of \(Format.plural(budget.mismatches, "event")) do NOT add up"
        let rest =
            budget.incomplete == 0
            ? "" : "; \(Format.plural(budget.incomplete, "event")) without all times left out"
        return
            "\(sums)\(rest). Of the first part, 0 to \(Format.time(budget.truncationNs)) is the rounding of the exchange's "
            + "event time."
            + (path.kind == .relay ? " Relay leg: from the forwarder's receive time to the arrival." : "")
    }

    /// Without event times only what the hosts themselves saw is known.
    private func withoutBudget(_ index: Int, _ path: PathAnalysis) -> PathWay {
        let rows = path.metrics.enumerated().filter { $0.element.metric != .endToEnd }.map { place, metric in
            row(
                metric.metric.title,
                "/paths/\(index)/metrics/\(place)/summaryNs",
                metric.summaryNs,
                index,
                path,
                metric.metric,
                isInside: false
            )
        }
        return PathWay(path: path.name, rows: rows, note: "No event time: these do not add up to a whole.")
    }

    private func row(
        _ name: String,
        _ pointer: String,
        _ summary: Summary,
        _ index: Int,
        _ path: PathAnalysis,
        _ metric: Metric?,
        isInside: Bool
    ) -> WayRow {
        let place = metric.flatMap { metric in path.metrics.firstIndex { $0.metric == metric } }
        let found = place.map { path.metrics[$0] }
        let quantile = found?.quantilesNs.firstIndex { $0.probability == 0.5 }
        let bound = found.flatMap { $0.bound.hosts.isEmpty ? nil : $0.bound }
        return WayRow(
            name: name,
            pointer: pointer,
            summary: summary,
            median: found.flatMap { metric in quantile.map { metric.quantilesNs[$0] } },
            medianPointer: place.flatMap { place in
                quantile.map { "/paths/\(index)/metrics/\(place)/quantilesNs/\($0)" }
            },
            clocks: bound.map { Cells.bound($0) + ($0.isVerified ? "" : " ?") } ?? "",
            isInside: isInside
        )
    }
}
