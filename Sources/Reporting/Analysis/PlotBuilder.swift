import ExperimentModel
import LatencyStatistics

/// Reduces samples to what the plots show.
struct PlotBuilder {
    private static let mostTimeBins = 120
    /// With fewer events in a piece its quantiles say little.
    private static let eventsPerBin = 20
    let samples: MeasuredSamples

    /// The plots of all paths; of the pairing's differences where no path has event times.
    func build(pairing: EventPairing?, pairName: String) -> PlotData {
        let differences = pairing.flatMap { Histogram(sorted: $0.differencesNs.sorted(), bins: 60) }
        let timed = samples.paths.map { path in (name: path.name, points: points(of: path)) }
            .filter { !$0.points.isEmpty }
        // All series have the same pieces, so that they can be read side by side.
        let fewest = (timed.map(\.points.count) + (pairing.map { [$0.differencesNs.count] } ?? [])).min() ?? 0
        let bins = min(Self.mostTimeBins, max(12, fewest / Self.eventsPerBin))
        let overTime = pairing.map {
            timeSeries(pairName, zip($0.timesNs, $0.differencesNs).map { ($0, $1) }, bins: bins)
        }
        if timed.isEmpty, let pairing {
            return PlotData(
                subject: "difference",
                distributions: [Self.distribution(pairName, pairing.differencesNs)],
                differences: differences,
                differenceOverTime: overTime,
                timeSeries: overTime.map { [$0] } ?? []
            )
        }
        return PlotData(
            subject: "end-to-end delay",
            distributions: timed.map { Self.distribution($0.name, $0.points.map(\.valueNs)) },
            differences: differences,
            differenceOverTime: overTime,
            timeSeries: timed.map { timeSeries($0.name, $0.points, bins: bins) }
        )
    }

    private func points(of path: MeasuredPath) -> [(timeNs: Int64, valueNs: Double)] {
        path.lanes.flatMap(\.records).compactMap { record in
            Metric.endToEnd.ns(of: record).map { (record.arrivalOnMonotonicNs, Double($0)) }
        }
    }

    /// Hundredths, then thousandths and finer where the tail is; none finer than the samples can tell.
    private static func distribution(_ path: String, _ values: [Double]) -> DistributionPlot {
        let sorted = values.sorted()
        let body: [Double] = (0...99).map { Double($0) / 100 }
        let thousandths: [Double] = (991...999).map { Double($0) / 1_000 }
        let finer: [Double] = (9_991...9_999).map { Double($0) / 10_000 }
        let finest = 1 - 1 / Double(max(1, sorted.count))
        let probabilities = (body + thousandths + finer).filter { $0 <= finest } + [1]
        return DistributionPlot(
            path: path,
            probabilities: probabilities,
            valuesNs: probabilities.map { Quantile.type7(sorted, $0) ?? 0 }
        )
    }

    private func timeSeries(
        _ path: String,
        _ points: [(timeNs: Int64, valueNs: Double)],
        bins count: Int
    ) -> TimeSeriesPlot {
        let startNs = samples.windows.map(\.start.monotonicNs).min() ?? 0
        let endNs = samples.windows.map(\.end.monotonicNs).max() ?? 0
        let widthNs = max(1, (endNs - startNs) / Int64(count))
        var bins = [[Double]](repeating: [], count: count)
        for point in points {
            let index = Int((point.timeNs - startNs) / widthNs)
            bins[min(count - 1, max(0, index))].append(point.valueNs)
        }
        let filled = bins.enumerated().compactMap { index, values -> TimeSeriesPlot.Bin? in
            let sorted = values.sorted()
            guard let summary = Summary(sorted: sorted) else { return nil }
            return TimeSeriesPlot.Bin(
                seconds: (Double(index) + 0.5) * Double(widthNs) / 1e9,
                p05Ns: Quantile.type7(sorted, 0.05) ?? summary.minimum,
                p25Ns: Quantile.type7(sorted, 0.25),
                medianNs: summary.median,
                p75Ns: Quantile.type7(sorted, 0.75),
                p95Ns: summary.p95,
                maximumNs: summary.maximum
            )
        }
        return TimeSeriesPlot(path: path, bins: filled)
    }
}
