import ExperimentModel

/// What became of every message of one lane in one block: each is accounted for, or the row says that it is not.
public struct ConservationRow: Codable, Hashable, Sendable {
    /// The block.
    public var block: Int
    /// The path's name.
    public var path: String
    /// The lane's number in its path.
    public var lane: Int
    /// Direct or relayed.
    public var kind: PathSpecification.Kind
    /// Messages read from the exchange; nil when the forwarder's totals never came.
    public var received: Int?
    /// Unusable ones.
    public var invalid: Int?
    /// Dropped from the forwarder's full buffer.
    public var dropped: Int?
    /// Still in the forwarder's buffer at the end.
    public var buffered: Int?
    /// Handed to the relay connection.
    public var forwarded: Int?
    /// Arrived at the receiver, each once.
    public var arrived: Int
    /// Forwarded and never arrived.
    public var lostInFlight: Int?
    /// Arrived again.
    public var duplicates: Int
    /// Missing sequence ids, by the receiver's own count.
    public var missing: Int
    /// Connections of the lane that were opened after one was lost, on both hosts.
    public var reconnects: Int
    /// Connections to the exchange that were replaced before their planned end, while they still brought events, on both
    /// hosts; nil without any.
    public var replacements: Int?
    /// What carried the events; nil for TCP and direct paths.
    public var transport: PathTransport?
    /// Arrived after a later one; nil for TCP, which keeps the order, and for direct paths.
    public var reordered: Int?
    /// What does not come out, in words; empty when everything does.
    public var mismatches: [String]
    /// The reason why the sums could not be checked; nil when they were.
    public var unchecked: String?
}

/// A stretch without data on one lane, from the last event before its connection was lost to the next connection's first.
public struct ConnectionGap: Codable, Hashable, Sendable {
    /// The path's name.
    public var path: String
    /// The lane's number in its path.
    public var lane: Int
    /// The host whose connection it was.
    public var host: String
    /// `feed` or `relay`.
    public var purpose: String
    /// The reason why the connection ended.
    public var reason: String
    /// Seconds from the start of the first measured window to the last event before the loss; a dead connection falls silent
    /// long before that is noticed.
    public var fromSeconds: Double
    /// Seconds to the loss of the connection, as its host noticed it; nil in analyses of older versions.
    public var lostSeconds: Double?
    /// Seconds to the first data of the next; nil if none came.
    public var toSeconds: Double?
}
