import ExperimentModel
import RemoteHosts

/// Tries, before anything is started, whether each forwarder's host reaches the receiver's address and port.
///
/// Nobody listens there yet. A refusal comes from the host itself, and so shows that routes and firewalls let the
/// packets through both ways; what they do not let through goes unanswered.
struct ReachPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "reach" }

    func perform(in session: isolated RunSession) async throws {
        let experiment = session.experiment
        let relays = Dictionary(grouping: experiment.paths.filter { $0.kind == .relay }) { $0.via ?? "" }
        _ = try await session.onEachHost(experiment.forwarders, "way", failure: .hostUnusable) { handle in
            for path in relays[handle.name] ?? [] {
                let (outcome, detail) = try await Self.tryWay(of: path, from: handle, in: experiment)
                let text = "\(path.name): \(detail)"
                guard outcome != .failed else { throw OrchestrationError(.hostUnusable, "\(handle.name): \(text)") }
                await session.note(CheckRecord(host: handle.name, "way", outcome, text))
            }
        }
    }

    private static func tryWay(
        of path: PathSpecification,
        from handle: RunSession.Handle,
        in experiment: Experiment
    ) async throws -> (CheckRecord.Outcome, String) {
        let address = try AgentPlans.destination(of: path, in: experiment)
        guard let port = path.port, port != 0 else {
            return (.skipped, "\(address) is not tried: the port is chosen when the run begins")
        }
        guard path.transport != .udp else {
            return (
                .skipped, "\(address) is not tried: nothing answers on UDP port \(port) before the receiver is there"
            )
        }
        // As the agent will dial it.
        let place = handle.specification.connectTo?["\(address):\(port)"] ?? "\(address):\(port)"
        let parts = place.split(separator: ":")
        let command = RemoteCommand(
            HostScripts.reach,
            arguments: [parts.dropLast().joined(separator: ":"), parts.last.map(String.init) ?? ""],
            timeout: .seconds(15),
            isIdempotent: true
        )
        return read(try await handle.host.run(command).output, address: address, port: port, in: experiment)
    }

    /// Reads what the script `HostScripts.reach` printed.
    static func read(
        _ text: String,
        address: String,
        port: Int,
        in experiment: Experiment
    ) -> (CheckRecord.Outcome, String) {
        let lines = text.split(separator: "\n", maxSplits: 1)
        let figures = (lines.first ?? "").split(separator: " ").map { Int64($0) }
        let said = (lines.dropFirst().first ?? "").split(separator: "\n").last.map { line in
            String(line.filter { !$0.isControl }.prefix(200))
        }
        let place = "\(experiment.receiver) at \(address), TCP port \(port)"
        guard let status = figures.first ?? nil, status != 127 else {
            return (.warning, "\(place), is not tried: neither bash nor curl is there")
        }
        let milliseconds = (figures.dropFirst().first ?? nil).map { " within \($0 / 1_000_000) ms" } ?? ""
        if status == 0 { return (.passed, "\(place), takes connections\(milliseconds)") }
        if text.contains("refused") {
            return (.passed, "\(place), answers\(milliseconds); nobody listens there yet, as it should be")
        }
        // 28: curl's own word for it.
        guard status != 124, status != 28 else {
            return (
                .failed,
                "\(place), does not answer: look at the route and at the firewall or security group, which must let TCP "
                    + "port \(port) in"
            )
        }
        return (.failed, "\(place), cannot be reached: \(said ?? "status \(status)")")
    }
}
