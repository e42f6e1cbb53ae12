extension SSHConnector {
    /// The error for a host key that is not to be trusted: it must let its reader do the right thing.
    func refused(_ key: PublicKey, _ verdict: HostKeyVerdict, _ pinned: PinnedHostKey?) -> RemoteHostError {
        switch verdict {
        case .unknown(let authorities): unknown(key, authorities)
        case .revoked(let file, let line):
            RemoteHostError(
                .hostKeyRevoked,
                host: host,
                "THE HOST KEY \(key.summary) IS REVOKED (\(file) line \(line)): nothing was sent. Whoever holds "
                    + "a revoked key may not be the host; ask its owner for the new one"
            )
        case .changed(let known):
            if let pinned { differs(key, from: pinned) } else { changed(key, known) }
        case .trusted:
            RemoteHostError(.hostKeyUnknown, host: host, "the host key \(key.summary) was trusted after all")
        }
    }

    private var place: String {
        target.port == 22 ? target.knownHostsName : "[\(target.knownHostsName)]:\(target.port)"
    }

    private var firstFile: String { target.knownHostsFiles.first ?? "~/.ssh/known_hosts" }

    private func unknown(_ key: PublicKey, _ authorities: [KnownHosts.Answer.Located]) -> RemoteHostError {
        var text =
            "the host key of \(place) is not known: it showed \(key.summary). Compare this fingerprint with the one "
            + "on the host's console or from its owner; if they are the same, accept it with\n  "
        if target.hostKeyAlias == nil, target.proxy == nil {
            text +=
                "ssh-keyscan -t \(key.shortType) -p \(target.port) \(target.address) >> \(ShellQuoting.word(firstFile))"
        } else {
            text += "\"hostKey\": \"\(key.fingerprint)\" in the host's entry"
        }
        if let authority = authorities.first {
            text +=
                "\n(\(authority.file) line \(authority.line) trusts a certificate authority for it, but libssh2 "
                + "checks no host certificates)"
        }
        return RemoteHostError(.hostKeyUnknown, host: host, text)
    }

    private func changed(_ key: PublicKey, _ known: [KnownHosts.Answer.Located]) -> RemoteHostError {
        let list = known.map { "\($0.key.summary) (\($0.file) line \($0.line))" }.joined(separator: ", ")
        let file = known.first?.file ?? firstFile
        return RemoteHostError(
            .hostKeyChanged,
            host: host,
            "THE HOST KEY OF \(place) HAS CHANGED: known is \(list), it showed \(key.summary). Nothing was sent. "
                + "Somebody may stand in between, or the host was set up anew. Only if its owner confirms the new "
                + "fingerprint, forget the old key with\n  ssh-keygen -R \(ShellQuoting.word(place)) -f "
                + "\(ShellQuoting.word(file))"
        )
    }

    private func differs(_ key: PublicKey, from pinned: PinnedHostKey) -> RemoteHostError {
        RemoteHostError(
            .hostKeyChanged,
            host: host,
            "THE HOST KEY OF \(place) IS NOT THE PINNED ONE: pinned is \(pinned.fingerprint), it showed "
                + "\(key.summary). Nothing was sent. Somebody may stand in between, or the host was set up anew; only "
                + "if its owner confirms the new fingerprint, put it into the host's \"hostKey\""
        )
    }
}
