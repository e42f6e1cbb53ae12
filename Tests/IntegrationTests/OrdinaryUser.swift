import Foundation
import Testing

/// A user without rights: the one who runs the tests, or, for the superuser, an account made for the moment.
struct OrdinaryUser {
    /// The home folder.
    var home: String
    /// What starts a program as this user; empty for the present one.
    var launcher: [String]

    /// Calls `body` with an ordinary user to whom `folder` has been given; an account that was made is removed afterwards.
    static func with<Result>(ownerOf folder: String, _ body: (OrdinaryUser) async throws -> Result) async throws
        -> Result
    {
        guard getuid() == 0 else {
            return try await body(OrdinaryUser(home: NSHomeDirectory(), launcher: []))
        }
        let name = "latexp-\(UInt16.random(in: .min ... .max))"
        // A password that fits nothing, rather than a locked account: sshd turns those away.
        try tool("useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", name)
        defer { try? tool("userdel", "--remove", name) }
        try tool("chown", "-R", "\(name):", folder)
        let launcher = ["/usr/bin/setpriv", "--reuid=\(name)", "--regid=\(name)", "--init-groups"]
        return try await body(OrdinaryUser(home: "/home/\(name)", launcher: launcher))
    }

    private static func tool(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments.joined(separator: " ")) failed")
    }
}
