import ExperimentModel

/// Makes the tasks that hosts get of a detached campaign.
struct CampaignTasks {
    let record: CampaignRecord
    /// The hosts that have a chronyc to ask.
    let hostsWithChrony: Set<String>

    /// For connecting, and one pause after a failed attempt, as in a single run.
    private static let connecting = TimeSpan.seconds(30)
    /// For goodbyes and results.
    private static let farewell = TimeSpan.seconds(20)
    /// What is kept free before the next task.
    private static let margin = TimeSpan.milliseconds(500)
    /// The most that a clock is waited for, whatever the experiment allows: the other hosts wait as long.
    private static let longestClockWait = TimeSpan.seconds(120)

    /// The directory of a host's supervisor, in which the tasks' are.
    static func directory(_ record: CampaignRecord, host: String) -> String {
        RemoteLayout.block(record.nameOnHosts, host: host, number: 0)
    }

    /// The directory of a task, below the supervisor's.
    static func folder(slot: Int, block: Int) -> String { "s\(slot)-b\(block)" }

    /// How long an agent may take to become ready: the other hosts may be waiting for their clocks.
    var readyLimit: TimeSpan {
        let pause = min(record.experiment.reconnect.initial, .seconds(10))
        return TimeSpan(ns: Self.connecting.ns + 2 * pause.ns + lateness.ns)
    }

    /// How much later than planned a task may begin.
    private var lateness: TimeSpan {
        let most = min(record.experiment.clock.wait, Self.longestClockWait)
        return max(.seconds(2), min(CampaignSchedule.lateness(record.every), most))
    }

    /// From the start of one block to the start of the next.
    private func spacing(_ block: BlockPlan) -> TimeSpan {
        let warmUp = record.experiment.schedule.warmUp.ns
        let wanted = warmUp + block.duration.ns + readyLimit.ns + Self.farewell.ns
        return TimeSpan(ns: min(wanted, record.every.ns / Int64(block.count)))
    }

    /// How long a slot may take at most, from its planned beginning.
    func longestSlot() throws -> TimeSpan {
        let blocks = try BlockSchedule.blocks(for: record.experiment, seed: 0)
        return TimeSpan(ns: blocks.reduce(0) { $0 + spacing($1).ns } + lateness.ns + Self.farewell.ns)
    }

    /// The blocks of a slot in their order.
    func blocks(_ slot: CampaignSlot) throws -> [BlockPlan] {
        try BlockSchedule.blocks(for: CampaignSchedule.experiment(record, slot), seed: slot.seed)
    }

    /// A host's plan of the whole campaign.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` for a path without a port or address.
    func plan(for host: String) throws -> CampaignPlan {
        var tasks: [CampaignTask] = []
        for slot in record.slots {
            var startNs = Int64(slot.plannedSeconds * 1e9)
            for block in try blocks(slot) {
                let spacingNs = spacing(block).ns
                if let plan = try agentPlan(host, slot, block) {
                    let next = record.slots.count > slot.number || block.number < block.count
                    tasks.append(
                        CampaignTask(
                            slot: slot.number,
                            block: block.number,
                            startWallNs: startNs,
                            latestStartWallNs: startNs + min(lateness.ns, spacingNs / 2),
                            endWallNs: startNs + (next ? spacingNs - Self.margin.ns : longestLastNs(block)),
                            directory: Self.folder(slot: slot.number, block: block.number),
                            plan: plan
                        )
                    )
                }
                startNs += spacingNs
            }
        }
        let specification = record.experiment.hosts[host]
        return CampaignPlan(
            campaignID: record.nameOnHosts,
            host: host,
            clock: record.experiment.clock,
            allowsUnsynchronisedClocks: record.allowUnsynchronised,
            chronyc: hostsWithChrony.contains(host) ? specification?.chronyc ?? [] : nil,
            readyLimit: readyLimit,
            tasks: tasks
        )
    }

    /// Nothing comes after the very last block.
    private func longestLastNs(_ block: BlockPlan) -> Int64 {
        record.experiment.schedule.warmUp.ns + block.duration.ns + readyLimit.ns + Self.farewell.ns
    }

    /// What a host's agent does in a block; nil when it has no part in it.
    private func agentPlan(_ host: String, _ slot: CampaignSlot, _ block: BlockPlan) throws -> AgentPlan? {
        let plans = AgentPlans(
            runID: "\(record.nameOnHosts)-s\(slot.number)",
            experiment: record.experiment,
            block: block,
            hostsWithChrony: hostsWithChrony,
            caFile: record.experiment.feed.caFile == nil ? nil : "../\(AgentFiles.caFile)"
        )
        var plan: AgentPlan
        if host == record.experiment.receiver {
            plan = plans.receiver()
        } else {
            guard block.forwarders.contains(host) else { return nil }
            plan = try plans.forwarder(host, ports: [:])
        }
        plan.secretFile = "../secret"
        return plan
    }
}
