import ExperimentModel
import Foundation
import RemoteHosts

/// Comes back to a run whose laptop was gone: looks at its agents, stops them, or brings their results home.
public struct RunAttachment: Sendable {
    /// What one agent of a run does now.
    public struct AgentState: Sendable {
        /// The host.
        public var host: String
        /// The block.
        public var block: Int
        /// The process, or nil when the host could not be asked.
        public var process: AgentProcessState?
        /// What the agent says of itself, if it says anything.
        public var status: AgentStatus?
        /// Whether its files are on the laptop already.
        public var isCollected: Bool
        /// Why the host could not be asked.
        public var failure: String?
    }

    private let directory: RunDirectory
    private let record: RunRecord
    private let environment: RunEnvironment
    private let observer: any RunObserver

    /// Attaches to the run in `directory`.
    ///
    /// - Throws: `OrchestrationError`: `storage` without a manifest, `invalidInput` for a run in a simulated world,
    ///   which ends with its latexp.
    public init(
        _ directory: RunDirectory,
        environment: RunEnvironment,
        observer: any RunObserver = SilentObserver()
    ) throws {
        self.directory = directory
        self.record = try directory.loadRecord()
        self.environment = environment
        self.observer = observer
        if record.experiment.lab != nil, record.outcome == .running {
            throw OrchestrationError(
                .invalidInput,
                "\(record.id) ran in a simulated world, which ended with its latexp; there is nothing to attach to"
            )
        }
    }

    /// Asks each host what its agent does.
    public func states() async throws -> [AgentState] {
        let session = try makeSession()
        let states = await onEachHost(await session.placementsOnRecord()) { await session.state(of: $0) }
        try await close(session)
        return states
    }

    /// Ends the agents, and says for each what it did before; their files stay on the hosts for `resume`.
    public func stop() async throws -> [AgentState] {
        let session = try makeSession()
        let placements = await session.placementsOnRecord().filter { !$0.isCollected }
        let states = await onEachHost(placements) { placement in
            var state = await session.state(of: placement)
            if state.process == .running {
                do {
                    let host = try await session.connectedHost(placement.host)
                    try await environment.processes.stop(on: host, directory: placement.directory, grace: .seconds(10))
                } catch { state.failure = "\(error)" }
            }
            return state
        }
        try await close(session)
        return states
    }

    /// Ends the connections; what was given up is no answer.
    private func close(_ session: RunSession) async throws {
        await session.closeHosts()
        try Task.checkCancellation()
    }

    /// Does something with all places, those of one host one after the other and the hosts side by side.
    ///
    /// A host that does not answer holds nobody up, and is named while it is waited for. The answers come in the order of
    /// the places.
    private func onEachHost(
        _ placements: [Placement],
        _ work: @escaping @Sendable (Placement) async -> AgentState
    ) async -> [AgentState] {
        var waiting = Set(placements.filter { !$0.isCollected }.map(\.host))
        tellWaiting(for: waiting)
        var found: [Placement: AgentState] = [:]
        await withTaskGroup(of: (host: String, states: [Placement: AgentState]).self) { group in
            for (host, places) in Dictionary(grouping: placements, by: \.host) {
                group.addTask {
                    var states: [Placement: AgentState] = [:]
                    for place in places { states[place] = await work(place) }
                    return (host, states)
                }
            }
            for await (host, states) in group {
                found.merge(states) { first, _ in first }
                waiting.remove(host)
                tellWaiting(for: waiting)
            }
        }
        return placements.compactMap { found[$0] }
    }

    private func tellWaiting(for hosts: Set<String>) {
        guard !hosts.isEmpty else { return }
        observer.waiting("waiting for an answer of \(hosts.sorted().joined(separator: ", "))")
    }

    /// Watches the agents to their end if they still run, brings their files home, cleans up, and reports.
    public func resume() async throws -> RunOutcome {
        let lock = try directory.lock()
        defer { lock.release() }
        let session = try makeSession()
        try await session.prepareToResume()
        return await RunEngine(session: session).resume()
    }

    private func makeSession() throws -> RunSession {
        RunSession(
            environment: environment,
            directory: directory,
            record: record,
            options: RunOptions(
                allowsUnsynchronisedClocks: true,
                isLocal: record.experiment.hosts.values.allSatisfy(\.isLocal),
                arguments: record.arguments
            ),
            observer: observer
        )
    }
}

extension RunSession {
    /// Where the run's agents were put, as the manifest tells it.
    func placementsOnRecord() -> [Placement] {
        record.blocks.flatMap { block -> [Placement] in
            let paths = experiment.paths.filter { block.paths.contains($0.name) }
            let plan = BlockPlan(number: block.number, count: 1, paths: paths, duration: experiment.schedule.duration)
            return ([experiment.receiver] + plan.forwarders).map { host in
                Placement(
                    host: host,
                    block: block.number,
                    directory: RemoteLayout.block(record.nameOnHosts, host: host, number: block.number),
                    role: host == experiment.receiver ? .receive : .forward,
                    isCollected: block.directories[host] != nil
                )
            }
        }
    }

    /// Takes from the manifest what the phases after the start need.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when there is nothing left to fetch.
    func prepareToResume() throws {
        placements = placementsOnRecord().filter { !$0.isCollected }
        guard let last = placements.map(\.block).max() else {
            // Its latexp is gone, for its lock is ours: nothing will ever end it but this.
            if record.outcome == .running { try update { $0.outcome = .interrupted } }
            throw OrchestrationError(
                .invalidInput,
                record.blocks.isEmpty
                    ? "\(record.id) ended before any agent was started: there is nothing to fetch, and nothing of it on any "
                        + "host but the agent's program"
                    : "\(record.id): every block that was begun is here already; `latexp report \(record.id)` analyses it"
            )
        }
        let all = try BlockSchedule.blocks(for: experiment, seed: experiment.schedule.seed ?? 0)
        blocks = Array(all.prefix(last))
        if blocks.count < all.count {
            warn("the run was resumed: only \(blocks.count) of \(all.count) blocks were measured")
        }
        try update {
            $0.outcome = .running
            $0.endedSeconds = nil
        }
    }

    /// The host with this name, made when it is first needed.
    func connectedHost(_ name: String) async throws -> any RemoteHost {
        if let host = hosts[name] { return host }
        let host = try await environment.makeHost(
            name,
            experiment.hosts[name] ?? HostSpecification(),
            troubles.notice(of: name)
        )
        hosts[name] = host
        return host
    }

    /// What an agent does; a host that does not answer is part of the answer.
    func state(of placement: Placement) async -> RunAttachment.AgentState {
        var state = RunAttachment.AgentState(
            host: placement.host,
            block: placement.block,
            isCollected: placement.isCollected
        )
        guard !placement.isCollected else { return state }
        do {
            let host = try await connectedHost(placement.host)
            state.process = try await environment.processes.state(on: host, directory: placement.directory)
            state.status = try await AgentFiles(host: host, directory: placement.directory).status()
        } catch {
            state.failure = "\(error)"
        }
        return state
    }

    /// Ends all connections.
    func closeHosts() async {
        for host in hosts.values { await host.close() }
    }
}
