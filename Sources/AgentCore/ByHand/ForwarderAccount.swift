import ExperimentModel

/// What a forwarder that was started by hand tells a person at its end.
struct ForwarderAccount {
    private let summary: AgentSummary

    init(_ summary: AgentSummary) {
        self.summary = summary
    }

    /// The totals, and what must be known beside.
    var lines: [String] {
        [totals] + feedGaps + SilentStreams.lines(summary) + strangers
            + [summary.notWrittenText.map { "warning: \($0)" }].compactMap { $0 }
    }

    private var totals: String {
        let counts = summary.lanes.map(\.counts)
        func sum(_ value: (LaneCounts) -> Int) -> Int { counts.reduce(0) { $0 + value($1) } }
        let reason = summary.stoppedBy.map { "stopped by \($0)" } ?? summary.reason
        return "\(reason): \(sum(\.received)) events taken, \(sum(\.forwarded)) relayed, "
            + "\(sum(\.buffered)) left in the buffer, \(sum(\.dropped)) dropped, \(sum(\.invalidTotal)) invalid"
    }

    /// What the exchange sent while no connection stood, nobody can count.
    private var feedGaps: [String] {
        let gaps = summary.lanes.map { lane in
            let feeds = lane.connections.filter { $0.purpose == "feed" }
            let end = feeds.compactMap(\.ended).max { $0.monotonicNs < $1.monotonicNs } ?? summary.ended
            return ConnectionGaps(feeds, purpose: "feed", in: MeasuredWindow(start: summary.started, end: end))
        }.reduce(ConnectionGaps(), +)
        guard gaps.count > 0 else { return [] }
        return [
            "warning: the connection to the exchange was lost \(ByHandText.times(gaps.count)), for "
                + "\(ByHandText.seconds(Double(gaps.ns) / 1e9)) in all: what it sent meanwhile is in no count"
        ]
    }

    /// The lanes whose events went to something that never answered as a receiver does.
    private var strangers: [String] {
        let ends = summary.lanes.flatMap { lane -> [String] in
            let path = summary.plan.paths.first { $0.name == lane.path }
            let relays = lane.connections.filter { $0.purpose == "relay" && $0.streaming != nil }
            guard summary.plan.role == .forward, path?.transport != .udp, lane.counts.forwarded > 0,
                relays.allSatisfy({ $0.greeted == nil })
            else { return [] }
            return relays.compactMap(\.endpoint)
        }
        guard !ends.isEmpty else { return [] }
        return [
            "warning: nothing at \(Set(ends).sorted().joined(separator: ", ")) ever answered as a latexp receiver does; "
                + "\"relayed\" says only that its TCP took the events"
        ]
    }
}

/// The streams that never brought anything, for a person.
enum SilentStreams {
    static func lines(_ summary: AgentSummary) -> [String] {
        // Where messages came that could not be used, that is what is wrong, and not a name.
        let lanes = summary.lanes.filter { $0.counts.unusableText == nil }
        let names = lanes.reduce(into: Set<String>()) { $0.formUnion($1.silentStreams ?? []) }
        return names.isEmpty ? [] : ["warning: nothing ever came on \(names.sorted().joined(separator: ", "))"]
    }
}
