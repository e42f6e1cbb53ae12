import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

extension SSHServer {
    /// A host that this server plays; its key is pinned unless known_hosts files are given.
    func host(
        knownHosts: String? = nil,
        hostKey: String? = nil,
        options: SSHOptions = SSHOptions(),
        name: String = "tokyo"
    ) throws -> SSHHost {
        var target = SSHTarget(
            address: "127.0.0.1",
            port: port,
            user: user,
            identityFiles: [userKey],
            agentSocket: "none"
        )
        if let knownHosts {
            target.knownHostsFiles = [knownHosts]
        } else {
            target.hostKey = try hostKey ?? self.hostKey("ed25519")
        }
        return try SSHHost(name: name, target: target, options: options)
    }
}

/// The error that work ends with; records an issue when it ends without.
func hostError(_ work: () async throws -> some Sendable) async throws -> RemoteHostError {
    try await #require(throws: RemoteHostError.self) { _ = try await work() }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct SSHConnectTests {
    @Test func aPinnedKeyIsTrustedAndTheFactsSayWithWhomWeSpeak() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let facts = try await host.connect()
            let key = try #require(PublicKey(line: try server.hostKey("ed25519")))
            #expect(facts.name == "tokyo" && facts.address == "127.0.0.1" && facts.port == server.port)
            #expect(facts.user == server.user && facts.trust == .pinned)
            #expect(facts.hostKeyType == "ssh-ed25519" && facts.hostKeyFingerprint == key.fingerprint)
            #expect(
                facts.authentication.contains("ssh-ed25519 SHA256:") && facts.authentication.contains(server.userKey)
            )
            #expect(facts.serverBanner.hasPrefix("SSH-2.0-OpenSSH"))
            #expect(facts.library.hasPrefix("libssh2 1.") && facts.warnings.isEmpty == SSHLibrary.isCurrent)
            #expect(try await host.connect() == facts)
            await host.close()
            #expect(server.log().components(separatedBy: "Accepted publickey").count == 2, "connected once")
        }
    }

    @Test("A pinned fingerprint is found among all the host's keys", arguments: ["ed25519", "ecdsa"])
    func pinnedFingerprint(type: String) async throws {
        try await SSHServer.with { server in
            let key = try #require(PublicKey(line: try server.hostKey(type)))
            let facts = try await server.host(hostKey: key.fingerprint).connect()
            #expect(facts.hostKeyFingerprint == key.fingerprint && facts.trust == .pinned)
        }
    }

    @Test func aHostThatDoesNotShowThePinnedKeyIsRefused() async throws {
        try await SSHServer.with { server in
            let pinned = "SHA256:" + String(repeating: "A", count: 43)
            let error = try await hostError { try await server.host(hostKey: pinned).connect() }
            #expect(error.code == .hostKeyChanged && error.message.contains(pinned))
            let nonsense = try await hostError { try await server.host(hostKey: "SHA256:nonsense").connect() }
            #expect(nonsense.code == .invalidArgument)
            #expect(!server.log().contains("Accepted"))
        }
    }

    @Test(
        "Known keys are trusted however the file writes the name",
        arguments: ["[127.0.0.1]:%", "127.0.0.1", "[127.0.0.*]:*"]
    )
    func knownHosts(pattern: String) async throws {
        try await SSHServer.with { server in
            let name = pattern.replacingOccurrences(of: "%", with: String(server.port))
            // The server lists ECDSA first, and libssh2 prefers it, too: only asking for the known type finds this key.
            let file = try server.knownHosts("# ours", "\(name) \(try server.hostKey("ed25519"))")
            let facts = try await server.host(knownHosts: file).connect()
            #expect(facts.trust == .knownHosts(file: file, line: 2) && facts.hostKeyType == "ssh-ed25519")
        }
    }

    @Test func aHashedNameIsTrusted() async throws {
        try await SSHServer.with { server in
            let file = try server.knownHosts("[127.0.0.1]:\(server.port) \(try server.hostKey("ecdsa"))")
            _ = try await SSHServerTools.output("ssh-keygen", ["-H", "-f", file])
            let facts = try await server.host(knownHosts: file).connect()
            #expect(facts.trust == .knownHosts(file: file, line: 1) && facts.hostKeyType == "ecdsa-sha2-nistp256")
        }
    }

    @Test func anUnknownHostIsRefusedWithTheCommandThatAcceptsIt() async throws {
        try await SSHServer.with { server in
            let file = try server.knownHosts("osaka \(try server.hostKey("ed25519"))")
            let host = try server.host(knownHosts: file)
            let error = try await hostError { try await host.connect() }
            let key = try #require(PublicKey(line: try server.hostKey("ed25519")))
            #expect(error.code == .hostKeyUnknown && error.message.contains(key.fingerprint))
            let command = "ssh-keyscan -t ed25519 -p \(server.port) 127.0.0.1 >> \(file)"
            #expect(error.message.contains(command))
            #expect(!server.log().contains("publickey"), "nobody may try to log in at an unknown host")

            // What the message says works.
            _ = try await SSHServerTools.output("sh", ["-c", command + " 2>/dev/null"])
            #expect(try await host.connect().trust == .knownHosts(file: file, line: 2))
        }
    }

    @Test("A changed key, or a key of a type not known for the host, is refused", arguments: ["other", "type"])
    func changed(how: String) async throws {
        let options = SSHServer.Options(hostKeyTypes: ["ecdsa"])
        try await SSHServer.with(options) { server in
            let path = server.directory + "/other"
            try await SSHServerTools.makeKey(how == "other" ? "ecdsa" : "ed25519", at: path)
            let other = try String(contentsOfFile: path + ".pub", encoding: .utf8)
            let file = try server.knownHosts("[127.0.0.1]:\(server.port) \(other)")
            let error = try await hostError { try await server.host(knownHosts: file).run("true") }
            let shown = try #require(PublicKey(line: try server.hostKey("ecdsa")))
            let known = try #require(PublicKey(line: other))
            #expect(error.code == .hostKeyChanged)
            #expect(error.message.contains(shown.fingerprint) && error.message.contains(known.fingerprint))
            #expect(error.message.contains("ssh-keygen -R '[127.0.0.1]:\(server.port)' -f \(file)"))
            #expect(!server.log().contains("publickey"))
        }
    }

    @Test func aRevokedKeyIsRefused() async throws {
        try await SSHServer.with { server in
            let key = try server.hostKey("ed25519")
            let file = try server.knownHosts("[127.0.0.1]:\(server.port) \(key)", "@revoked * \(key)")
            let error = try await hostError { try await server.host(knownHosts: file).connect() }
            #expect(error.code == .hostKeyRevoked && error.message.contains(file))
        }
    }

    @Test("A revoked key is refused though it is pinned, as a key or by its fingerprint", arguments: [false, true])
    func revokedAndPinned(byFingerprint: Bool) async throws {
        try await SSHServer.with { server in
            let key = try server.hostKey("ed25519")
            let pin = byFingerprint ? try #require(PublicKey(line: key)).fingerprint : key
            var target = SSHTarget(address: "127.0.0.1", port: server.port, user: server.user, hostKey: pin)
            target.identityFiles = [server.userKey]
            target.agentSocket = "none"
            target.knownHostsFiles = [try server.knownHosts("@revoked * \(key)")]
            let host = try SSHHost(name: "tokyo", target: target)
            let error = try await hostError { try await host.connect() }
            #expect(error.code == .hostKeyRevoked, "\(error)")
            #expect(!server.log().contains("publickey"))
        }
    }

    @Test("A host known only by a key that this libssh2 cannot use has not changed", arguments: [false, true])
    func onlyAnRSAKeyIsKnown(isPinned: Bool) async throws {
        let options = SSHServer.Options(hostKeyTypes: ["rsa", "ed25519"])
        try await SSHServer.with(options) { server in
            let rsa = try server.hostKey("rsa")
            let file = try server.knownHosts("[127.0.0.1]:\(server.port) \(rsa)")
            let host = try server.host(knownHosts: isPinned ? nil : file, hostKey: isPinned ? rsa : nil)
            if SSHLibrary.isCurrent {
                #expect(try await host.connect().hostKeyType == "ssh-rsa")
                return
            }
            let error = try await hostError { try await host.connect() }
            let shown = try #require(PublicKey(line: try server.hostKey("ed25519")))
            #expect(error.code == .hostKeyUnknown && error.message.contains(shown.fingerprint), "\(error)")
            #expect(error.message.contains("RSA key is") && error.message.contains(SSHLibrary.name), "\(error)")
            #expect(!error.message.contains("CHANGED") && !error.message.contains("NOT THE PINNED"), "\(error)")
            #expect(!server.log().contains("publickey"))
            guard !isPinned else { return }
            // What the message says works.
            let command = try #require(error.message.split(separator: "\n").last.map(String.init))
            _ = try await SSHServerTools.output("sh", ["-c", command + " 2>/dev/null"])
            #expect(try await host.connect().trust == .knownHosts(file: file, line: 2))
        }
    }

    @Test func theCommandThatAcceptsAKeyMakesItsFolder() async throws {
        try await SSHServer.with { server in
            let file = server.directory + "/home/.ssh/known_hosts"
            let host = try server.host(knownHosts: file)
            let error = try await hostError { try await host.connect() }
            let command = try #require(error.message.split(separator: "\n").last.map(String.init))
            _ = try await SSHServerTools.output("sh", ["-c", command + " 2>/dev/null"])
            #expect(try await host.connect().trust == .knownHosts(file: file, line: 1))
        }
    }

    @Test func aServerWithAlgorithmsThatWeLackIsNamedAsSuch() async throws {
        let options = SSHServer.Options(configuration: ["KexAlgorithms sntrup761x25519-sha512@openssh.com"])
        try await SSHServer.with(options) { server in
            let error = try await hostError { try await server.host().connect() }
            #expect(error.code == .noCommonAlgorithm && error.message.contains("libssh2 1."))
        }
    }

    @Test func nobodyListeningIsUnreachable() async throws {
        let target = SSHTarget(address: "127.0.0.1", port: try SSHServerTools.freePort(), user: "nobody", hostKey: nil)
        let error = try await hostError { try await SSHHost(name: "tokyo", target: target).connect() }
        #expect(error.code == .unreachable && error.isTransportFailure && error.message.contains("\(target.port)"))
        let nowhere = SSHTarget(address: "no-such-host.invalid", user: "nobody")
        let other = try await hostError { try await SSHHost(name: "tokyo", target: nowhere).connect() }
        #expect(other.code == .unreachable && other.message.contains("no-such-host.invalid"))
    }

    @Test func aServerThatNeverAnswersIsGivenUpInTime() async throws {
        try await SSHServer.with { server in
            try await server.freeze()
            let host = try server.host(options: SSHOptions(connectTimeout: .seconds(1)))
            let error = try await hostError { try await host.connect() }
            #expect(error.code == .timedOut)
            try await server.thaw()
            _ = try await host.connect()
        }
    }
}
