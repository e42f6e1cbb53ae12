/// A host key given with the host: a whole key, or its fingerprint.
enum PinnedHostKey: Sendable, Equatable {
    case key(PublicKey)
    case fingerprint(String, type: String?)

    /// Reads `ssh-ed25519 AAAA…`, `SHA256:…`, or a line as `ssh-keygen -l` prints it; nil when it is none of these.
    init?(_ text: String) {
        if let key = PublicKey(line: text) {
            self = .key(key)
            return
        }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard let fingerprint = fields.first(where: { $0.hasPrefix("SHA256:") }) else { return nil }
        let digits = fingerprint.dropFirst(7).prefix { $0 != "=" }
        // 256 bits are 43 digits of base64; anything else could never match, and is a slip to be told now.
        guard digits.count == 43, digits.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+/".contains($0)) })
        else { return nil }
        let type: String? =
            switch fields.last {
            case "(ED25519)": "ssh-ed25519"
            case "(RSA)": "ssh-rsa"
            default: nil
            }
        self = .fingerprint("SHA256:" + digits, type: type)
    }

    /// The fingerprint, as messages show it.
    var fingerprint: String {
        switch self {
        case .key(let key): key.fingerprint
        case .fingerprint(let text, _): text
        }
    }

    /// The pinned key's type, when it is known.
    var type: String? {
        switch self {
        case .key(let key): key.type
        case .fingerprint(_, let type): type
        }
    }

    func matches(_ offered: PublicKey) -> Bool {
        switch self {
        case .key(let key): key == offered
        case .fingerprint(let text, _): text == offered.fingerprint
        }
    }
}
