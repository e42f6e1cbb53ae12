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

/// Something that happened to a host's clock during a run.
public struct ClockEvent: Codable, Hashable, Sendable {
    /// What can happen.
    public enum Kind: String, Codable, Sendable {
        /// The wall clock jumped.
        case stepped
        /// The clock no longer passed the run's check.
        case lost
        /// It passed again.
        case regained
        /// The bound was more than twice what it was before the run.
        case boundGrew
    }

    /// What happened.
    public var kind: Kind
    /// When, seconds from the start of the first measured window; below zero before it.
    public var seconds: Double
    /// What was seen.
    public var text: String
}

/// How good a host's clock was throughout a run.
///
/// Bounds are NTP's maximum error (RFC 5905 section 11.1) with the offset that chrony is still taking away, grown until
/// the next reading by the drift that chrony allows, and with the error of Amazon's hardware clock as aws/clock-bound
/// adds it.
public struct ClockAnalysis: Codable, Hashable, Sendable {
    /// The number of readings.
    public var readings: Int
    /// The largest bound of all readings, nanoseconds; nil without a reading.
    public var worstBoundNs: Double?
    /// How much of it is what the clock may have drifted from that reading to the next, nanoseconds.
    public var driftNs: Double?
    /// The greatest error of the host's own hardware clock that is in the bounds, nanoseconds; nil where none was
    /// readable.
    public var phcErrorNs: Int64?
    /// What chrony's estimates say the clock was behind true time by, mean over the readings, nanoseconds; nil without
    /// any.
    ///
    /// An estimate and no bound: figures are not changed by it.
    public var behindNs: Double?
    /// The bound before the run, nanoseconds.
    public var beforeNs: Double?
    /// The bound after the run, nanoseconds.
    public var afterNs: Double?
    /// Why the clock is not verified, in words; nil when every reading passed.
    public var problem: String?
    /// Jumps of the wall clock, nanoseconds each.
    public var stepsNs: [Int64]
    /// What went wrong with the clock during the run, in the order of time.
    public var events: [ClockEvent]

    /// Whether every reading passed.
    public var isVerified: Bool { problem == nil }

    /// How far the clock was moved by jumps, when that is more than the bound that figures carry, nanoseconds; nil when
    /// it is not.
    ///
    /// Jumps that are each within the bound may add up to more than it. Without a bound nothing says that one is small.
    var jumpBeyondBoundNs: Int64? {
        let allowedNs = beforeNs ?? worstBoundNs ?? 0
        if let one = stepsNs.first(where: { Double($0.magnitude) > allowedNs }) { return one }
        var least = 0.0
        var most = 0.0
        var place = 0.0
        for step in stepsNs {
            place += Double(step)
            least = min(least, place)
            most = max(most, place)
        }
        guard most - least > allowedNs else { return nil }
        return Int64(most > -least ? most - least : least - most)
    }
}
