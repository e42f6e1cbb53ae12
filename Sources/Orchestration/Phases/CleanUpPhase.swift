import ExperimentModel
import RemoteHosts

/// Leaves nothing of the run on the hosts but the cached agent: stops what still runs, removes the run's directories.
///
/// A host that cannot be cleaned does not fail the run: its agent ends at its own deadline, and what is left is named.
struct CleanUpPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "clean up" }

    func perform(in session: isolated RunSession) async throws {
        let placements = Dictionary(grouping: session.placements, by: \.host)
        let runDirectory = RemoteLayout.run(session.record.nameOnHosts)
        let processes = session.environment.processes
        for name in placements.keys.sorted() {
            guard let places = placements[name], let handle = try? session.handle(name) else { continue }
            do {
                for place in places {
                    // What could not be brought home stays: the agent ends by itself and its files can still be had.
                    guard place.isCollected else {
                        let text =
                            "\(place.directory) is left there, not collected; `latexp resume \(session.record.id)` fetches it"
                        session.note(CheckRecord(host: name, "files", .warning, text))
                        session.warn("\(name): \(text)")
                        continue
                    }
                    if try await processes.state(on: handle.host, directory: place.directory) == .running {
                        try await processes.stop(on: handle.host, directory: place.directory, grace: .seconds(5))
                    }
                    let command = RemoteCommand(
                        HostScripts.remove,
                        arguments: [place.directory, runDirectory],
                        isIdempotent: true
                    )
                    try await handle.host.run(command).checked(host: name, command: command)
                    session.placements.removeAll { $0 == place }
                }
                if !session.placements.contains(where: { $0.host == name }) {
                    let text = "the run's directory is removed; the agent stays cached"
                    session.note(CheckRecord(host: name, "files", .passed, text))
                }
            } catch {
                let text = "\(runDirectory) is left there: \(error)"
                session.note(CheckRecord(host: name, "files", .warning, text))
                session.warn("\(name): \(text)")
            }
        }
        if session.placements.isEmpty, placements.isEmpty {
            session.note(CheckRecord("files", .skipped, "nothing was put on any host but the agent"))
        }
    }
}
