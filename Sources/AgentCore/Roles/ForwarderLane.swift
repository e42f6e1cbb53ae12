import ExperimentModel
import WireTransport

/// One lane of a forwarder: where it takes events from, where it sends them, and what it has numbered.
final class ForwarderLane {
    let path: AgentPath
    /// Its number in the path, from 0.
    let number: Int
    let sender: any RelayOutlet
    /// The sender's.
    let outbox: RelayOutbox
    var feed: FeedLane?
    var lastSequence: UInt64 = 0
    var delays = LiveDelays()
    var dropped: [MissingRange] = []
    /// Whether nothing more will be sent.
    var isEnded = false

    init(path: AgentPath, number: Int, sender: any RelayOutlet) {
        self.path = path
        self.number = number
        self.sender = sender
        outbox = sender.outbox
    }

    // MARK: Accounts

    private var counts: LaneCounts {
        var counts = feed?.counts ?? LaneCounts()
        // The overlap of two connections to the exchange is not received twice: each event has one sequence id.
        counts.received -= counts.duplicates
        counts.forwarded = sender.forwarded
        counts.windowWaitMs = sender.tcpWaitMs
        counts.buffered = outbox.count
        counts.dropped = outbox.dropped
        return counts
    }

    /// What the goodbye says.
    var totals: SenderTotals {
        let counts = counts
        var totals = SenderTotals(
            received: counts.received,
            forwarded: counts.forwarded,
            dropped: counts.dropped,
            invalid: counts.invalidTotal,
            lastSequence: lastSequence
        )
        totals.feedLosses = min(255, feed?.losses ?? 0)
        return totals
    }

    /// The state now; called once a second, for the rate.
    func takeStatus() -> LaneStatus {
        var status = LaneStatus(
            path: path.name,
            lane: number,
            state: feed?.state ?? .closed,
            relayState: sender.state,
            endpoint: feed?.endpoint,
            counts: counts,
            connections: (feed?.connectionCount ?? 0) + sender.connectionCount,
            lastFailure: sender.lastFailure ?? feed?.lastFailure
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
            senderTotals: totals,
            connections: (feed?.connections ?? []) + sender.connections,
            missing: dropped,
            invalidExamples: feed?.invalidExamples ?? []
        )
        summary.silentStreams = feed?.neverHeardStreams
        summary.datagrams = sender.datagramFacts
        return summary
    }

    /// TCP's own view of both connections.
    var tcpStates: [TCPStateRecord] {
        [
            TCPStateRecord(path.name, number, "feed", feed?.socket),
            TCPStateRecord(path.name, number, "relay", sender.socket),
        ].compactMap { $0 }
    }
}
