import ExperimentModel
import LatencyStatistics

/// Compares what was measured in a simulated world with what that world knows.
struct TruthAnalyzer {
    private let windows: [MeasuredWindow]
    private let events: [LabTruth]

    init(_ truth: [LabTruth], _ windows: [MeasuredWindow]) {
        self.windows = windows
        events = truth
    }

    func analyze(_ paths: [PathArrivals], baseline: PathArrivals?, other: PathArrivals?) -> LabTruthAnalysis {
        var differenceMedian: Double?
        if let baseline, let other {
            let differences = events.compactMap { event -> Double? in
                guard
                    let first = delivery(event, baseline.kind), let second = delivery(event, other.kind),
                    isInside(first), isInside(second)
                else { return nil }
                return Double(second &- first)
            }
            differenceMedian = Quantile.type7(differences.sorted(), 0.5)
        }
        return LabTruthAnalysis(paths: paths.compactMap(analyze), differenceMedianNs: differenceMedian)
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
