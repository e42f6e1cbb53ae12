import ExperimentModel
import LatencyStatistics

/// Reduces samples to what the plots show.
struct PlotBuilder {
    private static let mostTimeBins = 120
    private static let fewestTimeBins = 12
    /// With fewer events in a piece its quantiles say little.
    private static let eventsPerBin = 20
    private static let differenceBins = 60
    let windows: [MeasuredWindow]
    /// The pieces of the measured time that series have, all of them the same ones so that they can be read side by
    /// side.
    let timeBins: Int

    /// - Parameter fewestEvents: of any path, which decides into how many pieces the time is cut.
    init(windows: [MeasuredWindow], fewestEvents: Int) {
        self.windows = windows
        timeBins = min(Self.mostTimeBins, max(Self.fewestTimeBins, fewestEvents / Self.eventsPerBin))
    }

    /// The plots of all paths; of the differences where no path has event times.
    ///
    /// - Parameters:
    ///   - distributions: of the paths that have event times.
    ///   - timeSeries: of the same paths.
    ///   - difference: of the paths compared first; nil without pairs.
    static func build(
        _ distributions: [DistributionPlot],
        _ timeSeries: [TimeSeriesPlot],
        _ difference: DifferencePlots?
    ) -> PlotData {
        if distributions.isEmpty, let difference {
            return PlotData(
                subject: "difference",
                distributions: [difference.distribution],
                differences: difference.histogram,
                differenceOverTime: difference.overTime,
                timeSeries: [difference.overTime]
            )
        }
        return PlotData(
            subject: "end-to-end delay",
            distributions: distributions,
            differences: difference?.histogram,
            differenceOverTime: difference?.overTime,
            timeSeries: timeSeries
        )
    }

    /// The plots of the differences between first arrivals.
    func difference(_ name: String, _ pairing: EventPairing) -> DifferencePlots {
        let sorted = pairing.differencesNs.sorted()
        var bins = TimeBins(windows, count: timeBins)
        var next = 0
        pairing.differencesNs.forEach {
            bins.add(pairing.timesNs[next], $0)
            next += 1
        }
        return DifferencePlots(
            distribution: DistributionPlot(path: name, count: sorted.count) { sorted.quantile($0) ?? 0 },
            histogram: Histogram(sorted, bins: Self.differenceBins),
            overTime: bins.plot(name)
        )
    }

    /// A path's end-to-end delay over time; nil without event times.
    func timeSeries(_ path: PathArrivals) -> TimeSeriesPlot? {
        var bins = TimeBins(windows, count: timeBins)
        var hasDelays = false
        for lane in path.lanes {
            guard let delays = lane.endToEndNs else { continue }
            hasDelays = true
            var next = 0
            delays.forEach { delay in
                if delay != SampleRecord.absent { bins.add(lane.monotonicNs[next], delay) }
                next += 1
            }
        }
        return hasDelays ? bins.plot(path.name) : nil
    }
}

/// What the plots show of the differences between two paths.
struct DifferencePlots: Sendable {
    var distribution: DistributionPlot
    var histogram: Histogram?
    var overTime: TimeSeriesPlot
}

/// Samples in equal pieces of the measured time.
private struct TimeBins {
    private let startNs: Int64
    private let widthNs: Int64
    private var bins: [CompactSeries]

    init(_ windows: [MeasuredWindow], count: Int) {
        startNs = windows.map(\.start.monotonicNs).min() ?? 0
        let endNs = windows.map(\.end.monotonicNs).max() ?? 0
        widthNs = max(1, (endNs - startNs) / Int64(count))
        bins = Array(repeating: CompactSeries(), count: count)
    }

    mutating func add(_ timeNs: Int64, _ value: Int64) {
        let index = Int((timeNs - startNs) / widthNs)
        bins[min(bins.count - 1, max(0, index))].append(value)
    }

    func plot(_ path: String) -> TimeSeriesPlot {
        let filled = bins.enumerated().compactMap { index, values -> TimeSeriesPlot.Bin? in
            let sorted = values.sorted()
            guard let summary = Summary(sorted) else { return nil }
            return TimeSeriesPlot.Bin(
                seconds: (Double(index) + 0.5) * Double(widthNs) / 1e9,
                p05Ns: sorted.quantile(0.05) ?? summary.minimum,
                p25Ns: sorted.quantile(0.25),
                medianNs: summary.median,
                p75Ns: sorted.quantile(0.75),
                p95Ns: summary.p95,
                maximumNs: summary.maximum
            )
        }
        return TimeSeriesPlot(path: path, bins: filled)
    }
}
