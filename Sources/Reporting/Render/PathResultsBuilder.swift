import ExperimentModel
import LatencyStatistics

/// Fills the first design's results of each path from a run's analysis.
public enum PathResultsBuilder {
    /// The results of every path that the run measured, in the experiment's order.
    public static func build(_ analysis: RunAnalysis, _ data: RunData) -> [PathResults] {
        let lanes = data.blocks.flatMap { $0.receiver?.lanes ?? [] }
        return analysis.paths.filter { !$0.lanes.isEmpty }.map { path in
            func figures(_ metric: Metric) -> LatencyFigures {
                path.metric(metric).map { LatencyFigures($0.summaryNs) } ?? LatencyFigures()
            }
            var results = PathResults(
                setupType: path.kind.setupType,
                path: path.name,
                sampleCount: path.samples,
                eventsLost: lanes.filter { $0.path == path.name }.reduce(0) { $0 + $1.counts.missing },
                endToEnd: figures(.endToEnd),
                backbone: figures(.backbone),
                hostDelay: figures(.hostDelay)
            )
            results.receiveTimeSource = path.receiveTimeSource
            if path.samples > 0, path.isUntimed { results.note = "no event time in this stream" }
            if let withheld = path.withheld?.first { results.note = "\(withheld.metric.title) \(withheld.reason)" }
            return results
        }
    }
}

extension LatencyFigures {
    fileprivate init(_ summaryNs: Summary) {
        self.init(
            averageNs: summaryNs.mean,
            medianNs: summaryNs.median,
            p95Ns: summaryNs.p95,
            p99Ns: summaryNs.p99,
            minimumNs: summaryNs.minimum,
            maximumNs: summaryNs.maximum,
            standardDeviationNs: summaryNs.standardDeviation
        )
    }
}
