import ExperimentModel
import LatencyStatistics

/// Compares paths, and lanes of one path, by the events that came on both.
struct DifferenceAnalyzer {
    /// Of so many pairs of a path's own lanes the differences are drawn: more would look the same.
    private static let mostPairsDrawn = 4
    private static let histogramBins = 60
    /// With more pairs of lanes than this, only lanes of the same number are compared.
    private static let mostLanePairs = 64
    /// How near to the window's edge an event may be for its counterpart to lie outside of what was recorded.
    private static let edgeNs: Int64 = 2_000_000_000
    /// How long before and after a gap in the connection an event may be missing for its sake.
    private static let gapMarginSeconds = 0.5

    let gaps: [ConnectionGap]
    let windows: [MeasuredWindow]
    let plotter: PlotBuilder

    /// What the first arrivals of two paths show.
    struct FirstArrivals: Sendable {
        var summaryNs: Summary
        var baselineFirst: Int
        var otherFirst: Int
        var meanGainOverBaselineNs: Double
        var meanGainOverOtherNs: Double
        var firstOfBothNs: Summary?
        var unmatchedBaseline: UnmatchedEvents
        var unmatchedOther: UnmatchedEvents
        var rateDeciles: [RateDecile]
        var plots: DifferencePlots
    }

    /// The first arrivals of the second path against those of the first; nil when no event came on both.
    func firstArrivals(_ baseline: PathArrivals, _ other: PathArrivals) -> FirstArrivals? {
        let pairing = EventPairing(baseline.soonest, other.soonest)
        guard let summary = Summary(pairing.differencesNs.sorted()) else { return nil }
        var later = 0
        var gainOverBaseline = 0.0
        var gainOverOther = 0.0
        pairing.differencesNs.forEach {
            if $0 > 0 {
                later += 1
                gainOverOther += Double($0)
            } else {
                gainOverBaseline -= Double($0)
            }
        }
        return FirstArrivals(
            summaryNs: summary,
            baselineFirst: later,
            otherFirst: summary.negative,
            meanGainOverBaselineNs: gainOverBaseline / Double(summary.count),
            meanGainOverOtherNs: gainOverOther / Double(summary.count),
            firstOfBothNs: Summary(pairing.firstEndToEndNs.sorted()),
            unmatchedBaseline: explain(pairing.onlyFirst, of: baseline, missingOn: other),
            unmatchedOther: explain(pairing.onlySecond, of: other, missingOn: baseline),
            rateDeciles: RateDecile.deciles(timesNs: pairing.timesNs, differencesNs: pairing.differencesNs),
            plots: plotter.difference("\(other.name) - \(baseline.name)", pairing)
        )
    }

    /// The second path against the first, lane by lane; nil when no event came on both.
    func difference(
        _ baseline: PathArrivals,
        _ other: PathArrivals,
        _ firstArrivals: FirstArrivals
    ) -> DifferenceAnalysis? {
        let lanePairs = lanePairs(baseline.lanes, other.lanes)
        let estimator = Self.estimator(of: lanePairs, baseline.lanes.count, other.lanes.count)
        guard let summary = estimator.summary else { return nil }
        return DifferenceAnalysis(
            baseline: baseline.name,
            other: other.name,
            pairs: firstArrivals.summaryNs.count,
            summaryNs: summary,
            quantilesNs: estimator.intervals(PathAnalyzer.probabilities),
            firstArrivalsNs: firstArrivals.summaryNs,
            baselineFirst: firstArrivals.baselineFirst,
            otherFirst: firstArrivals.otherFirst,
            meanGainOverBaselineNs: firstArrivals.meanGainOverBaselineNs,
            meanGainOverOtherNs: firstArrivals.meanGainOverOtherNs,
            firstOfBothNs: firstArrivals.firstOfBothNs,
            unmatchedBaseline: firstArrivals.unmatchedBaseline,
            unmatchedOther: firstArrivals.unmatchedOther,
            rateDeciles: firstArrivals.rateDeciles,
            lanePairs: lanePairs.map(\.difference)
        )
    }

    /// The path's own lanes against each other.
    func noiseFloor(_ path: PathArrivals) -> NoiseFloor {
        guard path.lanes.count > 1 else {
            return NoiseFloor(path: path.name, lanePairs: [], notMeasured: "not measured (one lane a path)")
        }
        let hasMany = path.lanes.count * (path.lanes.count - 1) / 2 > Self.mostLanePairs
        var wanted: [(Int, Int)] = []
        for first in path.lanes.indices {
            for second in path.lanes.indices where second > first && (!hasMany || second == first + 1) {
                wanted.append((first, second))
            }
        }
        var drawn = CompactSeries()
        let pairs = wanted.enumerated().compactMap { row, lanes -> (LanePairDifference, SeriesCell)? in
            let (first, second) = (path.lanes[lanes.0], path.lanes[lanes.1])
            let differences = EventPairing.differences(first, second)
            if row < Self.mostPairsDrawn { differences.forEach { drawn.append($0) } }
            guard let difference = Self.figures(lanes.0, lanes.1, differences.sorted()) else { return nil }
            let sizes = differences.magnitudes.sorted()
            return (
                difference,
                SeriesCell(row: row, column: 0, sorted: sizes) { EventPairing.differences(first, second).magnitudes }
            )
        }
        return NoiseFloor(
            path: path.name,
            lanePairs: pairs.map(\.0),
            medianSizeNs: QuantileEstimator(cells: pairs.map(\.1), isCrossed: false).interval(0.5),
            differencesNs: Histogram(drawn.sorted(), bins: Self.histogramBins),
            notMeasured: pairs.isEmpty ? "not measured (no event came on two lanes)" : nil
        )
    }

