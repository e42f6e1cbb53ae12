/// The three links of the world.
public enum LinkName: String, Sendable, CaseIterable {
    /// Frankfurt's way to the exchange.
    case direct
    /// Tokyo's way to the exchange.
    case tokyo
    /// Tokyo's way to Frankfurt.
    case backbone

    /// Whether market data flows from the side that was dialled; on the backbone it comes from the dialling side.
    var dataComesFromTarget: Bool { self != .backbone }
}

/// One connection through a link.
public struct LinkConnectionID: Hashable, Sendable {
    /// The link.
    public let link: LinkName
    /// Counts the link's connections from zero.
    public let number: Int
}

/// Octets that a link handed on, in the direction of the market data.
public struct LinkDelivery: Sendable {
    /// When the link read them, `CLOCK_REALTIME`.
    public let readNs: Int64
    /// Right before the link wrote the last of them, `CLOCK_REALTIME`.
    public let deliveredNs: Int64
    /// How many octets the connection has delivered in this direction, these included.
    public let endOctets: Int
    /// Whether they are a whole datagram, of which nothing more comes.
    public var isDatagram = false
}

/// Hears what the links do, on their threads.
public protocol LinkObserver: Sendable {
    /// A connection to the target is open; `localPort` is the link's end of it, which the target sees as its peer.
    func linkConnected(_ connection: LinkConnectionID, localPort: Int)
    /// Octets in the direction of the market data were handed on.
    func linkDelivered(_ connection: LinkConnectionID, _ delivery: LinkDelivery, _ bytes: UnsafeRawBufferPointer)
    /// A connection is over.
    func linkClosed(_ connection: LinkConnectionID)
}
