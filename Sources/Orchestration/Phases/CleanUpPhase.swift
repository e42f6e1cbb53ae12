import ExperimentModel
import RemoteHosts

/// Leaves nothing of the run on the hosts but the cached agent: stops what still runs, removes the run's directories.
///
/// A host that cannot be cleaned does not fail the run: its agent ends at its own deadline, and what is left is named.
struct CleanUpPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "clean up" }

    /// What became of one host.
    private struct Outcome: Sendable {
        var removed: [Placement] = []
        var left: [Placement] = []
        var failure: String?
    }

    func perform(in session: isolated RunSession) async throws {
        let placements = Dictionary(grouping: session.placements, by: \.host)
        guard !placements.isEmpty else {
            let text = session.hasPushed ? "nothing was put on any host but the agent" : "nothing was put on any host"
            return session.note(CheckRecord("files", .skipped, text))
        }
        let run = (session.record.nameOnHosts, session.environment.processes)
        var outcomes: [String: Outcome] = [:]
        await withTaskGroup(of: (String, Outcome).self) { group in
            for (name, places) in placements {
                guard !session.unreachable.contains(name) else {
                    outcomes[name] = Outcome(left: places)
                    continue
                }
                guard let handle = try? session.handle(name) else { continue }
                group.addTask { (name, await Self.clean(places, on: handle.host, run.0, run.1)) }
            }
            for await (name, outcome) in group { outcomes[name] = outcome }
        }
        for (name, outcome) in outcomes.sorted(by: { $0.key < $1.key }) { note(outcome, of: name, in: session) }
    }

    private static func clean(
        _ places: [Placement],
        on host: any RemoteHost,
        _ nameOnHosts: String,
        _ processes: any AgentProcesses
    ) async -> Outcome {
        var outcome = Outcome()
        // What could not be brought home stays: the agent ends by itself and its files can still be had.
        outcome.left = places.filter { !$0.isCollected }
        do {
            for place in places where place.isCollected {
                if try await processes.state(on: host, directory: place.directory) == .running {
                    try await processes.stop(on: host, directory: place.directory, grace: .seconds(5))
                }
                let command = RemoteCommand(
                    HostScripts.remove,
                    arguments: [place.directory, RemoteLayout.run(nameOnHosts)],
                    isIdempotent: true
                )
                try await host.run(command).checked(host: host.name, command: command)
                outcome.removed.append(place)
            }
        } catch {
            outcome.failure = "\(error)"
        }
        return outcome
    }

    private func note(_ outcome: Outcome, of name: String, in session: isolated RunSession) {
        session.placements.removeAll { outcome.removed.contains($0) }
        for place in outcome.left {
            let text =
                "\(place.directory) is left there, not collected; `latexp resume \(session.directory.commandName)` fetches it"
            session.note(CheckRecord(host: name, "files", .warning, text))
            session.warn("\(name): \(text)")
        }
        if let failure = outcome.failure {
            let text = "\(RemoteLayout.run(session.record.nameOnHosts)) is left there: \(failure)"
            session.note(CheckRecord(host: name, "files", .warning, text))
            session.warn("\(name): \(text)")
        } else if outcome.left.isEmpty {
            let text = "the run's directory is removed; the agent stays cached"
            session.note(CheckRecord(host: name, "files", .passed, text))
        }
    }
}