    /// Two lanes, over the events that came on both.
    private struct ComparedLanes: Sendable {
        var difference: LanePairDifference
        var sorted: AscendingSeries
        var first: EventArrivals
        var second: EventArrivals

        /// For the estimator: its samples in the order of time are paired anew when it asks for them.
        func cell(row: Int, column: Int) -> SeriesCell {
            SeriesCell(row: row, column: column, sorted: sorted) { EventPairing.differences(first, second) }
        }
    }

    private func lanePairs(_ first: [EventArrivals], _ second: [EventArrivals]) -> [ComparedLanes] {
        let hasMany = first.count * second.count > Self.mostLanePairs
        let wanted = first.indices.flatMap { i in
            second.indices.filter { !hasMany || $0 == i }.map { (i, $0) }
        }
        return Parallel.map(wanted.count) { index -> ComparedLanes? in
            let (i, j) = wanted[index]
            let sorted = EventPairing.differences(first[i], second[j]).sorted()
            return Self.figures(i, j, sorted).map {
                ComparedLanes(difference: $0, sorted: sorted, first: first[i], second: second[j])
            }
        }
        .compactMap { $0 }
    }

    /// All lane pairs crossed; lanes of the same number as one factor where there are too many to cross.
    private static func estimator(of pairs: [ComparedLanes], _ firsts: Int, _ seconds: Int) -> QuantileEstimator {
        guard firsts * seconds <= mostLanePairs else {
            let cells = pairs.enumerated().map { $1.cell(row: $0, column: 0) }
            return QuantileEstimator(cells: cells, isCrossed: false)
        }
        let cells = pairs.map { $0.cell(row: $0.difference.firstLane, column: $0.difference.secondLane) }
        return QuantileEstimator(cells: cells, isCrossed: true)
    }

    private static func figures(_ first: Int, _ second: Int, _ sorted: AscendingSeries) -> LanePairDifference? {
        guard let median = sorted.quantile(0.5), let size = sorted.quantileOfSize(0.5) else { return nil }
        return LanePairDifference(
            firstLane: first,
            secondLane: second,
            pairs: sorted.count,
            medianNs: median,
            medianSizeNs: size
        )
    }

    /// Sorts events without a counterpart by the reason why it is not there.
    private func explain(_ events: [Int], of path: PathArrivals, missingOn other: PathArrivals) -> UnmatchedEvents {
        let gaps = gaps.filter { $0.path == other.name }
        let firstNs = windows.map(\.start.monotonicNs).min() ?? 0
        let usualNs = events.isEmpty ? nil : Self.usualEndToEndNs(path.soonest)
        var unmatched = UnmatchedEvents()
        // Of one stream, so that they follow each other as the exchange sent them.
        var stretch: (stretch: MissingStretch, last: Int)?
        for event in events {
            // What this path brought late was missing on the other one at its own time.
            let lateNs = path.soonest.endToEnd(event).flatMap { delay in usualNs.map { max(0, delay - $0) } } ?? 0
            let arrivalNs = path.soonest.monotonicNs[event] - lateNs
            guard let window = windows.last(where: { $0.start.monotonicNs <= arrivalNs }) ?? windows.first
            else { continue }
            let key = path.soonest.key(event)
            let sinceStart = arrivalNs - window.start.monotonicNs
            let seconds = Double(arrivalNs - firstNs) / 1e9
            if other.cameBefore(key) {
                unmatched.beforeStart += 1
            } else if other.cameAfter(key) {
                unmatched.afterEnd += 1
            } else if gaps.contains(where: { Self.covers($0, seconds: seconds) }) {
                unmatched.duringGap += 1
                Self.lengthen(&stretch, event, seconds, path.soonest, &unmatched)
            } else if sinceStart < Self.edgeNs {
                unmatched.beforeStart += 1
            } else if window.end.monotonicNs - arrivalNs < Self.edgeNs {
                unmatched.afterEnd += 1
            } else {
                unmatched.neverCame += 1
                Self.lengthen(&stretch, event, seconds, path.soonest, &unmatched)
            }
        }
        return unmatched
    }

    /// The median end-to-end delay of so many events, spread over all; nil without event times.
    private static func usualEndToEndNs(_ arrivals: EventArrivals, of most: Int = 10_000) -> Int64? {
        let step = max(1, arrivals.count / most)
        let delays = stride(from: 0, to: arrivals.count, by: step).compactMap { arrivals.endToEnd($0) }.sorted()
        return delays.isEmpty ? nil : delays[delays.count / 2]
    }

    /// Adds a missing event to the stretch that goes on, or begins another, and keeps the longest.
    private static func lengthen(
        _ stretch: inout (stretch: MissingStretch, last: Int)?,
        _ event: Int,
        _ seconds: Double,
        _ arrivals: EventArrivals,
        _ unmatched: inout UnmatchedEvents
    ) {
        var longer = MissingStretch(events: 1, fromSeconds: seconds, toSeconds: seconds)
        if let stretch, stretch.last + 1 == event, arrivals.streams[event] == arrivals.streams[stretch.last] {
            longer.events = stretch.stretch.events + 1
            longer.fromSeconds = min(stretch.stretch.fromSeconds, seconds)
            longer.toSeconds = max(stretch.stretch.toSeconds, seconds)
        }
        stretch = (longer, event)
        let longest = unmatched.longest.map { ($0.toSeconds - $0.fromSeconds, $0.events) } ?? (-1, 0)
        if (longer.toSeconds - longer.fromSeconds, longer.events) > longest { unmatched.longest = longer }
    }

    private static func covers(_ gap: ConnectionGap, seconds: Double) -> Bool {
        seconds > gap.fromSeconds - gapMarginSeconds && seconds < (gap.toSeconds ?? .infinity) + gapMarginSeconds
    }
}
