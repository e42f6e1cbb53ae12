import ExperimentModel

/// The sections of a run's report that account for messages, connections, clocks and hosts.
struct RunAccountSections {
    private static let mostGapsListed = 12
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    /// What became of every message; columns of zeros are left out.
    var conservation: ReportDocument.Section {
        let rows = analysis.conservation
        guard !rows.isEmpty else { return .init(title: "", blocks: []) }
        let hasBlocks = Set(rows.map(\.block)).count > 1
        let always: [(String, (ConservationRow) -> Int?)] = [
            ("received", { $0.received }), ("sent on", { $0.forwarded }), ("arrived", { $0.arrived }),
            ("lost", { $0.lostInFlight }),
        ]
        let sometimes: [(String, (ConservationRow) -> Int?)] = [
            ("dropped", { $0.dropped }), ("buffered", { $0.buffered }), ("invalid", { $0.invalid }),
            ("again", { $0.duplicates }), ("reordered", { $0.reordered }), ("reopened", { $0.reconnects }),
            ("replaced", { $0.replacements }),
        ]
        let columns = always + sometimes.filter { column in rows.contains { (column.1($0) ?? 0) != 0 } }
        let cells = rows.map { row in
            ["\(hasBlocks ? "\(row.block): " : "")\(row.path) \(row.lane)"]
                + columns.map { column in column.1(row).map(Format.count) ?? "-" } + [Self.outcome(row)]
        }
        var blocks: [ReportDocument.Block] = [.table(.init(header: ["lane"] + columns.map(\.0) + ["sum"], rows: cells))]
        blocks.append(
            .paragraph(
                "Relayed: received = sent on + buffered + dropped + invalid, sent on = arrived + lost. Direct: received = "
                    + "arrived + again + invalid. The whole run, warm-up included."
            )
        )
        let overUDP = Set(rows.filter { $0.transport == .udp }.map(\.path)).sorted()
        if !overUDP.isEmpty {
            blocks.append(
                .paragraph(
                    "Over UDP (\(overUDP.joined(separator: ", "))): what came again or out of order is counted beside the sum; "
                        + "each event counts as arrived once."
                )
            )
        }
        if !analysis.strangers.isEmpty {
            let strangers = analysis.strangers.sorted { $0.key < $1.key }.map {
                "\($0.key == "protocolViolation" ? "another protocol" : $0.key) \($0.value)"
            }
            blocks.append(.paragraph("Strangers at the relay port: " + strangers.joined(separator: ", ") + "."))
        }
        return .init(title: "Every message accounted for", blocks: blocks)
    }

    /// One line where every sum comes out and nothing was lost; else the table.
    var conservationInBrief: ReportDocument.Section {
        let rows = analysis.conservation
        let isWell = rows.allSatisfy {
            $0.mismatches.isEmpty && $0.unchecked == nil && ($0.lostInFlight ?? 0) == 0 && ($0.dropped ?? 0) == 0
                && $0.missing == 0
        }
        guard isWell, !rows.isEmpty else { return conservation }
        let arrived = Format.count(rows.reduce(0) { $0 + $1.arrived })
        let missing = analysis.differences.flatMap { difference in
            [
                (difference.other, difference.unmatchedBaseline.missing),
                (difference.baseline, difference.unmatchedOther.missing),
            ]
        }
        .filter { $0.1 > 0 }.map { "\(Format.plural($0.1, "event")) of the other path never came on \($0.0)" }
        let text =
            "\(arrived) arrived on \(Format.plural(rows.count, "lane")); of what the lanes received, none was lost; every sum "
            + "comes out." + (missing.isEmpty ? "" : " But \(missing.joined(separator: ", ")).")
        return .init(title: conservation.title, blocks: [.paragraph(text)])
    }

    private static func outcome(_ row: ConservationRow) -> String {
        row.mismatches.isEmpty ? (row.unchecked == nil ? "ok" : "unchecked") : "WRONG"
    }

    /// Stretches without a connection.
    var connections: ReportDocument.Section {
        var items = analysis.gaps.prefix(Self.mostGapsListed).map { gap in
            let end = gap.toSeconds.map { Format.fixed($0, 1) + " s" } ?? "the end"
            let lost = gap.lostSeconds.map { ", lost at \(Format.fixed($0, 1)) s" } ?? ""
            return
                "\(gap.path) \(gap.lane), \(gap.purpose) of \(gap.host): no data from \(Format.fixed(gap.fromSeconds, 1)) s to "
                + "\(end)\(lost): \(gap.reason)"
        }
        if analysis.gaps.count > items.count { items.append("and \(analysis.gaps.count - items.count) more") }
        return .init(title: "Without data: lost connections", blocks: items.isEmpty ? [] : [.list(items)])
    }

