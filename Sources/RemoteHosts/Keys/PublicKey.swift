import Foundation

/// A public key of SSH, a host's or a user's, in its wire form (RFC 4253, section 6.6).
struct PublicKey: Sendable, Hashable {
    /// The key's type as its own first field says, such as `ssh-ed25519`.
    let type: String
    /// The whole key as it goes over the wire.
    let blob: [UInt8]

    /// Reads a key from its wire form; nil when that does not begin with a type's name.
    init?(blob: [UInt8]) {
        var reader = SSHWireReader(blob)
        guard let name = reader.readString(), !name.isEmpty, name.count <= 64 else { return nil }
        self.type = String(decoding: name, as: UTF8.self)
        self.blob = blob
    }

    /// Reads a key from base64 text.
    init?(base64: some StringProtocol) {
        guard let data = Data(base64Encoded: String(base64)) else { return nil }
        self.init(blob: [UInt8](data))
    }

    /// Reads a key from a line such as `ssh-ed25519 AAAA… comment`, also with host names before it.
    init?(line: some StringProtocol) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        for (type, base64) in zip(fields, fields.dropFirst()) {
            guard let key = PublicKey(base64: base64), key.type == type else { continue }
            self = key
            return
        }
        return nil
    }

    /// The fingerprint as OpenSSH prints it.
    var fingerprint: String { "SHA256:" + Self.unpaddedBase64(SHA256.hash(blob)) }

    /// The type and the fingerprint, as messages show a key.
    var summary: String { "\(type) \(fingerprint)" }

    /// What `ssh-keyscan -t` and `ssh-keygen -t` call this type.
    var shortType: String {
        if type.hasPrefix("ecdsa-sha2-") { return "ecdsa" }
        return type == "ssh-ed25519" ? "ed25519" : type == "ssh-rsa" ? "rsa" : type
    }

    private static func unpaddedBase64(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
    }
}

/// Reads the fields of SSH's wire format (RFC 4251, section 5).
struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    mutating func readUInt32() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func readString() -> [UInt8]? {
        guard let length = readUInt32(), Int(length) <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return Array(rest.prefix(Int(length)))
    }
}
