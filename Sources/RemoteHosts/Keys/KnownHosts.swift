import Foundation

/// The host keys that known_hosts files vouch for, read as OpenSSH reads them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
///
/// libssh2's own matcher ignores `@revoked`, wildcards and certificate authorities and stumbles over CRLF.
struct KnownHosts: Sendable {
    private let entries: [KnownHostsEntry]

    /// Reads the text of files, in the order in which they count; lines that make no sense are passed over.
    init(files: [(path: String, text: String)]) {
        self.entries = files.flatMap { file in
            // By scalars: a line feed after a carriage return is one character, and would not be found.
            file.text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                .compactMap {
                    KnownHostsEntry(line: String(Substring($0.element)), file: file.path, number: $0.offset + 1)
                }
        }
    }

    /// What is known about a host.
    struct Answer: Sendable, Equatable {
        /// Plain keys that lines give for the host.
        var keys: [Located] = []
        /// Keys that are marked as revoked for it.
        var revoked: [Located] = []
        /// Certificate authorities for it: they cannot be used, since libssh2 checks no host certificates.
        var authorities: [Located] = []

        struct Located: Sendable, Equatable {
            let key: PublicKey
            let file: String
            let line: Int
        }
    }

    /// What the files say about a host reached by `name` and `port`.
    ///
    /// On another port than 22, a host is known as `[name]:port`. Like OpenSSH, a plain `name` counts there, too, but
    /// only when nothing is known under the longer name, and only to trust a key, never to call it changed.
    func lookUp(name: String, port: Int) -> (answer: Answer, fallback: Answer) {
        let name = name.lowercased()
        guard port != 22 else { return (lookUp(name), Answer()) }
        let answer = lookUp("[\(name)]:\(port)")
        let plain = lookUp(name)
        return (answer, answer.keys.isEmpty ? plain : Answer(revoked: plain.revoked))
    }

    /// What the key that a host shows is worth.
    func judge(_ offered: PublicKey, name: String, port: Int) -> HostKeyVerdict {
        let (answer, fallback) = lookUp(name: name, port: port)
        if let revoked = (answer.revoked + fallback.revoked).first(where: { $0.key == offered }) {
            return .revoked(file: revoked.file, line: revoked.line)
        }
        if let known = (answer.keys + fallback.keys).first(where: { $0.key == offered }) {
            return .trusted(.knownHosts(file: known.file, line: known.line))
        }
        // A key of a type not known for a known host is no new host: whoever stands in between could offer just that.
        guard answer.keys.isEmpty else { return .changed(known: answer.keys) }
        return .unknown(authorities: answer.authorities + fallback.authorities)
    }

    /// The types of the keys known for a host: those must be asked for first, or a known key would not be seen.
    func keyTypes(name: String, port: Int) -> [String] {
        let (answer, fallback) = lookUp(name: name, port: port)
        return (answer.keys + fallback.keys).map(\.key.type)
    }

    private func lookUp(_ pattern: String) -> Answer {
        var answer = Answer()
        for entry in entries where entry.matches(pattern) {
            let located = Answer.Located(key: entry.key, file: entry.file, line: entry.number)
            switch entry.marker {
            case nil: answer.keys.append(located)
            case .revoked: answer.revoked.append(located)
            case .certificateAuthority: answer.authorities.append(located)
            }
        }
        return answer
    }
}

/// What a host's key is worth.
enum HostKeyVerdict: Sendable, Equatable {
    case trusted(ConnectionFacts.Trust)
    case unknown(authorities: [KnownHosts.Answer.Located])
    case changed(known: [KnownHosts.Answer.Located])
    case revoked(file: String, line: Int)
}
