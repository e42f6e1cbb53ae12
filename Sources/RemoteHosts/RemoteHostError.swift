/// What went wrong with a host: branch on `code`, show `message`.
public struct RemoteHostError: Error, CustomStringConvertible {
    /// The kinds of failure that a caller may treat differently.
    public enum Code: String, Sendable, CaseIterable {
        /// No TCP connection, or no SSH server behind it.
        case unreachable
        /// The host's key is in no known_hosts file and not pinned.
        case hostKeyUnknown
        /// Another key is known, or pinned, for this host than the one it showed.
        case hostKeyChanged
        /// The key that the host showed is marked as revoked.
        case hostKeyRevoked
        /// Client and server have no key exchange, cipher, MAC or host key type in common.
        case noCommonAlgorithm
        /// The server refused every key that was tried.
        case authenticationFailed
        /// A private key cannot be used: missing, encrypted without passphrase, of a kind that libssh2 cannot handle.
        case keyUnusable
        /// The connection broke, or the other side stopped answering.
        case connectionLost
        /// A limit of time passed.
        case timedOut
        /// A command wrote more than its limit.
        case outputTooLong
        /// The host's login shell or sshd did not run the command, or something killed it before it said how it ended.
        case commandNotRun
        /// A command ended with a status other than 0 where 0 was required.
        case commandFailed
        /// A file could not be copied.
        case transferFailed
        /// A copied file has another SHA-256 than the original.
        case hashMismatch
        /// Something on this machine's disk cannot be read or written.
        case localFile
        /// The host, or the SSH library, lacks what is needed.
        case unsupported
        /// What the caller passed makes no sense.
        case invalidArgument
    }

    /// The kind of failure.
    public let code: Code
    /// The host that it is about; empty when it is about none.
    public let host: String
    /// What happened, to which host, and what to do next.
    public let message: String
    /// What caused it, when that was an error of its own.
    public let cause: (any Error)?

    /// The reason in a few words, for a line that is shown for a moment only.
    let brief: String?

    /// Makes an error about a host, whose name begins the message.
    public init(_ code: Code, host: String, _ message: String, cause: (any Error)? = nil) {
        self.init(code, host: host, message, brief: nil, cause: cause)
    }

    init(_ code: Code, host: String, _ message: String, brief: String?, cause: (any Error)? = nil) {
        self.brief = brief
        self.code = code
        self.host = host
        self.message = host.isEmpty ? message : "\(host): \(message)"
        self.cause = cause
    }

    /// The message, with the cause's when there is one.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }

    /// The reason in a few words, without the host's name.
    var reason: String {
        if let brief { return brief }
        let text = host.isEmpty ? message : String(message.dropFirst(host.count + 2))
        return String(text.prefix { !$0.isNewline })
    }

    /// Whether the connection failed rather than what was asked of it, so that trying again may help.
    public var isTransportFailure: Bool {
        code == .unreachable || code == .connectionLost
    }
}
