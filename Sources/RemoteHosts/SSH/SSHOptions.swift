/// What bounds an SSH connection, and where it asks for secrets.
public struct SSHOptions: Sendable {
    /// The time for TCP, handshake and authentication together; looking up a name comes on top, in the system's own
    /// time.
    public var connectTimeout: Duration
    /// How long the server may be silent before it is asked for a sign of life; after three times that, it is given up.
    public var keepAliveInterval: Duration
    /// Knows the passphrases of keys, or asks for them; nil to refuse keys that need one.
    ///
    /// Asked on the host's own thread, while nothing is connected: it may block.
    public var passphrases: PassphraseStore?
    /// Told, on the host's own thread, that the host does not answer while it is waited for, and that it does again.
    public var notice: (@Sendable (HostNotice) -> Void)?
    /// The directory that holds `.ssh` with the usual identity files.
    public var homeDirectory: String?
    /// The socket's send buffer, for tests of what a full one does; nil leaves it to the system, as it should be.
    var sendBufferBytes: Int32?
    /// How much of a command's output may be under way; libssh2's default is enough, tests want less.
    var windowBytes: UInt32 = 2 << 20

    /// How many sessions fetch a long file; fewer do where the server refuses more.
    var downloadSessions = 4
    /// How long a file must be for more sessions than one: below, connecting takes longer than it saves.
    var splitThresholdBytes: Int64 = 16 << 20

    /// Makes options; the defaults suit hosts anywhere on the internet.
    public init(
        connectTimeout: Duration = .seconds(15),
        keepAliveInterval: Duration = .seconds(5),
        passphrase: (@Sendable (_ keyDescription: String) -> String?)? = nil,
        homeDirectory: String? = nil
    ) {
        self.connectTimeout = connectTimeout
        self.keepAliveInterval = keepAliveInterval
        self.passphrases = passphrase.map { PassphraseStore($0) }
        self.homeDirectory = homeDirectory
    }
}
