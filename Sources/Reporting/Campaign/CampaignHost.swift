import ExperimentModel

/// One host over all runs of a campaign.
public struct CampaignHost: Codable, Hashable, Sendable {
    /// The host's name.
    public var name: String
    /// `receive` or `forward`.
    public var role: AgentPlan.Role
    /// The region that it is in, or claims to be in.
    public var region: String?
    /// What it was in the last run that knows.
    public var facts: HostFacts?
    /// The agent's SHA-256 in the last run that knows.
    public var agentSHA256: String?
    /// The runs that it was in.
    public var runs: Int
    /// What changed from one run to another: `kernel`, `instance`, `zone`, `system`, `agent`.
    public var changed: [String]
    /// The largest clock bound of any run, nanoseconds; nil without a reading.
    public var worstBoundNs: Double?
    /// Runs in which its clock was not verified throughout.
    public var runsNotVerified: Int
    /// Jumps of its wall clock, all runs together.
    public var clockJumps: Int

    /// Each host of the runs, the receiver first, in the order of their names otherwise.
    static func all(of runs: [RunAnalysis]) -> [CampaignHost] {
        let found = runs.flatMap(\.hosts)
        let names = Set(found.map(\.name)).sorted()
        return names.compactMap { name in host(found.filter { $0.name == name }) }
            .sorted { ($0.role == .receive ? 0 : 1, $0.name) < ($1.role == .receive ? 0 : 1, $1.name) }
    }

    /// One host of the same name, run by run.
    private static func host(_ states: [HostAnalysis]) -> CampaignHost? {
        guard let last = states.last else { return nil }
        func isChanging(_ value: (HostAnalysis) -> String?) -> Bool { Set(states.compactMap(value)).count > 1 }
        let values: [(String, (HostAnalysis) -> String?)] = [
            ("kernel", { $0.facts?.kernel }), ("instance", { $0.facts?.instanceType }), ("zone", { $0.facts?.zone }),
            ("system", { $0.facts?.system }), ("agent", { $0.agentSHA256 }),
        ]
        return CampaignHost(
            name: last.name,
            role: last.role,
            region: states.lazy.reversed().compactMap(\.region).first,
            facts: states.lazy.reversed().compactMap(\.facts).first,
            agentSHA256: states.lazy.reversed().compactMap(\.agentSHA256).first,
            runs: states.count,
            changed: values.filter { isChanging($0.1) }.map(\.0),
            worstBoundNs: states.compactMap(\.clock.worstBoundNs).max(),
            runsNotVerified: states.count { !$0.clock.isVerified },
            clockJumps: states.reduce(0) { $0 + $1.clock.stepsNs.count }
        )
    }
}
