import ExperimentModel

/// What the user asked for beside the experiment.
public struct RunOptions: Hashable, Sendable {
    /// Measure although a clock is not good enough; absolute figures are marked then.
    public var allowsUnsynchronisedClocks: Bool
    /// Use this machine for every host, without SSH and without a look at its clock.
    public var isLocal: Bool
    /// The command line, for the manifest.
    public var arguments: [String]
    /// Break the relay connections off once in the middle of the measurement, to see that nothing goes unaccounted.
    public var provokesReconnection = false

    /// Options; by default none is set.
    public init(allowsUnsynchronisedClocks: Bool = false, isLocal: Bool = false, arguments: [String] = []) {
        self.allowsUnsynchronisedClocks = allowsUnsynchronisedClocks
        self.isLocal = isLocal
        self.arguments = arguments
    }
}

/// How a run came out.
public struct RunOutcome: Sendable {
    /// The run's directory.
    public var directory: RunDirectory
    /// The manifest as it was saved last.
    public var record: RunRecord
    /// What the command tells its caller.
    public var status: CommandStatus
    /// Why the run could not go on, if it could not.
    public var error: OrchestrationError?

    /// Whether it was measured for a part of its time only, without having failed.
    public var wasCutShort: Bool { error == nil && record.outcome == .interrupted }
}
