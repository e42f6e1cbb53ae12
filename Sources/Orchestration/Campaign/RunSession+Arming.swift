import ExperimentModel

extension RunSession {
    /// The phases that prepare the hosts of a detached campaign.
    func performArming(
        _ campaign: CampaignRecord,
        planned: @escaping @Sendable (CampaignRecord) throws -> Void
    ) async throws {
        try await perform(PlanPhase())
        try await perform(ConnectPhase())
        try await perform(InspectPhase())
        try await perform(PushPhase())
        try await perform(ClockPhase())
        try await perform(ArmPhase(planned: planned, campaign: campaign))
    }

    /// Takes back what arming put on the hosts.
    func disarm(_ directory: CampaignDirectory) async {
        if let campaign = try? directory.loadRecord(), !campaign.hosts.isEmpty {
            let supervisors = CampaignSupervisors(record: campaign, environment: environment)
            for (name, host) in hosts { try? await supervisors.remove(host, name) }
        }
        await closeHosts()
    }
}
