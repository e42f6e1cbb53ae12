import ExperimentModel
import WireTransport

/// One lane of a path at its end, direct or relayed: where its events come from, and what has come.
final class ReceiverLane {
    /// Events in a tenth of a second from which on TCP need not acknowledge each.
    private static let manyEventsPerTick = 500

    let path: AgentPath
    /// Its number in the path, from 0.
    let number: Int
    /// Its number among all lanes, as samples carry it.
    let index: UInt16
    /// The exchange; nil for a relayed lane.
    var feed: FeedLane?
    /// The forwarder; nil for a direct lane.
    var relay: (any RelayInlet)?
    /// Events that came from the exchange directly.
    var arrived = 0
    var delays = LiveDelays()
    /// Whether the live difference is made with this lane.
    var isCompared = false
    /// Events at the last tick.
    private var arrivedAtTick = 0

    init(path: AgentPath, number: Int, index: UInt16) {
        self.path = path
        self.number = number
        self.index = index
    }

    /// The connection's socket; nil without one.
    private var socket: StreamSocket? { feed?.socket ?? relay?.socket }

    /// Has TCP acknowledge every second of the lane's segments while they are many; called ten times a second.
    ///
    /// As long as a segment is not acknowledged the sender's host keeps it, and on one machine (loopback, namespaces)
    /// the kernel then cannot merge it with the next, which would take its receive time away. On any machine it saves a
    /// packet. At low rates the acknowledgement that is held back would lengthen the round trips that the forwarder
    /// records.
    func acknowledgeLess() {
        let arrived = feed == nil ? relay?.counts.arrived ?? 0 : self.arrived
        if arrived - arrivedAtTick >= Self.manyEventsPerTick { socket?.delayAcknowledgements() }
        arrivedAtTick = arrived
    }

    // MARK: Accounts

    private var counts: LaneCounts {
        guard let feed else { return relay?.counts ?? LaneCounts() }
        var counts = feed.counts
        counts.arrived = arrived
        return counts
    }

    /// The state now; called once a second, for the rate.
    func takeStatus() -> LaneStatus {
        var status = LaneStatus(
            path: path.name,
            lane: number,
            state: feed?.state ?? relay?.state ?? .waiting,
            endpoint: feed?.endpoint ?? relay?.endpoint,
            counts: counts,
            connections: feed?.connectionCount ?? ((relay?.connectionNumber ?? -1) + 1),
            lastFailure: feed?.lastFailure
        )
        status.take(&delays)
        if let feed { status.take(feed) }
        return status
    }

    /// The account of the run.
    var summary: LaneSummary {
        var summary = LaneSummary(
            path: path.name,
            lane: number,
            counts: counts,
            senderTotals: relay?.senderTotals,
            before: relay?.before,
            connections: feed?.connections ?? relay?.connections ?? [],
            missing: relay?.missing ?? [],
            invalidExamples: feed?.invalidExamples ?? [],
            probes: relay?.envelope.summary
        )
        summary.silentStreams = feed?.neverHeardStreams
        summary.datagrams = relay?.datagramFacts
        summary.earlier = relay?.earlier
        return summary
    }

    /// TCP's own view of the connection.
    var tcpState: TCPStateRecord? {
        TCPStateRecord(path.name, number, feed == nil ? "relay" : "feed", socket)
    }
}
