import ExperimentModel

extension SampleRecord {
    /// An event that the forwarder kept for longer than this waited there, instead of being sent on as it came.
    static let longWaitNs: Int64 = 10_000_000

    /// How long the forwarder had the event before it sent it on, both times on its own clock, nanoseconds; nil on a
    /// direct lane.
    var waitAtForwarderNs: Int64? {
        guard sourceNs != Self.absent, sourceSendNs != Self.absent else { return nil }
        return sourceSendNs &- sourceNs
    }

    /// Whether the event waited in the forwarder's buffer.
    var waitedAtForwarder: Bool { (waitAtForwarderNs ?? 0) > Self.longWaitNs }
}
