import ExperimentModel
import LatencyStatistics

/// Fills the first design's results of each path from a run's samples.
public enum PathResultsBuilder {
    /// The results of every path that the run measured, in the experiment's order.
    public static func build(_ data: RunData) -> [PathResults] {
        let samples = MeasuredSamples(data)
        let lanes = data.blocks.flatMap { $0.receiver?.lanes ?? [] }
        return samples.paths.filter { !$0.lanes.isEmpty }.map { path in
            var results = PathResults(
                setupType: path.kind.setupType,
                path: path.name,
                sampleCount: path.count,
                eventsLost: lanes.filter { $0.path == path.name }.reduce(0) { $0 + $1.counts.missing }
            )
            let endToEndMs = path.values(.endToEnd).flatMap { $0 }.map { $0 / 1e6 }
            let backboneMs = path.values(.backbone).flatMap { $0 }.map { $0 / 1e6 }
            let hostDelayMs = path.values(.hostDelay).flatMap { $0 }.map { $0 / 1e6 }
            let figures = PathFigures(endToEndMs: endToEndMs, backboneMs: backboneMs, hostDelayMs: hostDelayMs)
            results.averageLatencyMs = figures.averageMs
            results.medianLatencyMs = figures.medianMs
            results.p95LatencyMs = figures.p95Ms
            results.p99LatencyMs = figures.p99Ms
            results.minimumLatencyMs = figures.minimumMs
            results.maximumLatencyMs = figures.maximumMs
            results.jitterStandardDeviationMs = figures.jitterStandardDeviationMs
            results.backboneAverageLatencyMs = figures.backboneAverageMs
            results.backboneMedianLatencyMs = figures.backboneMedianMs
            results.hostDelayMedianMs = figures.hostDelayMedianMs
            results.hostDelayP99Ms = figures.hostDelayP99Ms
            results.hostDelayMaximumMs = figures.hostDelayMaximumMs
            var sources = ReceiveTimeCount()
            for lane in path.lanes { for record in lane.records { sources.add(kernelNs: record.arrivalKernelNs) } }
            if path.count > 0 { results.receiveTimeSource = sources.source }
            if path.count > 0, endToEndMs.isEmpty { results.note = "no event time in this stream" }
            return results
        }
    }
}
