import Foundation

extension SSHConnector {
    /// The error for a host key that is not to be trusted: it must let its reader do the right thing.
    func refused(_ key: PublicKey, _ verdict: HostKeyVerdict, _ pinned: PinnedHostKey?) -> RemoteHostError {
        switch verdict {
        case .unknown(let authorities): unknown(key, authorities)
        case .revoked(let file, let line):
            RemoteHostError(
                .hostKeyRevoked,
                host: host,
                "\(onTheWay)THE HOST KEY \(key.summary) IS REVOKED (\(file) line \(line)): nothing was sent. Whoever holds "
                    + "a revoked key may not be the host; ask its owner for the new one"
            )
        case .changed(let known):
            if let pinned {
                SSHLibrary.canCheck(hostKeyType: pinned.type) ? differs(key, from: pinned) : uncheckable(key, pinned)
            } else {
                known.contains { SSHLibrary.canCheck(hostKeyType: $0.key.type) }
                    ? changed(key, known) : uncheckable(key, known)
            }
        case .trusted:
            RemoteHostError(.hostKeyUnknown, host: host, "the host key \(key.summary) was trusted after all")
        }
    }

    /// Words before those about the key, when it is not the host's own.
    private var onTheWay: String { jumpName.map { "on the way, at the jump host \($0): " } ?? "" }

    private var place: String {
        target.port == 22 ? target.knownHostsName : "[\(target.knownHostsName)]:\(target.port)"
    }

    private var firstFile: String { target.knownHostsFiles.first ?? "~/.ssh/known_hosts" }

    private func unknown(_ key: PublicKey, _ authorities: [KnownHosts.Answer.Located]) -> RemoteHostError {
        var text =
            "\(onTheWay)the host key of \(place) is not known: it showed \(key.summary).\n  Compare this fingerprint with the one "
            + "on the host's console or from its owner; if they are the same, accept it with\n    "
        text += acceptance(of: key, in: firstFile)
        if let authority = authorities.first {
            text +=
                "\n(\(authority.file) line \(authority.line) trusts a certificate authority for it, but libssh2 "
                + "checks no host certificates)"
        }
        return RemoteHostError(.hostKeyUnknown, host: host, text)
    }

    /// What makes a key known, once its fingerprint was compared.
    private func acceptance(of key: PublicKey, in file: String) -> String {
        guard target.hostKeyAlias == nil, target.proxy == nil else {
            // The key that was shown, whole: nobody need ask for it again.
            let line = "\(place) \(key.type) \(Data(key.blob).base64EncodedString())"
            if jumpName != nil { return "echo \(ShellQuoting.quote(line)) >> \(ShellQuoting.word(file))" }
            return "\"hostKey\": \"\(key.fingerprint)\" in the host's entry"
        }
        let folder = URL(filePath: file).deletingLastPathComponent().path
        let making =
            FileManager.default.fileExists(atPath: folder) ? "" : "mkdir -m 700 -p \(ShellQuoting.word(folder)) && "
        return making
            + "ssh-keyscan -t \(key.shortType) -p \(target.port) \(target.address) >> \(ShellQuoting.word(file))"
    }

    /// The host is known, but only by keys that this libssh2 cannot ask for: the key that it showed proves nothing, and
    /// is no sign of a change either.
    private func uncheckable(_ key: PublicKey, _ known: [KnownHosts.Answer.Located]) -> RemoteHostError {
        let list = known.map { "\($0.key.summary) (\($0.file) line \($0.line))" }.joined(separator: ", ")
        return RemoteHostError(
            .hostKeyUnknown,
            host: host,
            "\(onTheWay)of \(place), only its \(types(known.map(\.key.type))) key is known, which \(SSHLibrary.name) cannot use: "
                + "\(list). It showed \(key.summary).\n  Compare this fingerprint with the one on the host's console or "
                + "from its owner; if they are the same, add it with\n    "
                + acceptance(of: key, in: known.first?.file ?? firstFile)
        )
    }

    private func uncheckable(_ key: PublicKey, _ pinned: PinnedHostKey) -> RemoteHostError {
        RemoteHostError(
            .hostKeyUnknown,
            host: host,
            "of \(place), the \(types([pinned.type ?? ""])) key is pinned (\(pinned.fingerprint)), which "
                + "\(SSHLibrary.name) cannot use. It showed \(key.summary).\n  Compare this fingerprint with the one on the "
                + "host's console or from its owner; if they are the same, pin it instead:\n    "
                + "\"hostKey\": \"\(key.fingerprint)\" in the host's entry"
        )
    }

    private func types(_ types: [String]) -> String {
        Set(types.map { $0 == "ssh-rsa" ? "RSA" : $0 }).sorted().joined(separator: " and ")
    }

    private func changed(_ key: PublicKey, _ known: [KnownHosts.Answer.Located]) -> RemoteHostError {
        let list = known.map { "\($0.key.summary) (\($0.file) line \($0.line))" }.joined(separator: ", ")
        let file = known.first?.file ?? firstFile
        return RemoteHostError(
            .hostKeyChanged,
            host: host,
            "\(onTheWay)THE HOST KEY OF \(place) HAS CHANGED: known is \(list), it showed \(key.summary). Nothing was sent.\n  "
                + "Somebody may stand in between, or the host was set up anew. Only if its owner confirms the new "
                + "fingerprint, forget the old key with\n    ssh-keygen -R \(ShellQuoting.word(place)) -f "
                + "\(ShellQuoting.word(file))"
        )
    }

    private func differs(_ key: PublicKey, from pinned: PinnedHostKey) -> RemoteHostError {
        RemoteHostError(
            .hostKeyChanged,
            host: host,
            "THE HOST KEY OF \(place) IS NOT THE PINNED ONE: pinned is \(pinned.fingerprint), it showed "
                + "\(key.summary). Nothing was sent.\n  Somebody may stand in between, or the host was set up anew; only "
                + "if its owner confirms the new fingerprint, put it into the host's \"hostKey\""
        )
    }
}
