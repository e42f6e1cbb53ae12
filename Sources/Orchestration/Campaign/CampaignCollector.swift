import ExperimentModel
import Foundation
import RemoteHosts

/// Makes an ordinary run of what the hosts of a detached campaign did in one slot.
struct CampaignCollector: Sendable {
    /// What the hosts say of one slot, of which nothing more will come.
    struct Findings: Sendable {
        /// Each host's tasks.
        var tasks: [String: [CampaignTaskRecord]]
        /// Why it was not measured as planned; nil when it was.
        var failure: String?

        /// Whether any agent was started.
        var hasBegun: Bool { tasks.values.joined().contains { $0.beganWallNs != nil } }
        /// When the first agent was started, seconds since 1970 UTC.
        var beganSeconds: Double? { tasks.values.joined().compactMap(\.beganWallNs).min().map { Double($0) / 1e9 } }
        /// When the last one was over.
        var endedSeconds: Double? { tasks.values.joined().compactMap(\.endedWallNs).max().map { Double($0) / 1e9 } }
    }

    let record: CampaignRecord
    let directory: CampaignDirectory
    let environment: RunEnvironment
    let observer: any RunObserver
    let hosts: [String: KeptHost]
    let answers: [String: CampaignSupervisors.Answer]

    private var tasks: CampaignTasks { CampaignTasks(record: record, hostsWithChrony: []) }

    // MARK: What the hosts say

    /// What became of a slot; nil as long as a host may still do something in it, or cannot be asked.
    func findings(_ slot: CampaignSlot) throws -> Findings? {
        var found = Findings(tasks: [:])
        var reasons: [String] = []
        let blocks = try tasks.blocks(slot)
        for name in record.experiment.participatingHosts {
            guard let answer = answers[name], answer.failure == nil else { return nil }
            for block in blocks where name == record.experiment.receiver || block.forwarders.contains(name) {
                guard let task = settled(slot, block, answer) else { return nil }
                found.tasks[name, default: []].append(task)
                guard task.state != .done else { continue }
                let part = blocks.count > 1 ? " block \(block.number)" : ""
                reasons.append("\(name)\(part) \(task.state.rawValue): \(task.reason ?? "no reason given")")
            }
        }
        found.failure = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        return found
    }

    /// A host's task when nothing more will come of it: over, or past and without a supervisor.
    private func settled(
        _ slot: CampaignSlot,
        _ block: BlockPlan,
        _ answer: CampaignSupervisors.Answer
    ) -> CampaignTaskRecord? {
        var task =
            answer.status?.task(slot: slot.number, block: block.number)
            ?? CampaignTaskRecord(slot: slot.number, block: block.number)
        if task.isOver { return task }
        guard answer.process != .running, let now = answer.nowSeconds else { return nil }
        let isPast = now > slot.plannedSeconds + ((try? tasks.longestSlot().seconds) ?? 0)
        guard isPast || task.state == .running || (record.reason != nil && now > slot.plannedSeconds) else {
            return nil
        }
        let process = answer.process.map { "\($0)" } ?? "is unknown"
        let why = record.reason ?? "its supervisor \(process)"
        task.reason = task.state == .running ? "\(why), while its agent ran" : why
        task.state = task.state == .running ? .failed : .missed
        return task
    }

    // MARK: Bringing home

