/// A machine that takes part: how to reach it, how to know it, and what addresses others dial.
public struct HostSpecification: Codable, Hashable, Sendable {
    /// How to reach it over SSH: `user@address[:port]`, or an alias that `ssh -G` resolves.
    ///
    /// Nil only for a local host.
    public var ssh: String?
    /// This machine itself, without SSH.
    public var local: Bool?
    /// The private key to use; nil for the agent's and the usual files.
    public var identityFile: String?
    /// The known-hosts file; nil for the usual ones.
    public var knownHosts: String?
    /// The host key to insist on: a `SHA256:…` fingerprint or a key line.
    public var hostKey: String?
    /// The address inside its private network, that forwarders dial with `"to": "private"`.
    public var privateAddress: String?
    /// The address on the internet, that forwarders dial with `"to": "public"`.
    public var publicAddress: String?
    /// The name or address of an accelerator in front of the host, that forwarders dial with `"to": "accelerator"`.
    public var acceleratorAddress: String?
    /// The cloud region that it claims to be in, such as `ap-northeast-1`.
    public var region: String?
    /// Extra arguments of `chronyc`, when chronyd listens elsewhere.
    public var chronyc: [String]?
    /// Dial another address than the one named, `HOST:PORT` to `ADDRESS:PORT`; TLS still checks the name.
    ///
    /// Pins a server among many, or sends a connection through a laboratory's link.
    public var connectTo: [String: String]?
    /// The niceness that the agent's measuring thread asks for, -20 to 19; nil leaves it as the login's is.
    ///
    /// Below zero needs root (CAP_SYS_NICE), and comes before everything else on that host.
    public var niceness: Int?
    /// Whether it stands in a lab: what is measured there is no real network's; nil for no.
    public var simulated: Bool?

    /// A host from its parts.
    public init(
        ssh: String? = nil,
        local: Bool? = nil,
        identityFile: String? = nil,
        knownHosts: String? = nil,
        hostKey: String? = nil,
        privateAddress: String? = nil,
        publicAddress: String? = nil,
        acceleratorAddress: String? = nil,
        region: String? = nil,
        chronyc: [String]? = nil,
        connectTo: [String: String]? = nil,
        niceness: Int? = nil,
        simulated: Bool? = nil
    ) {
        self.ssh = ssh
        self.local = local
        self.identityFile = identityFile
        self.knownHosts = knownHosts
        self.hostKey = hostKey
        self.privateAddress = privateAddress
        self.publicAddress = publicAddress
        self.acceleratorAddress = acceleratorAddress
        self.region = region
        self.chronyc = chronyc
        self.connectTo = connectTo
        self.niceness = niceness
        self.simulated = simulated
    }

    /// Whether the host is this machine.
    public var isLocal: Bool { local ?? false }
}
