import Foundation

/// OpenSSH's programs, and the key with which the world's user logs in.
struct SecureShell: Sendable {
    let sshd: Tool
    let keygen: Tool
    let account: UserAccount
    /// Whether sshd punishes addresses that connect and say nothing, as a readiness check does (since 9.8).
    let hasPenalties: Bool
    /// The private key.
    let identityFile: String
    let authorizedKeysFile: String

    /// Finds the programs and makes the key.
    init(in directory: LabDirectory) async throws {
        sshd = try Tool("sshd", package: (apt: "openssh-server", brew: "openssh"))
        keygen = try Tool("ssh-keygen", package: (apt: "openssh-client", brew: "openssh"))
        account = try UserAccount.current()
        // Unknown to older versions: they show how they want to be called, and the version on the way.
        let version = try await sshd.outcome(of: ["-V"])
        hasPenalties = Self.isAtLeast(9.08, version.errors + version.output)
        identityFile = directory.path("user_key")
        authorizedKeysFile = directory.path("authorized_keys")
        _ = try await keygen.run(["-q", "-t", "ed25519", "-N", "", "-C", "latexp-lab", "-f", identityFile])
        let publicKey = try String(contentsOfFile: identityFile + ".pub", encoding: .utf8)
        try directory.write(publicKey, to: "authorized_keys")
        if account.isRoot { try Self.makePrivilegeSeparationDirectory() }
    }

    /// Whether `OpenSSH_9.8p1 …` names at least a version, with two digits for the minor one: 9.08.
    private static func isAtLeast(_ wanted: Double, _ text: String) -> Bool {
        guard let match = text.firstMatch(of: /OpenSSH_(\d+)\.(\d+)/),
            let major = Double(match.1), let minor = Double(match.2)
        else { return false }
        return major + minor / 100 >= wanted
    }

    /// Debian's sshd refuses to start as root without it; usually the service's start makes it.
    private static func makePrivilegeSeparationDirectory() throws {
        #if os(Linux)
            guard !FileManager.default.fileExists(atPath: "/run/sshd") else { return }
            do {
                try FileManager.default.createDirectory(
                    atPath: "/run/sshd",
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o755]
                )
            } catch {
                throw LabError(.system, "cannot make /run/sshd, which sshd needs as root: \(error)", cause: error)
            }
        #endif
    }
}
