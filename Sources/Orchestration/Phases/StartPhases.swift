import ExperimentModel
import RemoteHosts

/// Starts the receiver: it listens, and its direct lanes bring events.
struct StartReceiverPhase: RunPhase {
    let block: BlockPlan

    func name(for experiment: Experiment) -> String { "start \(experiment.receiver)" + block.suffix }

    func perform(in session: isolated RunSession) async throws {
        let name = session.experiment.receiver
        let plan = session.plans(for: block).receiver()
        let placement = try session.place(block, on: name, role: .receive)
        try session.update { $0.blocks.append(BlockRecord(number: block.number, paths: block.paths.map(\.name))) }
        let starter = try session.starter(placement)
        let secret = session.secret
        let limit = session.readyLimit
        let hasDirect = block.paths.contains { $0.kind == .direct }
        let status = try await session.onEachHost([name], "receiver", failure: .measurementFailed) { _ in
            try await starter.start(plan, secret: secret)
            return try await starter.wait(
                for: hasDirect ? "its direct lanes to bring events" : "it to listen",
                limit: limit
            ) { $0.state != .starting && $0.state != .failed }
        }
        guard let status = status[name] else { return }
        if block.paths.contains(where: { $0.kind == .relay }) {
            let ports = try await AgentFiles(host: starter.handle.host, directory: placement.directory).ports() ?? [:]
            let overUDP = Set(block.paths.filter { $0.transport == .udp }.map(\.name))
            let text = ports.sorted { $0.key < $1.key }.map { name, port in
                "\(port)\(overUDP.contains(name) ? " UDP" : "") (\(name))"
            }.joined(separator: ", ")
            session.note(
                ports.isEmpty
                    ? CheckRecord(host: name, "listening", .warning, "it has not said on which ports")
                    : CheckRecord(host: name, "listening", .passed, "port \(text)")
            )
        }
        for path in block.paths where path.kind == .direct {
            session.note(LaneChecks.streaming(path.name, status, host: name))
        }
    }
}

/// Starts the forwarders: subscribed, receiving, connected; and the first relayed event has been seen at the receiver.
struct StartForwardersPhase: RunPhase {
    let block: BlockPlan

    func name(for experiment: Experiment) -> String {
        "start \(block.forwarders.joined(separator: ", "))" + block.suffix
    }

    func perform(in session: isolated RunSession) async throws {
        let names = block.forwarders
        let receiver = try session.starter(try session.receiverPlacement(block))
        let ports =
            try await AgentFiles(host: receiver.handle.host, directory: receiver.placement.directory).ports() ?? [:]
        let plans = session.plans(for: block)
        var starters: [String: (AgentStarter, AgentPlan)] = [:]
        for name in names {
            let plan = try plans.forwarder(name, ports: ports)
            starters[name] = (try session.starter(try session.place(block, on: name, role: .forward)), plan)
        }
        let (prepared, secret, limit) = (starters, session.secret, session.readyLimit)
        let paths = block.paths.filter { $0.kind == .relay }
        _ = try await session.onEachHost(names, "forwarder", failure: .measurementFailed) { handle in
            guard let (starter, plan) = prepared[handle.name] else { return }
            try await starter.start(plan, secret: secret)
            let status = try await starter.wait(for: "its lanes to take and relay events", limit: limit) {
                $0.state != .starting && $0.state != .failed
            }
            for path in plan.paths {
                await session.note(LaneChecks.streaming(path.name, status, host: handle.name))
            }
        }
        let relayed = Set(paths.map(\.name))
        let status = try await session.onEachHost([receiver.handle.name], "relay", failure: .measurementFailed) { _ in
            try await receiver.wait(for: "the first relayed event", limit: limit) { status in
                let lanes = status.lanes.filter { relayed.contains($0.path) }
                return !lanes.isEmpty && lanes.allSatisfy { $0.counts.arrived > 0 }
            }
        }
        guard let status = status[receiver.handle.name] else { return }
        for path in paths { session.note(LaneChecks.arrived(path.name, status, host: receiver.handle.name)) }
    }
}

/// Lines of evidence about lanes.
enum LaneChecks {
    /// A path's lanes bring events at this host.
    static func streaming(_ path: String, _ status: AgentStatus, host: String) -> CheckRecord {
        let lanes = status.lanes.filter { $0.path == path }
        let endpoints = Set(lanes.compactMap(\.endpoint)).sorted().joined(separator: ", ")
        let received = lanes.reduce(0) { $0 + max($1.counts.received, $1.counts.arrived) }
        let silent = Set(lanes.flatMap { $0.silentStreams ?? [] }).sorted()
        return CheckRecord(
            host: host,
            path,
            silent.isEmpty ? .passed : .warning,
            "\(lanes.count) \(lanes.count == 1 ? "lane" : "lanes") streaming"
                + (endpoints.isEmpty ? "" : " from \(endpoints)") + ", \(received) events so far"
                + (silent.isEmpty ? "" : "; nothing yet on \(silent.joined(separator: ", "))")
        )
    }

    /// Events of a relayed path have come to the receiver.
    static func arrived(_ path: String, _ status: AgentStatus, host: String) -> CheckRecord {
        let lanes = status.lanes.filter { $0.path == path }
        let arrived = lanes.reduce(0) { $0 + $1.counts.arrived }
        return CheckRecord(host: host, path, .passed, "relayed events arrive on every lane, \(arrived) so far")
    }
}
