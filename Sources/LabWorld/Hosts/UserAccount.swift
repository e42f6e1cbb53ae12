import Foundation

/// The user whom this process runs as.
struct UserAccount: Sendable {
    /// The login name.
    let name: String
    /// Whether it is the superuser, with whom some servers are stricter.
    let isRoot: Bool

    /// Looks the user up.
    ///
    /// - Throws: `LabError` `system` when the user has no name, as in some containers; sshd needs one.
    static func current() throws -> UserAccount {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else {
            throw LabError(
                .system,
                "user id \(getuid()) has no name on this machine, which sshd needs; run as a user in /etc/passwd"
            )
        }
        return UserAccount(name: String(cString: name), isRoot: getuid() == 0)
    }

    /// What servers get as their environment.
    static var environment: [String: String] {
        let own = ProcessInfo.processInfo.environment
        return [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin",
            "HOME": own["HOME"] ?? "/",
            "LC_ALL": "C",
        ]
    }
}
