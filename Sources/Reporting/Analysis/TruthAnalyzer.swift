import ExperimentModel
import LatencyStatistics

/// Compares what was measured in a simulated world with what that world knows.
struct TruthAnalyzer {
    private let windows: [MeasuredWindow]
    private let events: [LabTruth]
    /// Paths whose deliveries the world's record cannot tell from another's.
    private let unknown: [UnknownTruth]

    init(_ truth: [LabTruth], _ blocks: [BlockData]) {
        windows = blocks.compactMap(\.window)
        events = truth
        unknown = Self.unknown(blocks)
    }

    /// The record has one delivery an event and link, the soonest: of two paths that share a link at a time it cannot
    /// say whose it was.
    private static func unknown(_ blocks: [BlockData]) -> [UnknownTruth] {
        var found: [UnknownTruth] = []
        for block in blocks {
            for path in block.paths {
                let others = block.paths.filter { $0.kind == path.kind && $0.name != path.name }.map(\.name)
                guard !others.isEmpty, !found.contains(where: { $0.path == path.name }) else { continue }
                let reason =
                    "not known: the simulated world records one delivery of an event on a link, and "
                    + "\(others.joined(separator: ", ")) took the same link at the same time"
                found.append(UnknownTruth(path: path.name, reason: reason))
            }
        }
        return found
    }

    private func isKnown(_ path: PathArrivals) -> Bool { !unknown.contains { $0.path == path.name } }

    func analyze(_ paths: [PathArrivals], baseline: PathArrivals?, other: PathArrivals?) -> LabTruthAnalysis {
        var differenceMedian: Double?
        if let baseline, let other, isKnown(baseline), isKnown(other) {
            let differences = events.compactMap { event -> Double? in
                guard
                    let first = delivery(event, baseline.kind), let second = delivery(event, other.kind),
                    isInside(first), isInside(second)
                else { return nil }
                return Double(second &- first)
            }
            differenceMedian = Quantile.type7(differences.sorted(), 0.5)
        }
        return LabTruthAnalysis(
            paths: paths.filter(isKnown).compactMap(analyze),
            differenceMedianNs: differenceMedian,
            unknown: unknown.isEmpty ? nil : unknown
        )
    }

    private func analyze(_ path: PathArrivals) -> PathTruth? {
        var deliveries: [Int64: Int64] = [:]
        var delays: [Double] = []
        for event in events {
            guard let deliveredNs = delivery(event, path.kind) else { continue }
            deliveries[event.updateID] = deliveredNs
            if isInside(deliveredNs) { delays.append(Double(deliveredNs &- event.sentNs)) }
        }
        guard let summary = Summary(delays) else { return nil }
        let arrivals = path.soonest
        let errors = arrivals.updateIDs.indices.compactMap { index in
            deliveries[arrivals.updateIDs[index]].map { Double(arrivals.wallNs[index] &- $0) }
        }
        return PathTruth(
            path: path.name,
            events: summary.count,
            medianNs: summary.median,
            p95Ns: summary.p95,
            p99Ns: summary.p99,
            measuredNs: Summary(arrivals.updateIDs.indices.compactMap(arrivals.endToEnd)),
            compared: errors.count,
            errorMedianNs: Quantile.type7(errors.sorted(), 0.5),
            errorP99Ns: Quantile.type7(errors.map { abs($0) }.sorted(), 0.99)
        )
    }

    private func delivery(_ event: LabTruth, _ kind: PathSpecification.Kind) -> Int64? {
        kind == .direct ? event.directNs : event.backboneNs
    }

    private func isInside(_ wallNs: Int64) -> Bool {
        windows.contains { $0.start.wallNs <= wallNs && wallNs < $0.end.wallNs }
    }
}
