/// One event's frame on one connection.
public struct ExchangeWrite: Sendable {
    /// The port of the connection's other end.
    public let peerPort: Int
    /// How many octets the exchange has put on the connection, this frame included.
    public let endOctets: Int
}

/// Hears what the exchange sends, on its thread.
public protocol ExchangeObserver: Sendable {
    /// An event is about to be written for the first time; `sentNs` is `CLOCK_REALTIME`.
    func exchangeSends(updateID: Int64, sentNs: Int64)
    /// The event has been written to every connection that wants it.
    func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite])
    /// A client has said something; `atNs` is the monotonic clock.
    func exchangeHeard(_ message: ExchangeMessage, fromPort peerPort: Int, atNs: Int64)
}

extension ExchangeObserver {
    /// Most observers look at what is sent only.
    public func exchangeHeard(_ message: ExchangeMessage, fromPort peerPort: Int, atNs: Int64) {}
}
