import ExperimentModel
import LatencyStatistics

/// Compares paths, and lanes of one path, by the events that came on both.
struct DifferenceAnalyzer {
    /// With more pairs of lanes than this, only lanes of the same number are compared.
    private static let mostLanePairs = 16
    /// How near to the window's edge an event may be for its counterpart to lie outside.
    private static let edgeNs: Int64 = 2_000_000_000
    /// How long before and after a gap in the connection an event may be missing for its sake.
    private static let gapMarginSeconds = 0.5

    let samples: MeasuredSamples
    let gaps: [ConnectionGap]
    let windows: [MeasuredWindow]
    let settings: BootstrapSettings

    /// The second path against the first; nil when no event came on both.
    func difference(_ baseline: MeasuredPath, _ other: MeasuredPath) -> (DifferenceAnalysis, EventPairing)? {
        let pairing = EventPairing(EventArrivals(baseline.lanes), EventArrivals(other.lanes))
        let bootstrap = QuantileBootstrap(pairing.differencesNs, settings: settings)
        guard let summary = bootstrap.summary else { return nil }
        let differences = pairing.differencesNs
        let pairs = Double(differences.count)
        let analysis = DifferenceAnalysis(
            baseline: baseline.name,
            other: other.name,
            summaryNs: summary,
            quantilesNs: PathAnalyzer.probabilities.compactMap(bootstrap.interval),
            baselineFirst: differences.count { $0 > 0 },
            otherFirst: differences.count { $0 < 0 },
            meanGainOverBaselineNs: differences.reduce(0) { $0 + max(0, -$1) } / pairs,
            meanGainOverOtherNs: differences.reduce(0) { $0 + max(0, $1) } / pairs,
            unmatchedBaseline: explain(pairing.onlyFirst, missingOn: other.name),
            unmatchedOther: explain(pairing.onlySecond, missingOn: baseline.name),
            lanePairs: lanePairs(baseline.lanes, other.lanes).map(\.difference)
        )
        return (analysis, pairing)
    }

    /// The path's own lanes against each other.
    func noiseFloor(_ path: MeasuredPath) -> NoiseFloor {
        guard path.lanes.count > 1 else {
            return NoiseFloor(path: path.name, lanePairs: [], notMeasured: "not measured (one lane a path)")
        }
        var pairs: [(difference: LanePairDifference, sizesNs: [Double])] = []
        let arrivals = path.lanes.map { EventArrivals([$0]) }
        let hasMany = path.lanes.count * (path.lanes.count - 1) / 2 > Self.mostLanePairs
        for first in arrivals.indices {
            for second in arrivals.indices where second > first && (!hasMany || second == first + 1) {
                if let pair = Self.compare(first, arrivals[first], second, arrivals[second]) { pairs.append(pair) }
            }
        }
        let bootstrap = QuantileBootstrap(lanes: pairs.map(\.sizesNs), settings: settings)
        return NoiseFloor(
            path: path.name,
            lanePairs: pairs.map(\.difference),
            medianSizeNs: bootstrap.interval(0.5),
            notMeasured: pairs.isEmpty ? "not measured (no event came on two lanes)" : nil
        )
    }

    private func lanePairs(
        _ first: [MeasuredLane],
        _ second: [MeasuredLane]
    ) -> [(difference: LanePairDifference, sizesNs: [Double])] {
        let firstArrivals = first.map { EventArrivals([$0]) }
        let secondArrivals = second.map { EventArrivals([$0]) }
        let hasMany = first.count * second.count > Self.mostLanePairs
        return firstArrivals.indices.flatMap { i in
            secondArrivals.indices.filter { !hasMany || $0 == i }.compactMap { j in
                Self.compare(i, firstArrivals[i], j, secondArrivals[j])
            }
        }
    }

    private static func compare(
        _ firstLane: Int,
        _ first: EventArrivals,
        _ secondLane: Int,
        _ second: EventArrivals
    ) -> (difference: LanePairDifference, sizesNs: [Double])? {
        let differences = EventPairing(first, second).differencesNs
        let sizes = differences.map { abs($0) }
        guard
            let median = Quantile.type7(differences.sorted(), 0.5),
            let size = Quantile.type7(sizes.sorted(), 0.5)
        else { return nil }
        let pair = LanePairDifference(
            firstLane: firstLane,
            secondLane: secondLane,
            pairs: differences.count,
            medianNs: median,
            medianSizeNs: size
        )
        return (pair, sizes)
    }

    /// Sorts events without a counterpart by the reason why it is not there.
    private func explain(_ events: [EventArrivals.Arrival], missingOn path: String) -> UnmatchedEvents {
        let gaps = gaps.filter { $0.path == path }
        var unmatched = UnmatchedEvents()
        for event in events {
            guard let window = windows.last(where: { $0.start.monotonicNs <= event.monotonicNs }) ?? windows.first
            else { continue }
            let sinceStart = event.monotonicNs - window.start.monotonicNs
            if sinceStart < Self.edgeNs || window.end.monotonicNs - event.monotonicNs < Self.edgeNs {
                unmatched.atEdge += 1
            } else if gaps.contains(where: { Self.covers($0, seconds: Double(sinceStart) / 1e9) }) {
                unmatched.duringGap += 1
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
