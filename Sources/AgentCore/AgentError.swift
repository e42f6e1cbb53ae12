/// Why an agent could not do its work.
public struct AgentError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is; branch on this.
    public enum Code: String, Sendable {
        /// The arguments, the plan or a configuration file make no sense.
        case badPlan
        /// A file could not be read or written.
        case file
        /// A relay peer broke the protocol.
        case protocolViolation
        /// A relay peer speaks another version.
        case versionMismatch
        /// A relay peer did not prove that it knows the run's secret.
        case unproven
        /// A datagram belongs to no session that this receiver knows.
        case unknownSession
        /// Another forwarder brings the lane's events.
        case occupied
        /// The exchange refused the connection or the request.
        case refused
    }

    /// What kind of failure it is.
    public var code: Code
    /// What happened, to what, and what to do next.
    public var message: String

    /// An error with its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
