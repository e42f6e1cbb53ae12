import ExperimentModel
import LatencyStatistics

/// Fills the first design's results of each path from a run's analysis.
public enum PathResultsBuilder {
    /// The results of every path that the run measured, in the experiment's order.
    public static func build(_ analysis: RunAnalysis, _ data: RunData) -> [PathResults] {
        let lanes = data.blocks.flatMap { $0.receiver?.lanes ?? [] }
        return analysis.paths.filter { !$0.lanes.isEmpty }.map { path in
            var results = PathResults(
                setupType: path.kind.setupType,
                path: path.name,
                sampleCount: path.samples,
                eventsLost: lanes.filter { $0.path == path.name }.reduce(0) { $0 + $1.counts.missing }
            )
            func milliseconds(_ metric: Metric, _ figure: (Summary) -> Double?) -> Double? {
                path.metric(metric).flatMap { figure($0.summaryNs) }.map { $0 / 1e6 }
            }
            results.averageLatencyMs = milliseconds(.endToEnd, \.mean)
            results.medianLatencyMs = milliseconds(.endToEnd, \.median)
            results.p95LatencyMs = milliseconds(.endToEnd, \.p95)
            results.p99LatencyMs = milliseconds(.endToEnd, \.p99)
            results.minimumLatencyMs = milliseconds(.endToEnd, \.minimum)
            results.maximumLatencyMs = milliseconds(.endToEnd, \.maximum)
            results.jitterStandardDeviationMs = milliseconds(.endToEnd, \.standardDeviation)
            results.backboneAverageLatencyMs = milliseconds(.backbone, \.mean)
            results.backboneMedianLatencyMs = milliseconds(.backbone, \.median)
            results.hostDelayMedianMs = milliseconds(.hostDelay, \.median)
            results.hostDelayP99Ms = milliseconds(.hostDelay, \.p99)
            results.hostDelayMaximumMs = milliseconds(.hostDelay, \.maximum)
            results.receiveTimeSource = path.receiveTimeSource
            if path.samples > 0, path.isUntimed { results.note = "no event time in this stream" }
            if let withheld = path.withheld?.first { results.note = "\(withheld.metric.title) \(withheld.reason)" }
            return results
        }
    }
}
