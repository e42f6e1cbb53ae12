/// A stretch in which an agent's process did not run, by its own monotonic clock: stopped, or its host held up.
public struct Standstill: Codable, Hashable, Sendable {
    /// When it should have run next.
    public var from: Timestamp
    /// When it ran again.
    public var to: Timestamp

    /// A stretch.
    public init(from: Timestamp, to: Timestamp) {
        self.from = from
        self.to = to
    }

    /// Its length, nanoseconds.
    public var ns: Int64 { to.monotonicNs - from.monotonicNs }
}

/// The first file that an agent could not write.
public struct RecordingFailure: Codable, Hashable, Sendable {
    /// When it was noticed.
    public var at: Timestamp
    /// The file, and the system's own words.
    public var reason: String

    /// A failure.
    public init(at: Timestamp, reason: String) {
        self.at = at
        self.reason = reason
    }
}
