import ExperimentModel

/// What relayed paths' TCP and UDP had to do that a reader should know of.
struct TransportWarnings {
    /// Beyond this share of its lanes' time, waiting shapes what a path's figures show.
    private static let mostWaiting = 0.01
    let data: RunData
    let analysis: RunAnalysis

    func collect() -> [AnalysisWarning] { transportWaits() + retransmissions() + datagrams() }

    /// What a full window or pacing held back at a forwarder, by path.
    private func transportWaits() -> [AnalysisWarning] {
        let forwarders = data.blocks.flatMap { $0.forwarders.values }
        return analysis.paths.compactMap { path in
            let lanes = forwarders.flatMap(\.lanes).filter { $0.path == path.name }
            let waitedMs = lanes.reduce(0) { $0 + ($1.counts.windowWaitMs ?? 0) }
            guard waitedMs > 0 else { return nil }
            let text =
                "\(path.name): for \(Format.count(waitedMs)) ms in all events waited at the forwarder for TCP's window or "
                + "pacing: " + cause(ofWaiting: path.name)
            let share = Double(waitedMs) / 1e3 / max(1, analysis.measuredSeconds * Double(analysis.lanesPerPath))
            return AnalysisWarning(share > Self.mostWaiting ? .stalled : .transportWait, text)
        }
    }

    /// What held TCP back: a window is full, too, while what was lost is sent again.
    private func cause(ofWaiting path: String) -> String {
        let losses = RelayLosses(path, data)
        let cuts = analysis.gaps.count { $0.path == path && $0.purpose == "relay" }
        let seen = [
            losses.inAll > 0 ? "\(Format.plural(losses.inAll, "segment")) had to be sent again" : nil,
            cuts > 0 ? "the connection was lost \(Format.plural(cuts, "time"))" : nil,
        ].compactMap { $0 }
        guard seen.isEmpty else {
            return
                "\(seen.joined(separator: " and ")) in the run: as far as this shows, that part of the tail is the "
                + "network's"
        }
        guard losses.byLane != nil else {
            return
                "whether packets were lost is not known, since \(losses.forwarder ?? "the forwarder")'s TCP was not watched"
        }
        let stood = [losses.forwarder, analysis.receiver].compactMap { $0 }
            .map { (host: $0, seconds: StandstillCheck.seconds(of: $0, in: data)) }.filter { $0.seconds > 0 }
        if let first = stood.first {
            return
                "no segment was sent again and no connection lost, but the agent on \(first.host) stood still for "
                + "\(Format.fixed(first.seconds, 1)) s: this part of the tail may be that host's, and is no network's"
        }
        return
            "no segment was sent again and no connection lost, so that this part of the tail is transport, not network"
    }

    /// What TCP had to send again inside the window, by path.
    private func retransmissions() -> [AnalysisWarning] {
        analysis.paths.compactMap { path in
            let losses = RelayLosses(path.name, data)
            guard losses.inWindow > 0, let byLane = losses.byLane else { return nil }
            let lanes = byLane.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map {
                "lane \($0.key): \(Format.count($0.value))"
            }
            let text =
                "\(path.name): \(losses.forwarder ?? "the forwarder") sent "
                + "\(Format.plural(losses.inWindow, "segment")) again inside the window (\(lanes.joined(separator: ", "))): "
                + "packets were lost on the way, or came or were acknowledged so late that they passed for lost (a host without "
                + "a free core does that, too); what was lost held up every event behind it"
            return AnalysisWarning(.retransmitted, text)
        }
    }

    /// What only datagrams show, by path.
    private func datagrams() -> [AnalysisWarning] {
        analysis.paths.filter { $0.transport == .udp }.flatMap { path -> [AnalysisWarning] in
            let received = data.blocks.map { ($0.receiver?.lanes ?? []).filter { $0.path == path.name } }
            let sent = data.blocks.flatMap { $0.forwarders.values.flatMap(\.lanes) }.filter { $0.path == path.name }
            // A path's lanes share their receiver's socket, anew in each block.
            let dropped = received.reduce(0) { $0 + ($1.compactMap { $0.datagrams?.hostDrops }.max() ?? 0) }
            return [way(path.name, received.flatMap { $0 }, hostDrops: dropped)]
                + hostDrops(path.name, dropped, received.flatMap { $0 }) + fragments(path.name, sent)
                + sendWaits(path.name, sent)
        }
    }

    private func way(_ path: String, _ lanes: [LaneSummary], hostDrops: Int) -> AnalysisWarning {
        let rows = analysis.conservation.filter { $0.path == path }
        let sent = rows.reduce(0) { $0 + ($1.forwarded ?? 0) }
        let lost = rows.reduce(0) { $0 + max(0, $1.lostInFlight ?? 0) }
        let late = lanes.reduce(0) { $0 + ($1.datagrams?.late ?? 0) }
        let share = sent > 0 ? " (\(Format.fixed(100 * Double(lost) / Double(sent), 3)) %)" : ""
        let text =
            "\(path) over UDP: of \(Format.plural(sent, "event")) sent \(Format.count(lost)) were lost\(share), "
            + "\(Format.count(rows.reduce(0) { $0 + $1.duplicates })) came twice, "
            + "\(Format.count(rows.reduce(0) { $0 + ($1.reordered ?? 0) })) out of order"
            + (late > 0 ? ", \(Format.count(late)) too late to count" : "")
            + (hostDrops > 0
                ? ": the path's own doing, but for what the receiver dropped"
                : ": the path's own doing, which TCP would have hidden in delays")
        return AnalysisWarning(.datagrams, text)
    }

    private func hostDrops(_ path: String, _ dropped: Int, _ lanes: [LaneSummary]) -> [AnalysisWarning] {
        guard dropped > 0 else { return [] }
        let octets = lanes.compactMap { $0.datagrams?.receiveBufferOctets }.max().map(Format.count) ?? "unknown"
        let text =
            "\(path): \(analysis.receiver) itself dropped \(Format.plural(dropped, "datagram")), its buffer of \(octets) octets "
            + "full or a checksum wrong: that is the host's loss, not the path's; raise net.core.rmem_max there"
        return [AnalysisWarning(.hostDropped, text)]
    }

    private func fragments(_ path: String, _ lanes: [LaneSummary]) -> [AnalysisWarning] {
        let fragmented = lanes.reduce(0) { $0 + ($1.datagrams?.fragmented ?? 0) }
        let tooLong = lanes.reduce(0) { $0 + ($1.datagrams?.tooLong ?? 0) }
        guard fragmented + tooLong > 0 else { return [] }
        let octets = lanes.compactMap { $0.datagrams?.packetOctets }.min().map(Format.count) ?? "unknown"
        let text =
            "\(path): \(Format.plural(fragmented, "event")) longer than the path's packets (\(octets) octets) went in fragments, "
            + "and is lost when one of them is"
            + (tooLong > 0 ? "; \(Format.count(tooLong)) longer than any datagram" : "")
        return [AnalysisWarning(.fragmented, text)]
    }

    private func sendWaits(_ path: String, _ lanes: [LaneSummary]) -> [AnalysisWarning] {
        let waits = lanes.reduce(0) { $0 + ($1.datagrams?.sendWaits ?? 0) }
        guard waits > 0 else { return [] }
        let text =
            "\(path): the forwarder's own queue was full \(Format.plural(waits, "time")): events waited there, which is the "
            + "host's delay, not the path's"
        return [AnalysisWarning(.transportWait, text)]
    }
}
