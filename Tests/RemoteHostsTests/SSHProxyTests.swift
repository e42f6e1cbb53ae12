import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

/// Hosts behind another one, by the names that the user's own SSH configuration gives them.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SSHProxyTests {
    /// A configuration in which `inner` is reached through `outer`, a second real server.
    private func configuration(
        _ inner: SSHServer,
        _ outer: SSHServer,
        outerKnown: Bool = true,
        outerHas otherKey: String? = nil
    ) throws -> String {
        let outerKey = try otherKey ?? outer.hostKey("ed25519")
        let known = try inner.knownHosts(
            "[127.0.0.1]:\(inner.port) \(try inner.hostKey("ed25519"))",
            outerKnown ? "[127.0.0.1]:\(outer.port) \(outerKey)" : "# the way is not known"
        )
        let text = """
            Host inner outer
              HostName 127.0.0.1
              User \(inner.user)
              UserKnownHostsFile \(known)
              IdentityAgent none
              IdentitiesOnly yes
            Host inner
              Port \(inner.port)
              IdentityFile \(inner.userKey)
              ProxyJump outer
            Host outer
              Port \(outer.port)
              IdentityFile \(outer.userKey)

            """
        let path = inner.directory + "/ssh_config"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func host(_ configuration: String) async throws -> SSHHost {
        let target = try await SSHTarget.resolve("inner", host: "tokyo", configurationFile: configuration)
        return try SSHHost(name: "tokyo", target: target)
    }

    private func jumpProcesses(_ configuration: String) async throws -> [Substring] {
        let table = try await SSHServerTools.output("ps", ["-A", "-o", "stat=,args="])
        return table.split(separator: "\n").filter { $0.contains("-W") && $0.contains(configuration) }
    }

    @Test func anAliasBehindAJumpHostIsReachedThroughASecondServer() async throws {
        try await SSHServer.with { inner in
            try await SSHServer.with { outer in
                let configuration = try configuration(inner, outer)
                let host = try await host(configuration)
                let facts = try await host.connect()
                #expect(facts.address == "127.0.0.1 through outer" && facts.port == inner.port)
                // The inner host's own key was verified here, by the alias's own file.
                #expect(facts.hostKeyFingerprint == PublicKey(line: try inner.hostKey("ed25519"))?.fingerprint)
                guard case .knownHosts = facts.trust else {
                    Issue.record("\(facts.trust)")
                    return
                }
                #expect(outer.log().contains("Accepted publickey"), "the second server was the way")

                let bytes = noise(3 << 20)
                let file = try TemporaryFile(bytes)
                let path = inner.directory + "/through"
                _ = try await host.upload(UploadFile(localPath: file.path, remotePath: path, compression: .none))
                _ = try await host.download(path, to: file.path + ".back", limitBytes: 4 << 20)
                #expect(FileManager.default.contents(atPath: file.path + ".back") == Data(bytes))

                #expect(try await jumpProcesses(configuration).count == 1)
                await host.close()
                #expect(try await jumpProcesses(configuration).isEmpty, "the way is closed with the session")
            }
        }
    }

    @Test func aJumpHostThatIsNotKnownIsRefusedWithItsFingerprintAndTheCommandThatAcceptsIt() async throws {
        try await SSHServer.with { inner in
            try await SSHServer.with { outer in
                let configuration = try configuration(inner, outer, outerKnown: false)
                let error = try await hostError { try await host(configuration).connect() }
                #expect(error.code == .hostKeyUnknown)
                #expect(error.message.hasPrefix("tokyo: on the way, at the jump host outer: "), "\(error.message)")
                let shown = try #require(PublicKey(line: try outer.hostKey("ed25519")))
                #expect(error.message.contains(shown.fingerprint), "\(error.message)")
                #expect(!outer.log().contains("Accepted"))
                #expect(try await jumpProcesses(configuration).isEmpty)

                // What the message says works.
                let command = try #require(error.message.split(separator: "\n").last.map(String.init))
                _ = try await SSHServerTools.output("sh", ["-c", command + " 2>/dev/null"])
                _ = try await host(configuration).connect()
            }
        }
    }

    @Test func aJumpHostWhoseKeyHasChangedIsRefusedWithBothFingerprints() async throws {
        try await SSHServer.with { inner in
            try await SSHServer.with { outer in
                let configuration = try configuration(inner, outer, outerHas: try inner.hostKey("ed25519"))
                let error = try await hostError { try await host(configuration).connect() }
                #expect(error.code == .hostKeyChanged, "\(error.message)")
                #expect(error.message.contains("at the jump host outer: THE HOST KEY OF "), "\(error.message)")
                for key in [try inner.hostKey("ed25519"), try outer.hostKey("ed25519")] {
                    let fingerprint = try #require(PublicKey(line: key)).fingerprint
                    #expect(error.message.contains(fingerprint), "\(error.message)")
                }
                #expect(!outer.log().contains("Accepted"))
            }
        }
    }

    @Test func aJumpHostBehindAnotherOneIsNamedToo() async throws {
        try await SSHServer.with { inner in
            try await SSHServer.with { outer in
                try await SSHServer.with { middle in
                    let path = try configuration(inner, outer)
                    let known = try String(contentsOfFile: path, encoding: .utf8)
                        .replacing("ProxyJump outer", with: "ProxyJump outer,middle")
                    let more = """
                        Host middle
                          HostName 127.0.0.1
                          Port \(middle.port)
                          User \(middle.user)
                          IdentityFile \(middle.userKey)
                          IdentityAgent none
                          IdentitiesOnly yes
                          UserKnownHostsFile \(middle.directory)/known

                        """
                    try (known + more).write(toFile: path, atomically: true, encoding: .utf8)
                    let error = try await hostError { try await host(path).connect() }
                    #expect(error.code == .hostKeyUnknown, "\(error.message)")
                    #expect(error.message.contains("at the jump host middle: "), "\(error.message)")
                    let command = try #require(error.message.split(separator: "\n").last.map(String.init))
                    _ = try await SSHServerTools.output("sh", ["-c", command])
                    _ = try await host(path).connect()
                }
            }
        }
    }

    @Test func aWayThatBreaksIsALostConnectionAndTheNextCallMakesANewOne() async throws {
        try await SSHServer.with { inner in
            try await SSHServer.with { outer in
                let host = try await host(try configuration(inner, outer))
                _ = try await host.connect()
                try await outer.kill()
                let down = try await hostError { try await host.run("true") }
                #expect(down.isTransportFailure, "\(down)")
                try await outer.start()
                #expect(try await host.run("echo back").output == "back\n")
            }
        }
    }

    @Test func aProxyCommandOfTheUsersOwnLeadsToTheHost() async throws {
        try await SSHServer.with { server in
            let script = """
                import socket, sys, threading, os
                s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
                def up():
                    while data := os.read(0, 65536): s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                threading.Thread(target=up, daemon=True).start()
                while data := s.recv(65536): os.write(1, data)
                """
            let file = try TemporaryFile(Array(script.utf8), name: "way.py")
            var target = SSHTarget(address: "127.0.0.1", port: server.port, user: server.user)
            target.identityFiles = [server.userKey]
            target.agentSocket = "none"
            target.hostKey = try server.hostKey("ed25519")
            target.proxy = .command("python3 \(file.path) %h %p")
            let host = try SSHHost(name: "tokyo", target: target)
            #expect(try await host.run("echo through").output == "through\n")
            target.proxy = .command("echo 'no way today' >&2; exit 1")
            let error = try await hostError { try await SSHHost(name: "tokyo", target: target).connect() }
            #expect(error.code == .unreachable && error.message.contains("no way today"), "\(error.message)")
        }
    }
}
