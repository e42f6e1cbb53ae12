import CLibSSH2
import Foundation

/// Logs a user in by public key: the keys given, else those of the agent, else the usual files.
struct SSHLogin {
    let session: SSHSession
    let target: SSHTarget
    let options: SSHOptions
    let limits: SSHLimits
    /// The passphrases that were asked for.
    let passphrases: PassphraseAnswers
    /// Whether somebody can still be asked for another passphrase than a wrong one.
    let mayAskAgain: Bool
    /// What was tried in vain, or passed over, and why: the message needs it.
    private var attempts: [String] = []

    /// A server's `MaxAuthTries` is 6 by default: beyond it there is no error, only a closed connection.
    private static let agentKeyLimit = 5

    init(
        session: SSHSession,
        target: SSHTarget,
        options: SSHOptions,
        limits: SSHLimits,
        passphrases: PassphraseAnswers,
        mayAskAgain: Bool
    ) {
        self.session = session
        self.target = target
        self.options = options
        self.limits = limits
        self.passphrases = passphrases
        self.mayAskAgain = mayAskAgain
    }

    /// Logs in and returns what with.
    ///
    /// Throws `keyUnusable` for a key that was asked for and cannot be used, and `PassphraseNeeded`.
    mutating func authenticate() throws -> String {
        let agent = SSHAgent(session: session, socketPath: agentSocket)
        defer { agent?.close() }
        let how =
            target.identityFiles.isEmpty
            ? try tryAgentThenUsualFiles(agent) : try tryGivenFiles(agent)
        guard let how else { throw refused() }
        return how
    }

    private var agentSocket: String? {
        if target.agentSocket == "none" { return nil }
        return target.agentSocket ?? ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"]
    }

    // MARK: Which keys

    private mutating func tryGivenFiles(_ agent: SSHAgent?) throws -> String? {
        for path in target.identityFiles {
            if let key = publicKey(ofPublicFile: path) {
                // A public key names the agent's identity to use.
                guard let agent, agent.keys.contains(key) else {
                    throw RemoteHostError(
                        .keyUnusable,
                        host: session.host,
                        "\(path) is a public key, and no agent holds its private half: name the private key's file"
                    )
                }
                if let how = try tryAgent(agent, key) { return how }
                continue
            }
            let file = try PrivateKeyFile(path: path, host: session.host)
            if let reason = unusable(file.type) {
                throw RemoteHostError(.keyUnusable, host: session.host, "\(file.summary): \(reason)")
            }
            if let key = file.publicKey, let agent, agent.keys.contains(key) {
                if let how = try tryAgent(agent, key) { return how }
            } else if let how = try tryFile(file) {
                return how
            }
        }
        return nil
    }

    private mutating func tryAgentThenUsualFiles(_ agent: SSHAgent?) throws -> String? {
        let home = options.homeDirectory ?? NSHomeDirectory()
        let files = ["id_ed25519", "id_ecdsa", "id_rsa"].map { home + "/.ssh/" + $0 }
            .filter { FileManager.default.fileExists(atPath: $0) }
            .compactMap { try? PrivateKeyFile(path: $0, host: session.host) }
        let ownKeys = files.compactMap(\.publicKey)
        let agentKeys = agent?.keys ?? []
        let ordered = agentKeys.filter(ownKeys.contains) + agentKeys.filter { !ownKeys.contains($0) }
        var tried = 0
        for key in ordered {
            guard let agent else { break }
            if let reason = unusable(key.type) {
                attempts.append("\(key.summary) from the agent (\(reason))")
                continue
            }
            guard tried < Self.agentKeyLimit else {
                attempts.append(
                    "the agent's other keys were not tried, since servers hang up after 6: name one with identityFile"
                )
                return nil
            }
            tried += 1
            if let how = try tryAgent(agent, key) { return how }
        }
        for file in files {
            if let key = file.publicKey, agentKeys.contains(key) { continue }
            if let reason = unusable(file.type) {
                attempts.append("\(file.summary) (\(reason))")
            } else if let how = try tryFile(file) {
                return how
            }
        }
        return nil
    }

