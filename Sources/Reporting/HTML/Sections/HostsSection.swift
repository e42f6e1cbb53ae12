import ExperimentModel

/// What each host is.
struct HostsSection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    var html: String {
        guard !analysis.hosts.isEmpty else { return "" }
        let hosts = analysis.hosts.map { host in
            HostCard(
                name: host.name,
                role: host.role,
                region: host.region,
                facts: host.facts,
                clock: host.clock.problem
                    ?? host.clock.worstBoundNs.map { "verified, \u{B1}\(Format.milliseconds($0)) ms at worst" },
                agentSHA256: host.agentSHA256
            )
        }
        return Markup.paragraph("latexp \(analysis.version), agent \(analysis.agentVersion ?? "unknown").")
            + "\n" + HostCard.html(hosts) + Markup.list(RunAccountSections(analysis).ways)
    }
}

/// What a host is, in a few lines.
struct HostCard {
    var name: String
    var role: AgentPlan.Role
    var region: String?
    var facts: HostFacts?
    /// How good its clock was, in words.
    var clock: String?
    var agentSHA256: String?
    /// What else there is to say, by its name.
    var more: [(String, String)] = []

    /// Hosts beside each other.
    static func html(_ hosts: [HostCard]) -> String {
        "<div class=\"hosts\">" + hosts.map(\.html).joined(separator: "\n") + "</div>"
    }

    private var html: String {
        let rows = lines.map { "<dt>\(Markup.escape($0.0))</dt><dd>\(Markup.escape($0.1))</dd>" }
        let role = role == .receive ? "receiver" : "forwarder"
        return "<div><h3>\(Markup.escape(name)), \(role)</h3>\n<dl>\(rows.joined())</dl></div>"
    }

    private var lines: [(String, String)] {
        func memory(_ bytes: Int64?) -> String? {
            bytes.map { "\(Format.fixed(Double($0) / Double(1 << 30), 1)) GiB free" }
        }
        let place = [region, facts?.zone].compactMap { $0 }.joined(separator: ", ")
        let all: [(String, String?)] = [
            ("place", place.isEmpty ? nil : place), ("instance", facts?.instanceType), ("system", facts?.system),
            ("kernel", facts?.kernel), ("C library", facts?.libc), ("processors", facts.map { String($0.cpus) }),
            ("memory", memory(facts?.freeMemoryBytes)), ("disk", memory(facts?.freeDiskBytes)),
            ("chrony", facts?.chronyVersion), ("clock", clock),
            ("agent", agentSHA256.map { "SHA-256 \($0.prefix(12))" }),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } } + more
    }
}

/// What the run went through, with times.
struct PhasesSection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    var html: String {
        // The phase that writes this report has not ended yet.
        let ended = analysis.phases.filter { $0.outcome != nil }
        guard let first = ended.first else { return "" }
        let notes = ended.map { phase in
            phase.checks.filter { $0.outcome == .failed || $0.outcome == .warning }
                .map { "\($0.host.map { "\($0) " } ?? "")\($0.name): \($0.detail)" }.joined(separator: "; ")
        }
        let hasNotes = notes.contains { !$0.isEmpty }
        let rows = zip(ended, notes).map { phase, note -> [TableMarkup.Cell] in
            let outcome = phase.outcome?.rawValue ?? ""
            return [
                .text(phase.name),
                .init(
                    html: phase.outcome == .failed ? "<span class=\"flaw\">\(outcome)</span>" : Markup.escape(outcome),
                    isText: true
                ),
                .number("+" + Format.seconds(phase.beganSeconds - first.beganSeconds)),
                .number(phase.endedSeconds.map { Format.seconds($0 - phase.beganSeconds) } ?? "-"),
            ] + (hasNotes ? [.init(html: "<span class=\"wrap\">\(Markup.prose(note))</span>", isText: true)] : [])
        }
        let table = TableMarkup(
            caption: "Phases, from \(UTC.text(first.beganSeconds))",
            header: [.text("phase"), .text("outcome"), .init(html: "began"), .init(html: "took")]
                + (hasNotes ? [.text("to note")] : []),
            rows: rows
        ).html
        let checks = ended.filter { !$0.checks.isEmpty }.map { phase in
            "<details><summary>\(Markup.escape(phase.name)): \(Format.plural(phase.checks.count, "check"))</summary>\n<ul>"
                + phase.checks.map { check in
                    "<li>\(Markup.prose("\(check.host.map { "\($0): " } ?? "")\(check.name): \(check.outcome.rawValue), \(check.detail)"))</li>"
                }.joined(separator: "\n") + "</ul></details>"
        }
        return Markup.paragraph(
            "Began: counted from the run's own beginning, \(UTC.text(first.beganSeconds)) by the laptop's clock."
        ) + "\n" + table
            + "\n"
            + checks.joined(separator: "\n")
    }
}
