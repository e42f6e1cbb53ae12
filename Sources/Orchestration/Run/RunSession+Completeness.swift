import ExperimentModel

extension RunSession {
    /// Whether every agent that a resumed run looks for was ever started.
    ///
    /// What was made ready for one that was not counts as collected: there is nothing to fetch, and it shall go.
    ///
    /// - Throws: `OrchestrationError` `measurementFailed` when one was not, since nothing was measured then.
    func expectStartedAgents() async throws {
        let processes = environment.processes
        let waiting = placements.filter { !$0.isCollected }
        let names = Set(waiting.map(\.host)).sorted()
        let states = try await onEachHost(names, "agent", failure: .hostUnusable) { handle in
            var states: [Placement: AgentProcessState] = [:]
            for place in waiting where place.host == handle.name {
                states[place] = try await processes.state(on: handle.host, directory: place.directory)
            }
            return states
        }
        let absent = waiting.filter { states[$0.host]?[$0] == .absent }
        guard !absent.isEmpty else { return }
        for index in placements.indices where absent.contains(placements[index]) {
            placements[index].isCollected = true
        }
        let hosts = Set(absent.map(\.host)).sorted().map { "\($0)'s" }.joined(separator: " and ")
        throw OrchestrationError(
            .measurementFailed,
            "\(record.id) ended before \(hosts) agent was started: nothing was measured"
                + (absent.contains { $0.block > 1 } ? " in its last block" : "")
        )
    }

    /// Whether as much was measured as was planned, whatever may have ended it before its time.
    ///
    /// The receiver's own windows tell: one that came to its end is exactly as long as its plan says.
    var isWhole: Bool {
        let seed = experiment.schedule.seed ?? 0
        guard let planned = try? BlockSchedule.blocks(for: experiment, seed: seed) else { return true }
        return planned.allSatisfy { plan in
            guard let window = record.blocks.first(where: { $0.number == plan.number })?.window else { return false }
            return window.end.monotonicNs - window.start.monotonicNs >= plan.duration.ns
        }
    }
}
