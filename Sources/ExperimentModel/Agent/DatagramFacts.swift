/// What a relay lane over UDP has to tell beside its counts; each side fills in its own part.
public struct DatagramFacts: Codable, Hashable, Sendable {
    /// At the receiver: events that came so long after later ones that they count as lost.
    public var late: Int?
    /// At the receiver: datagrams that this host itself dropped, because the socket's buffer was full or a checksum was wrong.
    ///
    /// Of the path's socket, so of all its lanes together; nil where the kernel does not count them.
    public var hostDrops: Int?
    /// At the receiver: the socket's buffer as the kernel counts it, octets.
    public var receiveBufferOctets: Int?
    /// At the receiver: what came from forwarders before one that was restarted, which ended without a goodbye.
    public var earlier: LaneCounts?
    /// At the forwarder: how often this host's own queue was full, so that an event had to wait for it.
    public var sendWaits: Int?
    /// At the forwarder: events longer than the path's packets, which went in fragments.
    public var fragmented: Int?
    /// At the forwarder: events longer than any datagram; they count as dropped.
    public var tooLong: Int?
    /// At the forwarder: the longest packet of the path as far as its kernel knows, octets.
    public var packetOctets: Int?

    /// Nothing told yet.
    public init() {}
}
