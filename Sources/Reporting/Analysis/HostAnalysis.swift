import ExperimentModel

/// One host's part in a run: what it is, and how good its clock was.
public struct HostAnalysis: Codable, Hashable, Sendable {
    /// The host's name.
    public var name: String
    /// `receive` or `forward`.
    public var role: AgentPlan.Role
    /// What it is.
    public var facts: HostFacts?
    /// The region that it is in, or claims to be in.
    public var region: String?
    /// The agent's SHA-256.
    public var agentSHA256: String?
    /// The readings of its clock: before, during and after.
    public var clock: ClockAnalysis
}

/// How good a host's clock was throughout a run.
public struct ClockAnalysis: Codable, Hashable, Sendable {
    /// The number of readings.
    public var readings: Int
    /// The largest bound of all readings, nanoseconds; nil without a reading.
    public var worstBoundNs: Double?
    /// The bound before the run, nanoseconds.
    public var beforeNs: Double?
    /// The bound after the run, nanoseconds.
    public var afterNs: Double?
    /// Why the clock is not verified, in words; nil when every reading passed.
    public var problem: String?
    /// Jumps of the wall clock, nanoseconds each.
    public var stepsNs: [Int64]

    /// Whether every reading passed.
    public var isVerified: Bool { problem == nil }
}
