import Foundation

/// What can be told of a private key without its passphrase, from the head of its file.
///
/// libssh2 gives one and the same error for a missing passphrase, a wrong one, an unsupported cipher and no key at all.
struct PrivateKeyFile: Sendable, Equatable {
    let path: String
    /// The public key: OpenSSH's own format holds it in clear; for others it comes from the `.pub` file, if any.
    let publicKey: PublicKey?
    /// The key's type, such as `ssh-ed25519`, when it can be told.
    let type: String?
    /// The cipher that protects it; nil when it is not encrypted.
    let cipher: String?

    var isEncrypted: Bool { cipher != nil }

    /// Reads a key file; throws `keyUnusable` when it is missing, unreadable or no private key.
    init(path: String, host: String) throws {
        func unusable(_ reason: String) -> RemoteHostError {
            RemoteHostError(.keyUnusable, host: host, "identity file \(path) \(reason)")
        }
        guard FileManager.default.fileExists(atPath: path) else { throw unusable("does not exist") }
        guard let data = FileManager.default.contents(atPath: path) else { throw unusable("cannot be read") }
        // No private key is longer; a mistaken path may name anything.
        guard data.count <= 1 << 16 else { throw unusable("is too long to be a private key") }
        let text = String(decoding: data, as: UTF8.self)
        let besides = FileManager.default.contents(atPath: path + ".pub")
            .flatMap { PublicKey(line: String(decoding: $0, as: UTF8.self)) }
        self.path = path
        if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
            guard let head = Self.parseOpenSSH(text) else { throw unusable("is damaged") }
            self.publicKey = head.publicKey
            self.type = head.publicKey.type
            self.cipher = head.cipher == "none" ? nil : head.cipher
            return
        }
        guard let label = Self.label(in: text) else {
            throw unusable(
                PublicKey(line: text) == nil ? "is not a private key" : "is a public key: name the private one"
            )
        }
        self.publicKey = besides
        self.type = besides?.type ?? (label.hasPrefix("RSA") ? "ssh-rsa" : label.hasPrefix("EC") ? "ecdsa" : nil)
        let isProtected = label.hasPrefix("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED")
        self.cipher = isProtected ? "PEM" : nil
    }

    /// The key's type and fingerprint and its file, as messages show it.
    var summary: String { "\(publicKey?.summary ?? type ?? "key") from \(path)" }

    /// Why OpenSSH would not use it: others than its owner may have read it; nil when that cannot be.
    ///
    /// As OpenSSH does, a file of another owner's is not judged: who may read it is that one's business.
    var exposure: String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == getuid(), status.st_mode & 0o077 != 0 else { return nil }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return "others may read this private key (its permissions are 0\(mode)), so that it is not used, as ssh would "
            + "not: chmod 600 \(ShellQuoting.word(path))"
    }

    private static func label(in text: String) -> String? {
        guard let start = text.range(of: "-----BEGIN "),
            let end = text.range(of: "-----", range: start.upperBound..<text.endIndex)
        else { return nil }
        let label = String(text[start.upperBound..<end.lowerBound])
        return label.hasSuffix("PRIVATE KEY") ? label : nil
    }

    /// Reads the head of the format in OpenSSH's PROTOCOL.key: magic, cipher, kdf, its options, count, public key.
    private static func parseOpenSSH(_ text: String) -> (publicKey: PublicKey, cipher: String)? {
        let body = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
        let magic = Array("openssh-key-v1\0".utf8)
        guard let data = Data(base64Encoded: body), data.starts(with: magic) else { return nil }
        var reader = SSHWireReader(Array(data.dropFirst(magic.count)))
        guard let cipher = reader.readString(), reader.readString() != nil, reader.readString() != nil,
            let count = reader.readUInt32(), count >= 1,
            let key = reader.readString().flatMap(PublicKey.init(blob:))
        else { return nil }
        return (key, String(decoding: cipher, as: UTF8.self))
    }
}
