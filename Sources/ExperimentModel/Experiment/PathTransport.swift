/// What carries a relayed path's events from the forwarder to the receiver.
public enum PathTransport: String, Codable, Sendable, CaseIterable {
    /// A connection: nothing is lost while it stands, and what the way loses shows as delay.
    case tcp
    /// A datagram for each event: no event waits for another, and what the way loses is lost, and counted.
    case udp
}
