import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization

/// Gives every host its part of a detached campaign and starts its supervisor; from then on nobody needs to be
/// connected.
struct ArmPhase: RunPhase {
    /// From now to the first slot, in which the hosts get their plans.
    static let lead = 8.0
    /// How long a supervisor may take to say that it is there.
    static let limit = Duration.seconds(15)

    /// Hands over the manifest with its slots' times, which are the receiver's clock's.
    let planned: @Sendable (CampaignRecord) throws -> Void
    let campaign: CampaignRecord

    func name(for experiment: Experiment) -> String { "arm" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        var record = campaign
        record.experiment = session.experiment
        record.hosts = session.record.hosts
        let first = try await firstSlot(in: session)
        record.slots = CampaignSchedule.slots(
            count: campaign.slots.count,
            every: campaign.every,
            from: first,
            seed: campaign.seed
        )
        for name in names {
            let directory = CampaignTasks.directory(record, host: name)
            record.hosts[name]?.directory = directory
        }
        try planned(record)
        let withChrony = record.hosts.filter { !record.isLocal && $0.value.facts?.chronyVersion != nil }.keys
        let tasks = CampaignTasks(record: record, hostsWithChrony: Set(withChrony))
        let seconds = try CampaignSupervisors.lifetime(record, tasks, at: first - Self.lead)
        let (armed, secret, agents) = (record, session.secret, session.agents)
        var plans: [String: CampaignPlan] = [:]
        for name in names { plans[name] = try tasks.plan(for: name) }
        let prepared = plans
        _ = try await session.onEachHost(names, "supervisor", failure: .hostUnusable) { handle in
            guard let plan = prepared[handle.name], let agent = agents[handle.name] else { return }
            let supervisor = CampaignSupervisors(record: armed, environment: session.environment)
            try await supervisor.prepare(handle.host, plan, secret: secret, caFile: armed.experiment.feed.caFile)
            try await supervisor.launch(handle.host, plan.host, agentSHA256: agent.sha256, maximumSeconds: seconds)
            try await supervisor.awaitFirstWord(handle.host, plan.host, limit: Self.limit)
            let text = "its supervisor waits for \(plan.tasks.count) agents' times, and ends by itself"
            await session.note(CheckRecord(host: handle.name, "supervisor", .passed, text))
        }
        let last = record.slots.last?.plannedSeconds ?? first
        session.note(
            CheckRecord(
                "schedule",
                .passed,
                "\(record.slots.count) slots every \(record.every), from \(UTC.text(first)) to \(UTC.text(last))"
            )
        )
    }

    /// The receiver's clock, which was just looked at, and a moment more.
    private func firstSlot(in session: isolated RunSession) async throws -> Double {
        let handle = try session.handle(session.experiment.receiver)
        let nowNs = try await ClockAsker.ask(handle).reading.at.wallNs
        guard nowNs > 0 else {
            throw OrchestrationError(.hostUnusable, "\(handle.name): it does not say what time it is")
        }
        return (Double(nowNs) / 1e9 + Self.lead).rounded(.up)
    }
}
