import CLibSSH2

/// The user's `ssh-agent`, for one login; lives no longer than its session.
///
/// libssh2 talks to it without a limit of time; an agent that hangs holds up the host's thread, and no other.
final class SSHAgent {
    /// The public keys it holds.
    let keys: [PublicKey]

    private let handle: OpaquePointer
    private let identities: [UnsafeMutablePointer<libssh2_agent_publickey>]
    private var isOpen = true

    /// Connects to the agent; nil when there is none or it does not answer sensibly.
    init?(session: SSHSession, socketPath: String?) {
        guard let socketPath, !socketPath.isEmpty, let handle = libssh2_agent_init(session.handle) else { return nil }
        libssh2_agent_set_identity_path(handle, socketPath)
        guard libssh2_agent_connect(handle) == 0 else {
            libssh2_agent_free(handle)
            return nil
        }
        var found: [(UnsafeMutablePointer<libssh2_agent_publickey>, PublicKey)] = []
        if libssh2_agent_list_identities(handle) == 0 {
            var previous: UnsafeMutablePointer<libssh2_agent_publickey>?
            var next: UnsafeMutablePointer<libssh2_agent_publickey>?
            // An agent that holds more is odd; the loop must end.
            while found.count < 100, libssh2_agent_get_identity(handle, &next, previous) == 0, let identity = next {
                previous = identity
                let blob = UnsafeRawBufferPointer(start: identity.pointee.blob, count: identity.pointee.blob_len)
                if let key = PublicKey(blob: [UInt8](blob)) { found.append((identity, key)) }
            }
        }
        self.handle = handle
        self.identities = found.map(\.0)
        self.keys = found.map(\.1)
    }

    /// One try to log in, to be repeated while it returns `LIBSSH2_ERROR_EAGAIN`.
    func authenticate(user: String, key: PublicKey) -> Int32 {
        guard let index = keys.firstIndex(of: key) else { return LIBSSH2_ERROR_AUTHENTICATION_FAILED }
        return libssh2_agent_userauth(handle, user, identities[index])
    }

    /// Lets go of the agent; must happen before the session is freed.
    func close() {
        guard isOpen else { return }
        isOpen = false
        libssh2_agent_disconnect(handle)
        libssh2_agent_free(handle)
    }
}
