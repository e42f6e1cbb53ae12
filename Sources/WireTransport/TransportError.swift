/// Why a connection could not be made or went away.
public struct TransportError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is; branch on this.
    public enum Code: String, Sendable {
        /// A name could not be resolved.
        case unresolved
        /// The other side refused, or no route led there.
        case unreachable
        /// The other side closed the connection.
        case closed
        /// The connection broke.
        case broken
        /// The certificate was not accepted.
        case untrusted
        /// TLS failed otherwise.
        case tls
        /// A file of certificates or a key could not be used.
        case certificateFile
        /// A port could not be listened on.
        case cannotListen
        /// The system refused something else.
        case system
    }

    /// What kind of failure it is.
    public var code: Code
    /// What happened, to which address, and what to do next.
    public var message: String

    /// An error with its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
