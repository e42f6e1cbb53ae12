import Foundation

/// Everything that says where an SSH host is, who logs in there, and which key it must show.
public struct SSHTarget: Sendable, Equatable {
    /// The name or numeric address to connect to.
    public var address: String
    /// The TCP port.
    public var port: Int
    /// The user on the host.
    public var user: String
    /// The name under which known_hosts lists the host, when that is not `address`.
    public var hostKeyAlias: String?
    /// The private keys to use and no others; when empty, the agent's, then the usual files in `~/.ssh`.
    public var identityFiles: [String]
    /// The agent's socket; nil for the one that `SSH_AUTH_SOCK` names, `none` to ask no agent.
    public var agentSocket: String?
    /// The known_hosts files; those that do not exist count as empty.
    public var knownHostsFiles: [String]
    /// The key that the host must show: `ssh-ed25519 AAAA…` or `SHA256:…`; known_hosts files are not asked then.
    public var hostKey: String?
    /// What leads to the host where it cannot be reached directly.
    public var proxy: SSHProxy?

    /// The hosts that a proxy leads through, the first one first, as far as they can be told: for saying which of them
    /// is not trusted.
    public var jumps: [SSHJump] = []

    /// Describes a host without asking anybody's configuration.
    public init(
        address: String,
        port: Int = 22,
        user: String,
        hostKeyAlias: String? = nil,
        identityFiles: [String] = [],
        agentSocket: String? = nil,
        knownHostsFiles: [String] = SSHTarget.usualKnownHostsFiles,
        hostKey: String? = nil,
        proxy: SSHProxy? = nil
    ) {
        self.proxy = proxy
        self.address = address
        self.port = port
        self.user = user
        self.hostKeyAlias = hostKeyAlias
        self.identityFiles = identityFiles
        self.agentSocket = agentSocket
        self.knownHostsFiles = knownHostsFiles
        self.hostKey = hostKey
    }

    /// What is wrong with the text of a host key to insist on; nil for one that a host could show.
    public static func fault(ofHostKey text: String) -> String? {
        PinnedHostKey(text) == nil
            ? "is '\(text.condensed(to: 80))': write a key (ssh-ed25519 AAAA…) or a fingerprint (SHA256: and 43 digits)"
            : nil
    }

    /// What is wrong with the text of a destination; nil for one that ssh takes.
    public static func fault(ofDestination text: String) -> String? {
        do {
            _ = try SSHDestination(text, host: "")
            return nil
        } catch { return "\(error)" }
    }

    /// The files that OpenSSH's client reads by default.
    public static var usualKnownHostsFiles: [String] {
        let home = NSHomeDirectory()
        return [home + "/.ssh/known_hosts", home + "/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts"]
    }

    /// The name to look for in known_hosts files.
    var knownHostsName: String { hostKeyAlias ?? address }
}

/// A host on the way to another.
public struct SSHJump: Sendable, Equatable {
    /// What the configuration calls it.
    public var name: String
    /// Where it is, and which keys are known for it.
    public var target: SSHTarget
}

/// A destination as a user writes it: `[user@]address[:port]`, an IPv6 address with a port in brackets.
struct SSHDestination: Equatable {
    var user: String?
    var address: String
    var port: Int?

    /// Takes a destination apart; throws `invalidArgument` when it is none, or could pass for an option of a command.
    init(_ text: String, host: String) throws {
        func invalid(_ reason: String) -> RemoteHostError {
            RemoteHostError(
                .invalidArgument,
                host: host,
                "'\(text)' is no SSH destination (\(reason)): write [user@]address[:port]"
            )
        }
        var rest = text[...]
        if let at = rest.lastIndex(of: "@") {
            let user = String(rest[..<at])
            guard !user.isEmpty else { throw invalid("the user is empty") }
            guard !user.hasPrefix("-") else { throw invalid("the user begins with '-'") }
            self.user = user
            rest = rest[rest.index(after: at)...]
        }
        var portText: Substring?
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            let behind = rest[rest.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw invalid("text after ']'") }
            if !behind.isEmpty { portText = behind.dropFirst() }
            rest = rest[rest.index(after: rest.startIndex)..<end]
        } else if rest.filter({ $0 == ":" }).count == 1, let colon = rest.firstIndex(of: ":") {
            portText = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
        }
        if let portText {
            guard let port = UInt16(portText), port > 0 else { throw invalid("the port is no number from 1 to 65535") }
            self.port = Int(port)
        }
        let isOdd = rest.contains { $0.isWhitespace || $0 == "/" || !$0.isASCII }
        guard !rest.isEmpty, !rest.hasPrefix("-"), !isOdd else { throw invalid("the address is no name or number") }
        self.address = String(rest)
    }
}
