import ExperimentModel

/// Sees a run go by; what it does with that must not block.
public protocol RunObserver: Sendable {
    /// A phase begins.
    func phaseBegan(_ name: String)
    /// Something was checked.
    func checked(_ check: CheckRecord)
    /// A phase waits for something, or is under way with it; may be shown and overwritten.
    func waiting(_ text: String)
    /// The hosts that do not answer just now, with words that follow their names; empty when all do.
    ///
    /// Told again while it is so, a few times a second; `host` is one that has just answered after all.
    func unanswered(_ hosts: [String: String], answersAgain host: String?)
    /// The newest look at the agents while measuring.
    func live(_ view: LiveView)
    /// A phase ended.
    func phaseEnded(_ phase: PhaseRecord)
}

/// Shows nothing.
public struct SilentObserver: RunObserver {
    /// An observer that shows nothing.
    public init() {}
    /// Does nothing.
    public func phaseBegan(_ name: String) {}
    /// Does nothing.
    public func checked(_ check: CheckRecord) {}
    /// Does nothing.
    public func waiting(_ text: String) {}
    /// Does nothing.
    public func unanswered(_ hosts: [String: String], answersAgain host: String?) {}
    /// Does nothing.
    public func live(_ view: LiveView) {}
    /// Does nothing.
    public func phaseEnded(_ phase: PhaseRecord) {}
}
