import CLibSSH2

/// The libssh2 that this process runs with: the system's, so what it can do is known at run time only.
public enum SSHLibrary {
    /// The library's name and version, such as `libssh2 1.11.1`.
    public static var name: String {
        "libssh2 " + (libssh2_version(0).map { String(cString: $0) } ?? "(unknown version)")
    }

    /// Whether RSA keys, AES-GCM, ChaCha20 and encrypt-then-MAC work against servers of today: since 1.11.1.
    public static var isCurrent: Bool { libssh2_version(0x01_0b01) != nil }

    /// Whether a host can be made to show a key of this type, and the key be checked; true where the type is not told.
    static func canCheck(hostKeyType type: String?) -> Bool {
        guard let type else { return true }
        return SSHConnector.everyKeyType.contains(type) && (type != "ssh-rsa" || isCurrent)
    }

    /// What a user of this library should know; empty when it is current.
    public static var warnings: [String] {
        guard !isCurrent else { return [] }
        return [
            "\(name) is older than 1.11.1: no RSA keys, and no servers that allow only AEAD ciphers (AES-GCM, "
                + "ChaCha20) or encrypt-then-MAC; install libssh2 1.11.1 or later if a host cannot be reached"
        ]
    }

    /// Sets the library up once, before any session and any thread of ours: initialisation is not thread-safe.
    static let initialisation: Int32 = libssh2_init(0)
}
