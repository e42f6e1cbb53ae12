import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RemoteHosts

@Suite(.serialized, .timeLimit(.minutes(1))) struct SSHLoginTests {
    /// Makes a user key, lets the server accept it, and returns the private half's path.
    private func makeKey(
        _ type: String,
        on server: SSHServer,
        name: String = "key",
        passphrase: String = "",
        options: [String] = []
    ) async throws -> String {
        let path = "\(server.directory)/\(name)"
        try await SSHServerTools.makeKey(type, at: path, passphrase: passphrase, options: options)
        let line = try String(contentsOfFile: path + ".pub", encoding: .utf8)
        try (String(contentsOfFile: server.authorizedKeys, encoding: .utf8) + line)
            .write(toFile: server.authorizedKeys, atomically: true, encoding: .utf8)
        return path
    }

    private func host(
        _ server: SSHServer,
        identityFiles: [String],
        agent: String? = "none",
        options: SSHOptions = SSHOptions()
    ) throws -> SSHHost {
        var target = SSHTarget(address: "127.0.0.1", port: server.port, user: server.user)
        target.identityFiles = identityFiles
        target.agentSocket = agent
        target.hostKey = try server.hostKey("ed25519")
        return try SSHHost(name: "tokyo", target: target, options: options)
    }

    @Test(
        "Keys of every kind that works let us in",
        arguments: [("ecdsa", []), ("ecdsa", ["-b", "521"]), ("ecdsa", ["-m", "PEM"])]
    )
    func kinds(type: String, options: [String]) async throws {
        try await SSHServer.with { server in
            let key = try await makeKey(type, on: server, options: options)
            #expect(try await host(server, identityFiles: [key]).connect().authentication.contains("ecdsa-sha2-nistp"))
        }
    }

    @Test func anEncryptedKeyNeedsItsPassphrase() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("ed25519", on: server, passphrase: "open sesame")
            let without = try await hostError { try await host(server, identityFiles: [key]).connect() }
            #expect(
                without.code == .keyUnusable && without.message.contains("encrypted") && without.message.contains(key)
            )

            let wrong = SSHOptions(passphrase: { _ in "abracadabra" })
            let refused = try await hostError { try await host(server, identityFiles: [key], options: wrong).connect() }
            #expect(refused.code == .keyUnusable && refused.message.contains("passphrase is wrong"))

            let right = SSHOptions(passphrase: { $0.contains(key) ? "open sesame" : nil })
            #expect(try await host(server, identityFiles: [key], options: right).connect().authentication.contains(key))
        }
    }

    @Test func onePassphraseServesEveryHostAndATypoIsForgiven() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("ed25519", on: server, passphrase: "open sesame")
            let questions = Mutex<[String]>([])
            var options = SSHOptions(connectTimeout: .seconds(2))
            options.passphrases = PassphraseStore { question in
                // Longer than connecting may take: people are no part of it.
                Thread.sleep(forTimeInterval: 2.5)
                return questions.withLock { questions in
                    questions.append(question)
                    return questions.count == 1 ? "open sesane" : "open sesame"
                }
            }
            let hosts = [
                try host(server, identityFiles: [key], options: options),
                try host(server, identityFiles: [key], options: options),
            ]
            async let first = hosts[0].connect()
            async let second = hosts[1].connect()
            let facts = try await [first, second]
            #expect(facts.allSatisfy { $0.authentication.contains(key) })
            let asked = questions.withLock { $0 }
            #expect(asked.map { $0.contains("was wrong") } == [false, true])
        }
    }

    @Test func aPassphraseThatIsAlwaysWrongIsAskedForThreeTimes() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("ed25519", on: server, passphrase: "open sesame")
            let count = Mutex(0)
            let options = SSHOptions(passphrase: { _ in
                count.withLock { count in
                    count += 1
                    return "typo \(count)"
                }
            })
            let error = try await hostError { try await host(server, identityFiles: [key], options: options).connect() }
            #expect(error.code == .keyUnusable && error.message.contains("passphrase is wrong"), "\(error)")
            let asked = count.withLock { $0 }
            #expect(asked == 3)
        }
    }

    @Test func anRSAKeyWorksOrTheErrorSaysWhatToUseInstead() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("rsa", on: server)
            let rsa = try host(server, identityFiles: [key])
            if SSHLibrary.isCurrent {
                #expect(try await rsa.connect().authentication.contains("ssh-rsa"))
            } else {
                let error = try await hostError { try await rsa.connect() }
                #expect(error.code == .keyUnusable && error.message.contains("ssh-keygen -t ed25519"))
            }
        }
    }

    @Test func aKeyThatTheServerDoesNotKnowIsNamedWithWhatTheServerOffers() async throws {
        try await SSHServer.with { server in
            let path = server.directory + "/stranger"
            try await SSHServerTools.makeKey("ed25519", at: path)
            let error = try await hostError { try await host(server, identityFiles: [path]).connect() }
            let key = try #require(try PrivateKeyFile(path: path, host: "tokyo").publicKey)
            #expect(error.code == .authenticationFailed && !error.isTransportFailure)
            for part in [path, key.type, key.fingerprint, "offers: publickey"] { #expect(error.message.contains(part)) }
            let missing = try await hostError { try await host(server, identityFiles: [path + "x"]).connect() }
            #expect(missing.code == .keyUnusable && missing.message.contains("does not exist"))
        }
    }

    @Test func aKeyThatOthersMayReadIsRefusedAsBySSH() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("ed25519", on: server)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            let error = try await hostError { try await host(server, identityFiles: [key]).connect() }
            #expect(error.code == .keyUnusable, "\(error)")
            #expect(error.message.contains("0644") && error.message.contains("chmod 600 \(key)"), "\(error)")
            // What the message says works.
            _ = try await SSHServerTools.output("chmod", ["600", key])
            _ = try await host(server, identityFiles: [key]).connect()

            // Among the usual files it is passed over, and named when none lets us in.
            let folder = server.directory + "/.ssh"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let usual = try await makeKey("ecdsa", on: server, name: ".ssh/id_ecdsa")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: usual)
            let options = SSHOptions(homeDirectory: server.directory)
            let passed = try await hostError {
                try await host(server, identityFiles: [], options: options).connect()
            }
            #expect(passed.code == .authenticationFailed && passed.message.contains("chmod 600 \(usual)"), "\(passed)")
        }
    }

    @Test func theUsualFilesAreTriedWhenNoneIsNamed() async throws {
        try await SSHServer.with { server in
            try FileManager.default.createDirectory(
                atPath: server.directory + "/.ssh",
                withIntermediateDirectories: true
            )
            let key = try await makeKey("ecdsa", on: server, name: ".ssh/id_ecdsa")
            try await SSHServerTools.makeKey("ed25519", at: server.directory + "/.ssh/id_ed25519", passphrase: "secret")
            let options = SSHOptions(homeDirectory: server.directory)
            #expect(try await host(server, identityFiles: [], options: options).connect().authentication.contains(key))
            let empty = SSHOptions(homeDirectory: "/nonexistent")
            let error = try await hostError { try await host(server, identityFiles: [], options: empty).connect() }
            #expect(error.code == .authenticationFailed && error.message.contains("no key to try"))
        }
    }

    @Test func theAgentsKeysAreUsedTheMatchingOneFirst() async throws {
        try await SSHServer.with { server in
            let key = try await makeKey("ed25519", on: server, passphrase: "secret")
            let socket = server.directory + "/agent"
            let agent = try await SSHServerTools.output("ssh-agent", ["-a", socket])
            let pid = try #require(agent.firstMatch(of: /SSH_AGENT_PID=(\d+)/).flatMap { Int32($0.1) })
            defer { kill(pid, SIGTERM) }
            // Seven keys before the right one: tried in order, the server would hang up first.
            let script = """
                export SSH_AUTH_SOCK=$1 SSH_ASKPASS_REQUIRE=force SSH_ASKPASS=$3/askpass
                for n in 1 2 3 4 5 6 7; do
                    ssh-keygen -q -t ed25519 -N '' -f "$3/wrong$n" && ssh-add -q "$3/wrong$n"
                done
                printf '#!/bin/sh\\necho secret\\n' >"$3/askpass"; chmod 700 "$3/askpass"
                ssh-add -q "$2" </dev/null
                """
            _ = try await SSHServerTools.output("sh", ["-c", script, "sh", socket, key, server.directory])

            let named = try await host(server, identityFiles: [key], agent: socket).connect()
            #expect(named.authentication.contains("from the agent"))
            let byPublicHalf = try await host(server, identityFiles: [key + ".pub"], agent: socket).connect()
            #expect(byPublicHalf.authentication.contains("from the agent"))
            let nowhere = SSHOptions(homeDirectory: "/nonexistent")
            let error = try await hostError {
                try await host(server, identityFiles: [], agent: socket, options: nowhere).connect()
            }
            #expect(error.code == .authenticationFailed && error.message.contains("identityFile"))
            let gone = try await host(server, identityFiles: [server.userKey], agent: "/nonexistent").connect()
            #expect(gone.authentication.contains(server.userKey))
        }
    }
}
