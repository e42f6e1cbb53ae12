import ExperimentModel
import LatencyStatistics

/// Puts one path's figures together.
struct PathAnalyzer {
    /// The quantiles that get intervals.
    static let probabilities = [0.5, 0.9, 0.95, 0.99, 0.999]

    let data: RunData
    let bounds: ErrorBounds

    func analyze(_ path: PathFacts, _ behind: [LaneBehind]) -> PathAnalysis {
        let metrics = PathMetrics.metrics(of: path.kind).compactMap { analyze($0, of: path) }
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
            receiveTimeSource: path.count > 0 ? path.sources.source : nil,
            metrics: metrics,
            lanes: lanes(of: path, behind),
            notes: notes
        )
    }

    private func analyze(_ metric: Metric, of path: PathFacts) -> MetricAnalysis? {
        guard let summary = path.metrics.summaries[metric] else { return nil }
        return MetricAnalysis(
            metric: metric,
            summaryNs: summary,
            quantilesNs: path.metrics.quantiles[metric] ?? [],
            jitterNs: path.metrics.jitters[metric],
            bound: bounds.bound(of: metric, path: path.name)
        )
    }

    private func lanes(of path: PathFacts, _ behind: [LaneBehind]) -> [LaneAnalysis] {
        let records = receiverLanes(of: path.name)
        func summary(_ metric: Metric, _ lane: Int) -> Summary? {
            path.metrics.laneSummaries[metric].flatMap { $0[lane] }
        }
        let resent = RelayLosses(path.name, data).byLane
        return path.lanes.enumerated().map { number, lane in
            LaneAnalysis(
                lane: number,
                samples: lane.count,
                duplicates: lane.duplicates,
                reordered: lane.reordered,
                missed: path.lanes.count > 1 ? behind[number].missed : nil,
                resent: resent.map { $0[number] ?? 0 },
                endpoints: endpoints(of: path.name, lane: number, records),
                endToEndNs: summary(.endToEnd, number),
                backboneNs: summary(.backbone, number),
                behindSoonestNs: path.lanes.count > 1 ? behind[number].summaryNs : nil
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

/// How far one lane is behind the soonest lanes of its path.
struct LaneBehind: Sendable {
    /// Events of the path that did not come on this lane.
    var missed: Int
    /// How much later an event came than on the soonest lane, nanoseconds; nil without events.
    var summaryNs: Summary?

    /// Of each lane of a path.
    static func all(of path: PathArrivals) -> [LaneBehind] {
        path.lanes.map { lane in
            LaneBehind(
                missed: path.soonest.count - lane.count,
                summaryNs: path.lanes.count > 1
                    ? Summary(EventPairing.differences(path.soonest, lane).sorted()) : nil
            )
        }
    }
}
