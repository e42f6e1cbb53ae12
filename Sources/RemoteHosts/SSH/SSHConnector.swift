import CLibSSH2
import Foundation

/// Connects, checks the host's key, and logs in: after it, a session is ready for commands.
struct SSHConnector {
    let host: String
    let target: SSHTarget
    let options: SSHOptions
    let wake: WakePipe
    /// What the configuration calls the target when that is a host on the way to another.
    var jumpName: String?

    static let everyKeyType = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]

    /// Opens a session; nothing but the handshake is sent before the host's key is found to be the right one.
    ///
    /// Where a key needs a passphrase, the connection is given up while its user is asked, and made anew afterwards.
    func open() throws -> (session: SSHSession, facts: ConnectionFacts) {
        var passphrases = PassphraseAnswers()
        var mayAskAgain = options.passphrases != nil
        while true {
            do {
                return try open(passphrases, mayAskAgain: mayAskAgain)
            } catch let need as PassphraseNeeded {
                guard let store = options.passphrases else { throw need }
                let isAnswered = passphrases.ask(store, for: need)
                try Task.checkCancellation()
                if !isAnswered { mayAskAgain = false }
            }
        }
    }

    private func open(
        _ passphrases: PassphraseAnswers,
        mayAskAgain: Bool
    ) throws -> (session: SSHSession, facts: ConnectionFacts) {
        let limits = SSHLimits(host: host, activity: "connecting", timeout: options.connectTimeout)
        let pinned = try readPin()
        let known = readKnownHosts()
        var refusal: RemoteHostError?
        for types in keyTypesToAskFor(pinned, known) {
            let session: SSHSession
            let address: String
            do {
                (session, address) = try shakeHands(keyTypes: types, limits)
            } catch let error as RemoteHostError where error.code == .noCommonAlgorithm && refusal != nil {
                continue
            }
            let key = try hostKey(of: session)
            switch judge(key, pinned, known) {
            case .trusted(let trust):
                var login = SSHLogin(
                    session: session,
                    target: target,
                    options: options,
                    limits: limits,
                    passphrases: passphrases,
                    mayAskAgain: mayAskAgain
                )
                let authentication: String
                do { authentication = try login.authenticate() } catch let need as PassphraseNeeded {
                    session.disconnect()
                    throw need
                }
                return (session, facts(session, address: address, key: key, trust: trust, authentication))
            case let verdict:
                session.disconnect()
                // Another key of the host's, not the pinned one either, is no better news than a revoked one.
                if refusal?.code != .hostKeyRevoked { refusal = refused(key, verdict, pinned) }
            }
        }
        throw refusal ?? RemoteHostError(.hostKeyUnknown, host: host, "no host key was shown")
    }

    // MARK: Whom to trust

    private func readPin() throws -> PinnedHostKey? {
        guard let text = target.hostKey else { return nil }
        guard let pin = PinnedHostKey(text) else {
            throw RemoteHostError(
                .invalidArgument,
                host: host,
                "hostKey \(SSHTarget.fault(ofHostKey: text) ?? "cannot be read")"
            )
        }
        return pin
    }

    private func readKnownHosts() -> KnownHosts {
        KnownHosts(
            files: target.knownHostsFiles.compactMap { path in
                FileManager.default.contents(atPath: path).map { (path, String(decoding: $0, as: UTF8.self)) }
            }
        )
    }

    /// The lists of host key types to ask for, one handshake each until a key is the right one.
    ///
    /// The server shows a key of the first type on the list that it has. So the types known come first, or a known key
    /// would never be seen. A fingerprint alone does not tell its type: the types are tried one by one.
    private func keyTypesToAskFor(_ pinned: PinnedHostKey?, _ known: KnownHosts) -> [[String]] {
        let all = Self.everyKeyType
        if let pinned, pinned.type == nil { return [all] + [Array(all[1...3]), [all[4]]] }
        let preferred =
            pinned?.type.map { [$0] } ?? known.keyTypes(name: target.knownHostsName, port: target.port)
        return [all.filter { preferred.contains($0) } + all.filter { !preferred.contains($0) }]
    }

    private func judge(_ key: PublicKey, _ pinned: PinnedHostKey?, _ known: KnownHosts) -> HostKeyVerdict {
        let verdict = known.judge(key, name: target.knownHostsName, port: target.port)
        guard let pinned else { return verdict }
        // A pin vouches for a key; whoever has revoked that key knows more.
        if case .revoked = verdict { return verdict }
        return pinned.matches(key) ? .trusted(.pinned) : .changed(known: [])
    }

    // MARK: The handshake

    private func shakeHands(keyTypes: [String], _ limits: SSHLimits) throws -> (SSHSession, String) {
        let (socket, address, proxy) = try dial(limits)
        let session = try SSHSession(host: host, socket: socket, wake: wake, options: options, proxy: proxy)
        session.beginActivity()
        let methods = keyTypes.flatMap { $0 == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [$0] }
        let preference = libssh2_session_method_pref(
            session.handle,
            Int32(LIBSSH2_METHOD_HOSTKEY),
            methods.joined(separator: ",")
        )
        guard preference == 0 else { throw session.failure(preference, "choosing host key types") }
        let code = try session.call(limits) { libssh2_session_handshake(session.handle, socket) }
        switch code {
        case 0:
            return (session, address)
        case LIBSSH2_ERROR_KEX_FAILURE:
            throw RemoteHostError(
                .noCommonAlgorithm,
                host: host,
                "\(SSHLibrary.name) and the server have no algorithms in common (host key types asked for: "
                    + "\(methods.joined(separator: ", ")))"
                    + (SSHLibrary.isCurrent
                        ? ": allow curve25519-sha256 and an Ed25519, ECDSA or RSA host key in the server's "
                            + "configuration"
                        : ". This version cannot do RSA with SHA-2, AES-GCM, ChaCha20 or encrypt-then-MAC: install "
                            + "libssh2 1.11.1 or later")
            )
        default:
            let failure = session.failure(code, "shaking hands with \(target.address) port \(target.port)")
            if let way = target.proxy, let proxy {
                let complaint = proxy.complaint()
                if complaint.contains("Host key verification failed"), let refusal = refusalOnTheWay(limits) {
                    throw refusal
                }
                throw RemoteHostError(
                    .unreachable,
                    host: host,
                    "\(target.address) port \(target.port) was not reached \(way.summary)"
                        + (complaint.isEmpty ? "" : ": \(complaint)"),
                    cause: failure
                )
            }
            throw RemoteHostError(
                .unreachable,
                host: host,
                "something listens on \(target.address) port \(target.port), but no SSH session came about: is "
                    + "it an SSH server, and does it accept connections from here?",
                cause: failure
            )
        }
    }

    /// What is wrong with the key of a host on the way, which `ssh` has refused with fewer words; nil when nothing is, as
    /// far as can be seen from here.
    private func refusalOnTheWay(_ limits: SSHLimits) -> RemoteHostError? {
        for jump in target.jumps {
            let connector = SSHConnector(
                host: host,
                target: jump.target,
                options: options,
                wake: wake,
                jumpName: jump.name
            )
            if let refusal = connector.refusal(limits) { return refusal }
        }
        return nil
    }

    /// Looks at the host's key without logging in; nil when it is trusted, or cannot be seen.
    private func refusal(_ limits: SSHLimits) -> RemoteHostError? {
        let known = readKnownHosts()
        guard let types = keyTypesToAskFor(nil, known).first,
            let session = try? shakeHands(keyTypes: types, limits).0
        else { return nil }
        defer { session.disconnect() }
        guard let key = try? hostKey(of: session) else { return nil }
        let verdict = judge(key, nil, known)
        if case .trusted = verdict { return nil }
        return refused(key, verdict, nil)
    }

    /// A connection to the host's server: directly, or by the program that leads to it.
    private func dial(_ limits: SSHLimits) throws -> (socket: Int32, address: String, proxy: ProxyProcess?) {
        if let way = target.proxy {
            let (process, socket) = try ProxyProcess.start(try way.arguments(for: target, host: host), host: host)
            return (socket, "\(target.address) \(way.summary)", process)
        }
        let dialer = TCPDialer(host: host, wake: wake, limits: limits, notice: options.notice)
        let (socket, address) = try dialer.dial(target.address, port: target.port)
        return (socket, address, nil)
    }

    private func hostKey(of session: SSHSession) throws -> PublicKey {
        var length = 0
        var type: Int32 = 0
        guard let bytes = libssh2_session_hostkey(session.handle, &length, &type),
            let key = PublicKey(blob: [UInt8](UnsafeRawBufferPointer(start: bytes, count: length)))
        else { throw RemoteHostError(.unreachable, host: host, "the server showed no host key that can be read") }
        return key
    }

    private func facts(
        _ session: SSHSession,
        address: String,
        key: PublicKey,
        trust: ConnectionFacts.Trust,
        _ authentication: String
    ) -> ConnectionFacts {
        let banner = libssh2_session_banner_get(session.handle).map { String(cString: $0) } ?? ""
        return ConnectionFacts(
            name: host,
            address: address,
            port: target.port,
            user: target.user,
            hostKeyType: key.type,
            hostKeyFingerprint: key.fingerprint,
            trust: trust,
            authentication: authentication,
            library: SSHLibrary.name,
            serverBanner: banner.condensed(to: 100),
            warnings: SSHLibrary.warnings
        )
    }
}
