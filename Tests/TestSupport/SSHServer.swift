import Foundation

/// A real OpenSSH server on a loopback port, run for one test; it and all that it started ends with the test.
///
/// Works as root and as an ordinary user, who can then log in alone. Everything lies in a directory of its own.
public final class SSHServer: Sendable {
    /// What a test may want to be different.
    public struct Options: Sendable {
        /// The host key types, in the order in which the server lists them.
        public var hostKeyTypes: [String]
        /// Lines for `sshd_config`, before all others: the first line for a keyword counts.
        public var configuration: [String]
        /// A program with arguments that starts sshd, if it shall not be started directly, and turns into it.
        public var launcher: [String]

        /// Makes options.
        public init(
            hostKeyTypes: [String] = ["ecdsa", "ed25519"],
            configuration: [String] = [],
            launcher: [String] = []
        ) {
            self.launcher = launcher
            self.hostKeyTypes = hostKeyTypes
            self.configuration = configuration
        }
    }

    /// Where everything of this server lies; the test may put its own files there.
    public let directory: String
    /// The port on 127.0.0.1.
    public let port: Int
    /// The user who can log in: the one who runs the tests.
    public let user: String
    private let processes: SSHServerProcesses

    /// An Ed25519 private key without passphrase that the server accepts.
    public var userKey: String { directory + "/user_ed25519" }
    /// The file of public keys that the server accepts.
    public var authorizedKeys: String { directory + "/authorized_keys" }

    /// Runs a server for as long as `body` runs.
    public static func with<Value>(
        _ options: Options = Options(),
        _ body: (SSHServer) async throws -> Value
    ) async throws -> Value {
        let server = try await SSHServer(options)
        do {
            let value = try await body(server)
            await server.remove()
            return value
        } catch {
            await server.remove()
            throw error
        }
    }

    private init(_ options: Options) async throws {
        let name = "latexp-sshd-" + String(UInt64.random(in: .min ... .max), radix: 36)
        self.directory = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(name).path
        self.user = NSUserName()
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        for type in options.hostKeyTypes {
            try await SSHServerTools.makeKey(type, at: "\(directory)/host_\(type)")
        }
        try await SSHServerTools.makeKey("ed25519", at: directory + "/user_ed25519")
        try FileManager.default.copyItem(
            atPath: directory + "/user_ed25519.pub",
            toPath: directory + "/authorized_keys"
        )
        if getuid() == 0 {
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        // Between choosing a port and using it, somebody else may take it.
        for attempt in 1... {
            let port = try SSHServerTools.freePort()
            try Self.configuration(directory, port, options).write(
                toFile: directory + "/sshd_config",
                atomically: true,
                encoding: .utf8
            )
            let processes = SSHServerProcesses(directory: directory, port: port, launcher: options.launcher)
            do {
                try await processes.start()
                self.port = port
                self.processes = processes
                return
            } catch  where attempt < 5 {
                continue
            }
        }
        fatalError("not reached: the last attempt throws")
    }

    private static func configuration(_ directory: String, _ port: Int, _ options: Options) -> String {
        let lines =
            options.configuration + [
                "Port \(port)",
                "ListenAddress 127.0.0.1",
                "PidFile \(directory)/sshd.pid",
                "AuthorizedKeysFile \(directory)/authorized_keys",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "UsePAM no",
                "StrictModes no",
                "UseDNS no",
                "MaxStartups 100:30:200",
                "LogLevel VERBOSE",
                "Subsystem sftp internal-sftp",
            ] + options.hostKeyTypes.map { "HostKey \(directory)/host_\($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A host key as `ssh-ed25519 AAAA…`.
    public func hostKey(_ type: String) throws -> String {
        let text = try String(contentsOfFile: "\(directory)/host_\(type).pub", encoding: .utf8)
        return text.split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// A known_hosts file of this server's directory with these lines.
    public func knownHosts(_ lines: String...) throws -> String {
        let path = directory + "/known_hosts_" + String(UInt32.random(in: .min ... .max), radix: 36)
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// What the server has logged.
    public func log() -> String {
        (try? String(contentsOfFile: directory + "/sshd.log", encoding: .utf8)) ?? ""
    }

    /// Kills the server and its sessions at once, as a machine that goes down does.
    public func kill() async throws { try await processes.kill() }

    /// Stops the server and its sessions without ending them, as a machine that hangs does.
    public func freeze() async throws { try await processes.signalAll(SIGSTOP) }

    /// Lets a frozen server go on.
    public func thaw() async throws { try await processes.signalAll(SIGCONT) }

    /// Starts a killed server again, on the same port.
    public func start() async throws { try await processes.start() }

    private func remove() async {
        try? await processes.signalAll(SIGCONT)
        try? await processes.kill()
        try? FileManager.default.removeItem(atPath: directory)
    }
}

/// Why a server could not be made, and what to do about it.
public struct SSHServerError: Error, CustomStringConvertible {
    /// What happened and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
