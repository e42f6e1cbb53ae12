import ExperimentModel

/// One look at a running measurement.
public struct LiveView: Hashable, Sendable {
    /// The phase's name.
    public var phase: String
    /// The time since the agents were told to go, seconds.
    public var elapsedSeconds: Double
    /// The warm-up and the measured time together, seconds.
    public var totalSeconds: Double
    /// The names of the paths being measured, in the order of the experiment.
    public var paths: [String]
    /// The receiver's newest status; nil before the first.
    public var receiver: AgentStatus?
    /// The hosts that cannot be reached just now, with the seconds since they were.
    public var unreachable: [String: Double]
    /// The newest bounds of the hosts' clock errors, milliseconds; without hosts that have not told any.
    public var clockBoundsMs: [String: Double]
    /// The agents that have said nothing new for some seconds though their hosts answer, with those seconds.
    public var silent: [String: Double] = [:]
    /// What hosts' agents say that they cannot do, such as to write.
    public var troubles: [String: String] = [:]

    /// Whether the receiver's figures are of another moment than now.
    var isReceiverSilent: Bool { receiver.map { silent[$0.host] != nil || unreachable[$0.host] != nil } ?? false }

    /// A look from its parts.
    public init(
        phase: String,
        elapsedSeconds: Double,
        totalSeconds: Double,
        paths: [String],
        receiver: AgentStatus? = nil,
        unreachable: [String: Double] = [:],
        clockBoundsMs: [String: Double] = [:]
    ) {
        self.phase = phase
        self.elapsedSeconds = elapsedSeconds
        self.totalSeconds = totalSeconds
        self.paths = paths
        self.receiver = receiver
        self.unreachable = unreachable
        self.clockBoundsMs = clockBoundsMs
    }
}
