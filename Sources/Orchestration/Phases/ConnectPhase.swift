import ExperimentModel
import RemoteHosts

/// Connects to every host; host keys are verified before anything is sent.
struct ConnectPhase: RunPhase {
    /// Whether shortcomings that did not keep this host from being reached are shown too.
    var showsWarnings = false

    func name(for experiment: Experiment) -> String { "connect" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        try await makeHosts(names, in: session)
        let facts = try await session.onEachHost(names, "connection", failure: .hostUnusable) { handle in
            try await handle.host.connect()
        }
        for name in names {
            guard let facts = facts[name] else { continue }
            try session.updateHost(name) { $0.connection = Self.text(facts) }
            session.note(CheckRecord(host: name, "connection", .passed, Self.text(facts)))
        }
        // What the laptop's library lacks it lacks for every host: it is said once.
        var said: Set<String> = []
        for warning in names.flatMap({ facts[$0]?.warnings ?? [] }) where showsWarnings {
            guard said.insert(warning).inserted else { continue }
            session.note(CheckRecord("SSH library", .warning, warning))
        }
    }

    private func makeHosts(_ names: [String], in session: isolated RunSession) async throws {
        var failures: [String] = []
        for name in names {
            do {
                let specification = session.experiment.hosts[name] ?? HostSpecification()
                session.hosts[name] = try await session.environment.makeHost(
                    name,
                    specification,
                    session.troubles.notice(of: name)
                )
            } catch {
                let failure = RunSession.failure(error, host: name, code: .hostUnusable)
                session.note(CheckRecord(host: name, "connection", .failed, failure.message))
                failures.append(failure.message)
            }
        }
        guard failures.isEmpty else {
            throw OrchestrationError(.hostUnusable, failures.joined(separator: "\n"))
        }
    }

    static func text(_ facts: ConnectionFacts) -> String {
        let trust =
            switch facts.trust {
            case .thisMachine: "this machine, no SSH"
            case .pinned: "key pinned"
            case .knownHosts(let file, let line): "key in \(file) line \(line)"
            }
        guard facts.trust != .thisMachine else { return trust }
        return
            "\(facts.user)@\(facts.address):\(facts.port), \(facts.hostKeyType) \(facts.hostKeyFingerprint), \(trust)"
    }
}