    private func publicKey(ofPublicFile path: String) -> PublicKey? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else { return nil }
        return PublicKey(line: String(decoding: data, as: UTF8.self))
    }

    /// Why libssh2 cannot use keys of a type; nil when it can.
    private func unusable(_ type: String?) -> String? {
        guard let type else { return nil }
        if type.hasPrefix("sk-") { return "libssh2 cannot use keys on a security token: use an Ed25519 key in a file" }
        if type.contains("-cert-") { return "libssh2 cannot use certificates" }
        if type == "ssh-rsa", !SSHLibrary.isCurrent {
            return "\(SSHLibrary.name) cannot use RSA keys with servers of today: make an Ed25519 key (ssh-keygen -t "
                + "ed25519) and put it on the host, or install libssh2 1.11.1 or later"
        }
        return nil
    }

    // MARK: One key

    private mutating func tryAgent(_ agent: SSHAgent, _ key: PublicKey) throws -> String? {
        let code = try session.call(limits) { agent.authenticate(user: target.user, key: key) }
        return try conclude(code, "\(key.summary) from the agent")
    }

    private mutating func tryFile(_ file: PrivateKeyFile) throws -> String? {
        if let reason = file.exposure {
            guard target.identityFiles.isEmpty else {
                throw RemoteHostError(.keyUnusable, host: session.host, "\(file.summary): \(reason)")
            }
            attempts.append("\(file.summary) (\(reason))")
            return nil
        }
        var passphrase: String?
        if file.isEncrypted {
            if let answer = passphrases[file.path] {
                passphrase = answer
            } else if options.passphrases != nil {
                throw PassphraseNeeded(file: file, wrong: nil)
            }
            guard passphrase != nil else {
                let reason =
                    "it is encrypted and no passphrase was given: add it to the agent with ssh-add \(file.path)"
                guard target.identityFiles.isEmpty else {
                    throw RemoteHostError(.keyUnusable, host: session.host, "\(file.summary): \(reason)")
                }
                attempts.append("\(file.summary) (\(reason))")
                return nil
            }
        }
        let code = try session.call(limits) {
            libssh2_userauth_publickey_fromfile_ex(
                session.handle,
                target.user,
                UInt32(target.user.utf8.count),
                nil,
                file.path,
                passphrase
            )
        }
        if code == LIBSSH2_ERROR_FILE {
            if let passphrase, mayAskAgain { throw PassphraseNeeded(file: file, wrong: passphrase) }
            throw RemoteHostError(
                .keyUnusable,
                host: session.host,
                file.cipher.map {
                    "\(file.summary): the passphrase is wrong, or \(SSHLibrary.name) cannot read the cipher \($0)"
                }
                    ?? "\(file.summary): \(SSHLibrary.name) cannot read this file"
            )
        }
        return try conclude(code, file.summary)
    }

    /// The key's description when the server let the user in, nil when it refused this key.
    private mutating func conclude(_ code: Int32, _ description: String) throws -> String? {
        switch code {
        case 0: return description
        case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
            attempts.append("\(description) (refused)")
            return nil
        case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED where libssh2_session_last_errno(session.handle) == code:
            // What is really behind this: the server hung up after too many keys.
            attempts.append("\(description) (the server hung up)")
            throw refused()
        default:
            throw session.failure(code, "logging in with \(description)")
        }
    }

    private func refused() -> RemoteHostError {
        let methods = (try? offeredMethods()) ?? "unknown"
        let tried =
            attempts.isEmpty
            ? "there was no key to try, neither in an agent nor in ~/.ssh" : attempts.joined(separator: ", ")
        return RemoteHostError(
            .authenticationFailed,
            host: session.host,
            "\(target.user)@\(target.address) port \(target.port) let nobody in: \(tried). The server offers: "
                + "\(methods). Check the user's name and that the key stands in its authorized_keys"
        )
    }

    private func offeredMethods() throws -> String? {
        while true {
            try limits.check()
            if let list = libssh2_userauth_list(session.handle, target.user, UInt32(target.user.utf8.count)) {
                return String(cString: list).condensed(to: 200)
            }
            guard libssh2_session_last_errno(session.handle) == LIBSSH2_ERROR_EAGAIN else { return nil }
            try session.wait(limits)
        }
    }
}
