import ExperimentModel

/// Accounts for every message: `received = forwarded + buffered + dropped + invalid`, `forwarded = arrived + lost`.
enum ConservationAnalyzer {
    static func analyze(_ data: RunData) -> [ConservationRow] {
        let experiment = data.record.experiment
        return data.blocks.flatMap { block in
            (block.receiver?.lanes ?? []).map { lane in
                let specification = experiment.paths.first { $0.name == lane.path }
                var row = ConservationRow(
                    block: block.number,
                    path: lane.path,
                    lane: lane.lane,
                    kind: specification?.kind ?? .direct,
                    arrived: lane.counts.arrived,
                    duplicates: lane.counts.duplicates,
                    missing: lane.counts.missing,
                    reconnects: 0,
                    transport: specification?.transport,
                    reordered: specification?.transport == .udp ? lane.counts.reordered : nil,
                    mismatches: []
                )
                if row.kind == .direct {
                    fillDirect(&row, lane)
                } else {
                    let forwarder = specification?.via.flatMap { block.forwarders[$0] }
                    let sent = forwarder?.lanes.first { $0.path == lane.path && $0.lane == lane.lane }
                    fillRelay(&row, lane, sent)
                }
                let via = specification?.via.flatMap { block.forwarders[$0] }
                let others = via?.lanes.filter { $0.path == lane.path && $0.lane == lane.lane } ?? []
                let replaced = ([lane] + others).reduce(0) { $0 + ConnectionGaps.replacements($1) }
                row.replacements = replaced > 0 ? replaced : nil
                return row
            }
        }
    }

    private static func fillDirect(_ row: inout ConservationRow, _ lane: LaneSummary) {
        row.received = lane.counts.received
        row.invalid = lane.counts.invalidTotal
        row.reconnects = ConnectionGaps.reconnects(lane, purpose: "feed")
        let known = lane.counts.arrived + lane.counts.invalidTotal
        // An event that came again after a reconnection was received twice and arrived once.
        if lane.counts.received != known + lane.counts.duplicates {
            row.mismatches.append(
                "received \(lane.counts.received) is not arrived \(lane.counts.arrived) + again "
                    + "\(lane.counts.duplicates) + invalid \(lane.counts.invalidTotal)"
            )
        }
    }

    private static func fillRelay(_ row: inout ConservationRow, _ lane: LaneSummary, _ sent: LaneSummary?) {
        row.reconnects =
            ConnectionGaps.reconnects(lane, purpose: "relay")
            + (sent.map { ConnectionGaps.reconnects($0, purpose: "feed") } ?? 0)
        if let sent {
            row.received = sent.counts.received
            row.invalid = sent.counts.invalidTotal
            row.dropped = sent.counts.dropped
            row.buffered = sent.counts.buffered
            row.forwarded = sent.counts.forwarded
        } else if let totals = lane.senderTotals {
            row.received = totals.received
            row.invalid = totals.invalid
            row.dropped = totals.dropped
            row.forwarded = totals.forwarded
            row.buffered = Int(clamping: totals.lastSequence) - totals.forwarded - totals.dropped
        } else {
            row.unchecked = "neither the forwarder's summary nor its goodbye came"
            return
        }
        check(&row, lane)
    }

    private static func check(_ row: inout ConservationRow, _ lane: LaneSummary) {
        guard
            let received = row.received, let invalid = row.invalid, let dropped = row.dropped,
            let buffered = row.buffered, let forwarded = row.forwarded
        else { return }
        if received != forwarded + buffered + dropped + invalid {
            row.mismatches.append(
                "received \(received) is not forwarded \(forwarded) + buffered \(buffered) + dropped \(dropped) "
                    + "+ invalid \(invalid)"
            )
        }
        // A receiver that was restarted accounts for what was handed over since; the rest went to an earlier one.
        let lost = forwarded - (lane.before?.forwarded ?? 0) - row.arrived
        if let before = lane.before {
            row.unchecked =
                "the receiver came up after \(before.forwarded) events had been handed over to an earlier one: "
                + "this account begins after them"
        }
        if let earlier = lane.earlier ?? lane.datagrams?.earlier {
            row.unchecked =
                "the forwarder was restarted: \(earlier.arrived) events of an earlier one, which ended without a goodbye, had "
                + "arrived before this account begins"
        }
        row.lostInFlight = lost
        if lost < 0 { row.mismatches.append("arrived \(row.arrived) is more than forwarded \(forwarded)") }
        guard let totals = lane.senderTotals else {
            row.unchecked = "the forwarder's goodbye never came, so the receiver cannot know what is missing at the end"
            return
        }
        if totals.forwarded != forwarded || totals.dropped != dropped {
            row.mismatches.append(
                "the goodbye says forwarded \(totals.forwarded), dropped \(totals.dropped); the forwarder's summary "
                    + "\(forwarded) and \(dropped)"
            )
        }
        // What never left the buffer has a sequence id too; whether it is missing yet depends on when one asks.
        let expected = dropped - (lane.before?.dropped ?? 0) + lost
        if row.missing != expected, row.missing != expected + buffered {
            row.mismatches.append("missing ids \(row.missing) are not dropped \(dropped) + lost in flight \(lost)")
        }
    }
}
