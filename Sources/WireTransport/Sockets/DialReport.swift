/// One thing that happened while a connection was dialled, for the log.
public struct DialReport {
    /// What happened.
    public enum Event {
        /// The name has these addresses, in the order in which they will be tried.
        case resolved([SocketAddress])
        /// An address is being tried.
        case trying(SocketAddress)
        /// An address failed, with the reason.
        case failed(SocketAddress, TransportError)
        /// An address was given up because another was quicker.
        case slower(SocketAddress)
        /// The connection is open after this many nanoseconds since the look-up began, with TLS's version and cipher,
        /// if any.
        case open(SocketAddress, elapsedNs: Int64, tls: String?)
        /// There is no connection, and why.
        case gaveUp(TransportError)
    }

    /// Who dials: the target's label.
    public var label: String
    /// The name or address that was asked for.
    public var host: String
    /// What happened.
    public var event: Event
}
