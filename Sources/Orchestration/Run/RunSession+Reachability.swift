import ExperimentModel
import RemoteHosts

extension RunSession {
    /// Whether an agent's program may be on any host.
    var hasPushed: Bool { record.phases.contains { $0.name == "push" } }

    /// How long a host may take to answer once somebody wants to leave.
    static let farewellPatience = Duration.seconds(4)

    /// Notes the hosts with something of the run that do not answer: whoever wants to leave shall not wait for them.
    func findUnreachable() async {
        let asked = Dictionary(placements.map { ($0.host, $0) }) { first, _ in first }
        guard !asked.isEmpty else { return }
        show(waiting: "asking \(asked.keys.sorted().joined(separator: ", ")) for what exists")
        let (clock, processes) = (environment.clock, environment.processes)
        await withTaskGroup(of: String?.self) { group in
            for (name, place) in asked {
                guard let host = hosts[name] else { continue }
                group.addTask {
                    await Self.answers(within: Self.farewellPatience, clock) {
                        _ = try await processes.state(on: host, directory: place.directory)
                    } ? nil : name
                }
            }
            for await name in group { if let name { unreachable.insert(name) } }
        }
    }

    /// Whether work comes to an end in time without a failure of the connection.
    private static func answers(
        within limit: Duration,
        _ clock: any RunClock,
        _ work: @escaping @Sendable () async throws -> Void
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await work()
                    return true
                } catch let error as RemoteHostError where !error.isTransportFailure && error.code != .timedOut {
                    // It was reached, and whoever goes on will hear the same.
                    return true
                } catch {
                    return false
                }
            }
            group.addTask {
                try? await clock.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}
