import Foundation

/// One host's sshd on a loopback port, run as the current user.
struct SecureShellServer: Sendable {
    private static let attempts = 3

    /// The port that it listens on.
    let port: Int
    /// The host key as known_hosts would have it: type and key.
    let hostKey: String
    /// The process.
    let process: GuardedProcess

    /// Makes a host key, starts sshd, and returns once it greets.
    ///
    /// - Parameters:
    ///   - host: the host's name, and that of its folder.
    ///   - shell: programs and keys.
    ///   - directory: the world's directory.
    ///   - place: loopback, or the host's namespace.
    /// - Throws: `LabError` `notReady` with the end of sshd's log.
    static func start(
        _ host: String,
        _ shell: SecureShell,
        in directory: LabDirectory,
        place: ServerPlace = .loopback
    ) async throws -> Self {
        let key = directory.path("\(host)/host_key")
        _ = try await shell.keygen.run(["-q", "-t", "ed25519", "-N", "", "-C", host, "-f", key])
        let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        let hostKey = publicKey.split(separator: " ").prefix(2).joined(separator: " ")
        let log = directory.path("\(host)/sshd.log")
        // The port is chosen before sshd takes it, so another process may be faster: then with another one.
        for _ in 0..<attempts {
            let port = try place.port(22, .tcp)
            let text = configuration(host, place.listenAddress, port, shell, directory)
            try directory.write(text, to: "\(host)/sshd.conf")
            let command = place.wrap(shell.sshd.path, ["-D", "-e", "-f", directory.path("\(host)/sshd.conf")])
            let process = try GuardedProcess(
                command.executable,
                command.arguments,
                folder: directory.path(host),
                environment: UserAccount.environment,
                log: log
            )
            let pidFile = directory.path("\(host)/sshd.pid")
            let isReady = try await Readiness.wait {
                // The pid file tells this sshd from a stranger on its port.
                let ended = !process.isRunning
                guard !ended else { return true }
                guard FileManager.default.fileExists(atPath: pidFile) else { return false }
                // From here a namespace's ports cannot be reached; sshd listens before it writes the file.
                guard case .loopback = place else { return true }
                return Readiness.greets("SSH-2.0-", port: port)
            }
            if isReady, process.isRunning { return Self(port: port, hostKey: hostKey, process: process) }
            process.stop()
        }
        throw LabError(.notReady, "\(host)'s sshd did not come up: \(Readiness.lastWords(log))")
    }

    private static func configuration(
        _ host: String,
        _ address: String,
        _ port: Int,
        _ shell: SecureShell,
        _ directory: LabDirectory
    ) -> String {
        func quoted(_ path: String) -> String { "\"\(path)\"" }
        let lines = [
            "ListenAddress \(address)",
            "Port \(port)",
            "HostKey \(quoted(directory.path("\(host)/host_key")))",
            "PidFile \(quoted(directory.path("\(host)/sshd.pid")))",
            // Percent signs stand for other things in this one.
            "AuthorizedKeysFile \(quoted(shell.authorizedKeysFile.replacingOccurrences(of: "%", with: "%%")))",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            // The world may lie below /tmp, whose permissions sshd does not like; its own directory is closed to
            // others.
            "StrictModes no",
            "MaxStartups 100:30:200",
            "MaxSessions 100",
            "PrintMotd no",
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
        ]
        return (lines + (shell.hasPenalties ? ["PerSourcePenalties no"] : [])).joined(separator: "\n") + "\n"
    }
}