    /// Fetches a slot's files into the directory of a run, analyses it, and removes the files from the hosts.
    ///
    /// What an earlier attempt has brought home already stays.
    func bringHome(_ slot: CampaignSlot, _ found: Findings, to directory: RunDirectory) async -> RunOutcome {
        var run = RunRecord(
            id: directory.id,
            version: record.version,
            arguments: record.arguments,
            beganSeconds: found.beganSeconds ?? slot.plannedSeconds,
            supplied: record.supplied,
            experiment: CampaignSchedule.experiment(record, slot),
            allowUnsynchronised: record.allowUnsynchronised
        )
        if let earlier = try? directory.loadRecord() { run.blocks = earlier.blocks }
        run.warnings = record.warnings
        run.hosts = record.hosts
        for (name, tasks) in found.tasks {
            var host = run.hosts[name] ?? HostRecord()
            host.clockBefore = tasks.compactMap(\.clockBefore).first ?? host.clockBefore
            host.clockAfter = tasks.compactMap(\.clockAfter).last
            run.hosts[name] = host
        }
        var surroundings = environment
        surroundings.processes = EndedAgents(statuses: exitStatuses(found))
        let session = RunSession(
            environment: surroundings,
            directory: directory,
            record: run,
            options: RunOptions(
                allowsUnsynchronisedClocks: record.allowUnsynchronised,
                isLocal: record.isLocal,
                arguments: record.arguments
            ),
            observer: observer
        )
        let (collector, kept) = (self, hosts)
        return await session.conclude(extent: .complete) { session in
            session.hosts = kept
            try await collector.fetch(slot, found, in: session)
        }
    }

    private func path(_ host: String, _ task: CampaignTaskRecord) -> String {
        CampaignTasks.directory(record, host: host) + "/" + CampaignTasks.folder(slot: task.slot, block: task.block)
    }

    private func exitStatuses(_ found: Findings) -> [String: Int32] {
        var statuses: [String: Int32] = [:]
        for (host, tasks) in found.tasks {
            for task in tasks { statuses[path(host, task)] = task.exitStatus ?? 0 }
        }
        return statuses
    }

    private func fetch(_ slot: CampaignSlot, _ found: Findings, in session: isolated RunSession) async throws {
        session.blocks = try tasks.blocks(slot)
        for (host, tasks) in found.tasks.sorted(by: { $0.key < $1.key }) {
            for task in tasks where task.beganWallNs != nil {
                let block = session.record.blocks.first { $0.number == task.block }
                guard block?.directories[host] == nil else { continue }
                session.placements.append(
                    Placement(
                        host: host,
                        block: task.block,
                        directory: path(host, task),
                        role: host == record.experiment.receiver ? .receive : .forward
                    )
                )
            }
        }
        for block in session.blocks
        where session.placements.contains(where: { $0.block == block.number })
            && !session.record.blocks.contains(where: { $0.number == block.number })
        {
            try session.update { $0.blocks.append(BlockRecord(number: block.number, paths: block.paths.map(\.name))) }
        }
        try await session.perform(SlotPhase(slot: slot, found: found))
        for block in session.blocks where session.placements.contains(where: { $0.block == block.number }) {
            let isWhole = found.tasks.values.joined().allSatisfy { $0.block != block.number || $0.state == .done }
            try await session.perform(CollectPhase(block: block, afterFailure: !isWhole))
        }
        if let failure = found.failure { throw OrchestrationError(.measurementFailed, failure) }
    }

    /// Whether it was the way to a host that failed, which another attempt may find open.
    static func isLostHost(_ error: OrchestrationError?) -> Bool {
        var cause: (any Error)? = error
        while let found = cause {
            if let remote = found as? RemoteHostError {
                return remote.isTransportFailure || remote.code == .timedOut || remote.code == .commandNotRun
            }
            cause = (found as? OrchestrationError)?.cause
        }
        return false
    }
}

/// Agents whose supervisor has told how they ended.
private struct EndedAgents: AgentProcesses {
    let statuses: [String: Int32]

    func launch(on host: any RemoteHost, directory: String, command: [String], maximumSeconds: Int) async throws {
        throw OrchestrationError(.measurementFailed, "\(host.name): nothing is started while a campaign is collected")
    }

    func state(on host: any RemoteHost, directory: String) async throws -> AgentProcessState {
        statuses[directory].map { .exited($0) } ?? .absent
    }

    func stop(on host: any RemoteHost, directory: String, grace: Duration) async throws {}
}
