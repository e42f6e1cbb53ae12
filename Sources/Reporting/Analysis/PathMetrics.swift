import ExperimentModel
import LatencyStatistics

/// The figures of a path's metrics, before their bounds are known, and of its lanes.
struct PathMetrics: Sendable {
    var summaries: [Metric: Summary] = [:]
    var quantiles: [Metric: [QuantileInterval]] = [:]
    var jitters: [Metric: Double] = [:]
    var laneSummaries: [Metric: [Summary?]] = [:]
    /// The distribution of the end-to-end delay; nil without event times.
    var distribution: DistributionPlot?

    init() {}

    /// Computes one metric of one path.
    init(_ metric: Metric, of path: MeasuredPath) {
        let lanes = path.series(metric)
        let cells = lanes.enumerated().map { SeriesCell(row: $0, $1) }
        laneSummaries[metric] = cells.map { Summary($0.sorted) }
        // The time inside a host tells about the instrument, not about a path: no one draws conclusions from its
        // interval.
        let isOfInstrument = metric == .residence || metric == .forwarderHostDelay || metric == .hostDelay
        if isOfInstrument {
            summaries[metric] = Summary(merging: cells.map(\.sorted))
            quantiles[metric] = []
        } else {
            let estimator = QuantileEstimator(cells: cells, isCrossed: false)
            summaries[metric] = estimator.summary
            quantiles[metric] = estimator.intervals(PathAnalyzer.probabilities)
            if metric == .endToEnd, let count = estimator.summary?.count {
                distribution = DistributionPlot(path: path.name, count: count) { estimator.quantile($0) ?? 0 }
            }
        }
        let known = lanes.compactMap(InterarrivalJitter.of)
        if !known.isEmpty { jitters[metric] = known.reduce(0, +) / Double(known.count) }
    }

    /// Takes the figures of another metric.
    mutating func add(_ other: PathMetrics) {
        summaries.merge(other.summaries) { $1 }
        quantiles.merge(other.quantiles) { $1 }
        jitters.merge(other.jitters) { $1 }
        laneSummaries.merge(other.laneSummaries) { $1 }
        distribution = distribution ?? other.distribution
    }

    /// The metrics that a kind of path can have, the most wanted first.
    static func metrics(of kind: PathSpecification.Kind) -> [Metric] {
        switch kind {
        case .direct: [.endToEnd, .hostDelay]
        case .relay: [.endToEnd, .backbone, .feedLeg, .residence, .forwarderHostDelay, .hostDelay]
        }
    }
}

/// What is counted on a path, and its metrics: all that is left of its samples.
struct PathFacts: Sendable {
    var name: String
    var kind: PathSpecification.Kind
    /// Without their series.
    var lanes: [MeasuredLane]
    var sources: ReceiveTimeCount
    var truncationNs: Double
    var damaged: Int
    var metrics: PathMetrics

    init(_ path: MeasuredPath, _ metrics: PathMetrics) {
        name = path.name
        kind = path.kind
        lanes = path.lanes
        for index in lanes.indices { lanes[index].series = [:] }
        sources = path.sources
        truncationNs = path.truncationNs
        damaged = path.damaged
        self.metrics = metrics
    }

    /// The samples, all lanes together.
    var count: Int { lanes.reduce(0) { $0 + $1.count } }
}
