/// With whom a host's connection speaks, and why that is believed: evidence for a run's record.
public struct ConnectionFacts: Sendable, Equatable, Codable {
    /// Why the host's key was accepted.
    public enum Trust: Sendable, Equatable, Codable {
        /// The key is the one given with the host.
        case pinned
        /// The key stands in a known_hosts file, at this line.
        case knownHosts(file: String, line: Int)
        /// There is no connection: the host is this machine.
        case thisMachine
    }

    /// The host's name in the experiment.
    public let name: String
    /// The numeric address that was connected to.
    public let address: String
    /// The TCP port.
    public let port: Int
    /// The user on the host.
    public let user: String
    /// The host key's type, such as `ssh-ed25519`.
    public let hostKeyType: String
    /// The host key's fingerprint as OpenSSH prints it: `SHA256:…`.
    public let hostKeyFingerprint: String
    /// Why the key was accepted.
    public let trust: Trust
    /// How the user was authenticated: the key's type, fingerprint and where it came from.
    public let authentication: String
    /// The SSH library and its version.
    public let library: String
    /// What the server calls itself.
    public let serverBanner: String
    /// What the user should know, such as a library that is too old for some servers.
    public let warnings: [String]

    /// Makes the facts, as a host or its stand-in in a test does.
    public init(
        name: String,
        address: String,
        port: Int,
        user: String,
        hostKeyType: String,
        hostKeyFingerprint: String,
        trust: Trust,
        authentication: String,
        library: String,
        serverBanner: String,
        warnings: [String]
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.user = user
        self.hostKeyType = hostKeyType
        self.hostKeyFingerprint = hostKeyFingerprint
        self.trust = trust
        self.authentication = authentication
        self.library = library
        self.serverBanner = serverBanner
        self.warnings = warnings
    }
}
