import ExperimentModel
import LatencyStatistics

/// Computes one path's figures.
struct PathAnalyzer {
    /// The quantiles that get intervals.
    static let probabilities = [0.5, 0.9, 0.95, 0.99, 0.999]

    let data: RunData
    let bounds: ErrorBounds

    func analyze(_ path: MeasuredPath) -> PathAnalysis {
        let metrics = Self.metrics(of: path.kind).compactMap { analyze($0, of: path) }
        var notes: [String] = []
        let timed = metrics.first { $0.metric == .endToEnd }?.summaryNs.count ?? 0
        if path.count > 0, timed == 0 {
            notes.append("no event time in this stream: no end-to-end latency")
        } else if timed < path.count {
            notes.append("event time in \(Format.count(timed)) of \(Format.count(path.count)) samples")
        }
        if data.record.experiment.paths.first(where: { $0.name == path.name })?.transport == .udp {
            notes.append("relayed over UDP, an event a datagram: nothing waits for what was lost")
        }
        return PathAnalysis(
            name: path.name,
            kind: path.kind,
            samples: path.count,
            duplicates: path.lanes.reduce(0) { $0 + $1.duplicates },
            reordered: path.lanes.reduce(0) { $0 + $1.reordered },
            outsideWindow: path.lanes.reduce(0) { $0 + $1.outsideWindow },
            eventsLost: path.kind == .direct
                ? nil
                : receiverLanes(of: path.name).reduce(0) { sum, lane in
                    sum + lane.counts.missing + (lane.datagrams?.earlier?.missing ?? 0)
                },
            transport: data.record.experiment.paths.first { $0.name == path.name }?.transport,
            metrics: metrics,
            lanes: lanes(of: path),
            notes: notes
        )
    }

    /// The metrics that a kind of path can have, the most wanted first.
    private static func metrics(of kind: PathSpecification.Kind) -> [Metric] {
        switch kind {
        case .direct: [.endToEnd, .hostDelay]
        case .relay: [.endToEnd, .backbone, .feedLeg, .residence, .forwarderHostDelay, .hostDelay]
        }
    }

    private func analyze(_ metric: Metric, of path: MeasuredPath) -> MetricAnalysis? {
        let lanes = path.values(metric)
        let estimator = QuantileEstimator(lanes: lanes)
        guard let summary = estimator.summary else { return nil }
        let jitters = lanes.compactMap(InterarrivalJitter.of)
        // The time inside a host tells about the instrument, not about a path: no one draws conclusions from its interval.
        let isOfInstrument = metric == .residence || metric == .forwarderHostDelay || metric == .hostDelay
        return MetricAnalysis(
            metric: metric,
            summaryNs: summary,
            quantilesNs: isOfInstrument ? [] : Self.probabilities.compactMap(estimator.interval),
            jitterNs: jitters.isEmpty ? nil : jitters.reduce(0, +) / Double(jitters.count),
            bound: bounds.bound(of: metric, path: path.name)
        )
    }

    private func lanes(of path: MeasuredPath) -> [LaneAnalysis] {
        let arrivals = path.lanes.map { EventArrivals([$0]) }
        let soonest = EventArrivals(path.lanes)
        let records = receiverLanes(of: path.name)
        return path.lanes.enumerated().map { number, lane in
            let behind = path.lanes.count > 1 ? EventPairing(soonest, arrivals[number]).differencesNs : []
            return LaneAnalysis(
                lane: number,
                samples: lane.records.count,
                duplicates: lane.duplicates,
                reordered: lane.reordered,
                missed: path.lanes.count > 1 ? soonest.arrivals.count - arrivals[number].arrivals.count : nil,
                endpoints: endpoints(of: path.name, lane: number, records),
                endToEndNs: Summary(lane.values(.endToEnd)),
                backboneNs: Summary(lane.values(.backbone)),
                behindSoonestNs: Summary(behind)
            )
        }
    }

    /// The addresses of the exchange's servers that the lane used: seen by the receiver, or by the forwarder.
    private func endpoints(of path: String, lane: Int, _ receiverLanes: [LaneSummary]) -> [String] {
        let forwarders = data.blocks.flatMap { $0.forwarders.values.flatMap(\.lanes) }
        let connections = (receiverLanes + forwarders).filter { $0.path == path && $0.lane == lane }
            .flatMap(\.connections).filter { $0.purpose == "feed" && $0.streaming != nil }
            .sorted { $0.began.wallNs < $1.began.wallNs }
        var endpoints: [String] = []
        for case let endpoint? in connections.map(\.endpoint) where !endpoints.contains(endpoint) {
            endpoints.append(endpoint)
        }
        return endpoints
    }

    private func receiverLanes(of path: String) -> [LaneSummary] {
        data.blocks.flatMap { $0.receiver?.lanes ?? [] }.filter { $0.path == path }
    }
}
