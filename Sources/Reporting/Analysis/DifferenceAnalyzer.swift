import ExperimentModel
import LatencyStatistics

/// Compares paths, and lanes of one path, by the events that came on both.
struct DifferenceAnalyzer {
    /// With more pairs of lanes than this, only lanes of the same number are compared.
    private static let mostLanePairs = 64
    /// How near to the window's edge an event may be for its counterpart to lie outside of what was recorded.
    private static let edgeNs: Int64 = 2_000_000_000
    /// How long before and after a gap in the connection an event may be missing for its sake.
    private static let gapMarginSeconds = 0.5

    let samples: MeasuredSamples
    let gaps: [ConnectionGap]
    let windows: [MeasuredWindow]

    /// The second path against the first; nil when no event came on both.
    func difference(_ baseline: MeasuredPath, _ other: MeasuredPath) -> (DifferenceAnalysis, EventPairing)? {
        let pairing = EventPairing(EventArrivals(baseline.lanes), EventArrivals(other.lanes))
        let differences = pairing.differencesNs
        let lanePairs = lanePairs(baseline.lanes, other.lanes)
        let estimator = Self.estimator(of: lanePairs, baseline.lanes.count, other.lanes.count)
        guard let summary = estimator.summary, let firstArrivals = Summary(differences) else { return nil }
        let pairs = Double(differences.count)
        let analysis = DifferenceAnalysis(
            baseline: baseline.name,
            other: other.name,
            pairs: differences.count,
            summaryNs: summary,
            quantilesNs: PathAnalyzer.probabilities.compactMap(estimator.interval),
            firstArrivalsNs: firstArrivals,
            baselineFirst: differences.count { $0 > 0 },
            otherFirst: differences.count { $0 < 0 },
            meanGainOverBaselineNs: differences.reduce(0) { $0 + max(0, -$1) } / pairs,
            meanGainOverOtherNs: differences.reduce(0) { $0 + max(0, $1) } / pairs,
            firstOfBothNs: Summary(pairing.firstEndToEndNs),
            unmatchedBaseline: explain(pairing.onlyFirst, missingOn: other),
            unmatchedOther: explain(pairing.onlySecond, missingOn: baseline),
            rateDeciles: RateDecile.deciles(timesNs: pairing.timesNs, differencesNs: differences),
            lanePairs: lanePairs.map(\.difference)
        )
        return (analysis, pairing)
    }

    /// The path's own lanes against each other.
    func noiseFloor(_ path: MeasuredPath) -> NoiseFloor {
        guard path.lanes.count > 1 else {
            return NoiseFloor(path: path.name, lanePairs: [], notMeasured: "not measured (one lane a path)")
        }
        var pairs: [ComparedLanes] = []
        let arrivals = path.lanes.map { EventArrivals([$0]) }
        let hasMany = path.lanes.count * (path.lanes.count - 1) / 2 > Self.mostLanePairs
        for first in arrivals.indices {
            for second in arrivals.indices where second > first && (!hasMany || second == first + 1) {
                if let pair = Self.compare(first, arrivals[first], second, arrivals[second]) { pairs.append(pair) }
            }
        }
        let estimator = QuantileEstimator(lanes: pairs.map { $0.differencesNs.map { abs($0) } })
        return NoiseFloor(
            path: path.name,
            lanePairs: pairs.map(\.difference),
            medianSizeNs: estimator.interval(0.5),
            differencesNs: Histogram(sorted: pairs.flatMap(\.differencesNs).sorted(), bins: 60),
            notMeasured: pairs.isEmpty ? "not measured (no event came on two lanes)" : nil
        )
    }

    /// Two lanes, over the events that came on both.
    private struct ComparedLanes {
        var difference: LanePairDifference
        var differencesNs: [Double]
    }

    private func lanePairs(_ first: [MeasuredLane], _ second: [MeasuredLane]) -> [ComparedLanes] {
        let firstArrivals = first.map { EventArrivals([$0]) }
        let secondArrivals = second.map { EventArrivals([$0]) }
        let hasMany = first.count * second.count > Self.mostLanePairs
        return firstArrivals.indices.flatMap { i in
            secondArrivals.indices.filter { !hasMany || $0 == i }.compactMap { j in
                Self.compare(i, firstArrivals[i], j, secondArrivals[j])
            }
        }
    }

    /// All lane pairs crossed; lanes of the same number as one factor where there are too many to cross.
    private static func estimator(of pairs: [ComparedLanes], _ firsts: Int, _ seconds: Int) -> QuantileEstimator {
        guard firsts * seconds <= mostLanePairs else { return QuantileEstimator(lanes: pairs.map(\.differencesNs)) }
        var crossed = [[[Double]]](repeating: Array(repeating: [], count: seconds), count: firsts)
        for pair in pairs { crossed[pair.difference.firstLane][pair.difference.secondLane] = pair.differencesNs }
        return QuantileEstimator(lanePairs: crossed)
    }

    private static func compare(
        _ firstLane: Int,
        _ first: EventArrivals,
        _ secondLane: Int,
        _ second: EventArrivals
    ) -> ComparedLanes? {
        let differences = EventPairing(first, second).differencesNs
        guard
            let median = Quantile.type7(differences.sorted(), 0.5),
            let size = Quantile.type7(differences.map { abs($0) }.sorted(), 0.5)
        else { return nil }
        let pair = LanePairDifference(
            firstLane: firstLane,
            secondLane: secondLane,
            pairs: differences.count,
            medianNs: median,
            medianSizeNs: size
        )
        return ComparedLanes(difference: pair, differencesNs: differences)
    }

    /// Sorts events without a counterpart by the reason why it is not there.
    private func explain(_ events: [EventArrivals.Arrival], missingOn path: MeasuredPath) -> UnmatchedEvents {
        let gaps = gaps.filter { $0.path == path.name }
        var unmatched = UnmatchedEvents()
        for event in events {
            guard let window = windows.last(where: { $0.start.monotonicNs <= event.monotonicNs }) ?? windows.first
            else { continue }
            let key = EventKey(stream: event.stream, updateID: event.updateID)
            let sinceStart = event.monotonicNs - window.start.monotonicNs
            if path.before.contains(key) {
                unmatched.beforeStart += 1
            } else if path.after.contains(key) {
                unmatched.afterEnd += 1
            } else if gaps.contains(where: { Self.covers($0, seconds: Double(sinceStart) / 1e9) }) {
                unmatched.duringGap += 1
            } else if sinceStart < Self.edgeNs {
                unmatched.beforeStart += 1
            } else if window.end.monotonicNs - event.monotonicNs < Self.edgeNs {
                unmatched.afterEnd += 1
            } else {
                unmatched.neverCame += 1
            }
        }
        return unmatched
    }

    private static func covers(_ gap: ConnectionGap, seconds: Double) -> Bool {
        seconds > gap.fromSeconds - gapMarginSeconds && seconds < (gap.toSeconds ?? .infinity) + gapMarginSeconds
    }
}