    /// Each host's clock.
    var clocks: ReportDocument.Section {
        let rows = analysis.hosts.map { host in
            [
                host.name, Format.count(host.clock.readings), Format.milliseconds(host.clock.beforeNs),
                Format.milliseconds(host.clock.worstBoundNs), Format.milliseconds(host.clock.driftNs),
                Format.milliseconds(host.clock.afterNs), Format.signedMilliseconds(host.clock.behindNs),
                host.clock.stepsNs.isEmpty ? "none" : Format.count(host.clock.stepsNs.count),
                host.clock.isVerified ? "yes" : "NO",
            ]
        }
        let header = ["host", "read", "before", "worst", "drift", "after", "behind", "jumps", "verified"]
        var blocks: [ReportDocument.Block] = [.table(.init(header: header, rows: rows))]
        let problems = analysis.hosts.compactMap { host in host.clock.problem.map { "\(host.name): \($0)" } }
        if !problems.isEmpty { blocks.append(.list(problems)) }
        let events = analysis.hosts.flatMap { host in
            host.clock.events.map { "\(host.name) at \(Format.fixed($0.seconds, 1)) s: \($0.text)" }
        }
        if !events.isEmpty { blocks.append(.list(Array(events.prefix(Self.mostGapsListed)))) }
        blocks.append(
            .paragraph(
                "Worst: the largest reading, grown by what the clock may drift until the next (drift). Behind: what chrony itself thinks, "
                    + "an estimate that is in the bound and in no figure."
            )
        )
        let hardware = analysis.hosts.compactMap { host in
            host.clock.phcErrorNs.map { "\(host.name): hardware clock known to \(Format.time(Double($0)))" }
        }
        if !hardware.isEmpty { blocks.append(.list(hardware)) }
        if !analysis.probes.isEmpty { blocks.append(.list(analysis.probes.map(\.text))) }
        return .init(title: "Clocks: bound of the error, ms", blocks: blocks)
    }

    /// What the hosts are.
    var environment: ReportDocument.Section {
        var items = ["latexp \(analysis.version), agent \(analysis.agentVersion ?? "unknown")"]
        items += analysis.hosts.map { host in
            let facts = host.facts
            let cpus = facts.map { Format.plural($0.cpus, "CPU") }
            let agent = host.agentSHA256.map { "agent \($0.prefix(12))" }
            let chrony = facts?.chronyVersion.map { "chrony \($0)" }
            let parts: [String?] = [
                host.role == .receive ? "receiver" : "forwarder", host.region, facts?.zone, facts?.instanceType,
                facts?.system, facts?.kernel, cpus, chrony, agent,
            ]
            return "\(host.name): \(parts.compactMap { $0 }.joined(separator: ", "))"
        }
        return .init(title: "Environment", blocks: [.list(items)] + (ways.isEmpty ? [] : [.list(ways)]))
    }

    /// Where connections went, and whose addresses those are.
    var ways: [String] {
        let endpoints = analysis.endpoints ?? []
        let shown = endpoints.prefix(Self.mostGapsListed).map {
            "\($0.path): \($0.purpose) of \($0.host) to \($0.address) (\($0.origin))"
        }
        let more = endpoints.count - shown.count
        return shown + (more > 0 ? ["and \(more) more"] : [])
    }

    /// What the run went through.
    var phases: ReportDocument.Section {
        // The phase that writes this report has not ended yet.
        let ended = analysis.phases.filter { $0.outcome != nil }
        let items = ended.map { phase in
            let took = phase.endedSeconds.map { " in \(Format.seconds($0 - phase.beganSeconds))" } ?? ""
            let notable = phase.checks.filter { $0.outcome == .failed || $0.outcome == .warning }
            let details = notable.map { "\($0.host.map { "\($0) " } ?? "")\($0.name): \($0.detail)" }
            return "\(phase.name): \(phase.outcome?.rawValue ?? "")\(took)"
                + (details.isEmpty ? "" : "; " + details.joined(separator: "; "))
        }
        return .init(title: "Phases", blocks: items.isEmpty ? [] : [.list(items)])
    }
}
