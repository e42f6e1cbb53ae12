import Foundation
import Testing

@testable import RemoteHosts

@Suite struct ShellTests {
    static let nastyArguments = [
        "", " ", "plain", "two words", "it's", "''", "'\\''", "\"double\"", "$HOME `id` $(id)", "a\\b\\\\c\\",
        "\\n\\0101\\c",
        "line\nbreak", "\n", "ends with line feeds\n\n", "tab\there", "!history", "%s%n", "*?[a-z]~", "; rm -rf /; #",
        "--", "-e",
        "日本 ✓ é", "\u{1}\u{7f}", "{a,b}", "a&b|c>d<e",
    ]

    @Test func theCommandLineHasNothingThatALoginShellCouldTakeAmiss() {
        let program = Self.nastyArguments.map(ShellQuoting.quote).joined(separator: " ")
        let line = ShellQuoting.portableCommandLine(forProgram: program)
        let quoted = line.split(separator: "'", omittingEmptySubsequences: false)
        // exec /bin/sh -c '…' sh '…': four quotes, so none inside.
        #expect(quoted.count == 5)
        #expect(!line.contains("!") && !line.contains("\\\\") && !line.contains("\\'"))
        #expect(line.utf8.allSatisfy { (32..<127).contains($0) })
    }

    @Test("Only the text in the frame comes through, however it is cut", arguments: [1, 2, 7, 64, 100_000])
    func framing(size: Int) throws {
        let body = "first\nLATEXP1 t exit\nLATEXP1 x exit 3\n\n" + String(repeating: "x", count: 300)
        let text = "profile\nLATEXP1 t\nnoise\nLATEXP1 t begin\n\(body)\nLATEXP1 t exit 42\nlate noise"
        var delivered: [UInt8] = []
        let frame = OutputFrame(token: "t") { delivered.append(contentsOf: $0) }
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let isWorthIt = try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { try frame.consume($0) }
            #expect(isWorthIt)
        }
        #expect(frame.state == .ended(exitCode: 42))
        #expect(String(decoding: delivered, as: UTF8.self) == body)
    }

    @Test func withoutAFrameWhatWasSaidIsKeptAndAFloodIsGivenUp() throws {
        let frame = OutputFrame(token: "t", preambleLimitBytes: 1000) { _ in Issue.record("nothing was framed") }
        #expect(try Array("This account is not available.\n".utf8).withUnsafeBytes { try frame.consume($0) })
        #expect(String(decoding: frame.unframed, as: UTF8.self).contains("not available"))
        #expect(try [UInt8](repeating: 65, count: 2000).withUnsafeBytes { try frame.consume($0) } == false)
    }

    @Test func anOutputThatIsCutShortHasNoStatus() throws {
        let frame = OutputFrame(token: "t") { _ in }
        _ = try Array("\nLATEXP1 t begin\nabc\nLATEXP1 t exit 4".utf8).withUnsafeBytes { try frame.consume($0) }
        #expect(!frame.hasEnded)
    }

    @Test(
        "Destinations are taken apart",
        arguments: [
            ("tokyo", nil, "tokyo", nil), ("admin@203.0.113.7", "admin", "203.0.113.7", nil),
            ("admin@tokyo:2222", "admin", "tokyo", 2222), ("[::1]:22", nil, "::1", 22),
            ("u@[fe80::1]", "u", "fe80::1", nil),
            ("2001:db8::1", nil, "2001:db8::1", nil), ("a@b@c", "a@b", "c", nil),
        ] as [(String, String?, String, Int?)]
    )
    func destinations(text: String, user: String?, address: String, port: Int?) throws {
        let destination = try SSHDestination(text, host: "tokyo")
        #expect(destination.user == user && destination.address == address && destination.port == port)
    }

    @Test(
        "What is no destination is refused before any program sees it",
        arguments: [
            "", "@tokyo", "admin@", "-oProxyCommand=id", "admin@-x", "-l@tokyo", "tokyo:", "tokyo:0", "tokyo:99999",
            "tokyo:x",
            "to kyo", "ssh://tokyo", "[::1]x",
        ]
    )
    func badDestinations(text: String) throws {
        let error = try #require(throws: RemoteHostError.self) { try SSHDestination(text, host: "tokyo") }
        #expect(error.code == .invalidArgument)
    }

    @Test func anAliasOfTheUsersConfigurationIsResolved() async throws {
        let file = try TemporaryFile(
            Array(
                """
                Host relay
                  HostName 203.0.113.9
                  Port 2200
                  User admin
                  IdentityFile ~/keys/relay
                  IdentityFile /etc/hostname
                  UserKnownHostsFile ~/relay_hosts /tmp/b
                  HostKeyAlias relay.internal
                Host hop
                  ProxyJump bastion
                Host tunnel
                  ProxyCommand nc -x gate %h %p
                """.utf8
            )
        )
        let target = try await SSHTarget.resolve("relay", host: "tokyo", configurationFile: file.path)
        #expect(target.address == "203.0.113.9" && target.port == 2200 && target.user == "admin")
        #expect(target.hostKeyAlias == "relay.internal")
        // Of the files that the configuration names, those that are there count.
        #expect(target.identityFiles == ["/etc/hostname"])
        #expect(target.knownHostsFiles.starts(with: [NSHomeDirectory() + "/relay_hosts", "/tmp/b"]))

        let given = try await SSHTarget.resolve(
            "me@relay:22",
            host: "tokyo",
            identityFile: "~/k",
            knownHosts: "/kh",
            hostKey: "SHA256:x",
            configurationFile: file.path
        )
        #expect(given.user == "me" && given.port == 22 && given.hostKey == "SHA256:x")
        #expect(given.identityFiles == [NSHomeDirectory() + "/k"] && given.knownHostsFiles == ["/kh"])

        let hop = try await SSHTarget.resolve("hop", host: "tokyo", configurationFile: file.path)
        #expect(hop.proxy == .jump("bastion", configurationFile: file.path))
        #expect(target.proxy == nil)
        let command = try await SSHTarget.resolve("tunnel", host: "tokyo", configurationFile: file.path)
        #expect(command.proxy == .command("nc -x gate %h %p"))
    }

    @Test("Known-hosts files may be several, with blanks in their paths and the host's name in them")
    func knownHostsPaths() async throws {
        let folder = try TemporaryDirectory()
        let config = folder.path + "/config"
        try """
        Host a
          HostName a.example
          UserKnownHostsFile "\(folder.path)/my hosts/known hosts" /tmp/b "~/c d/%h"
        """.write(toFile: config, atomically: true, encoding: .utf8)
        let target = try await SSHTarget.resolve("a", host: "tokyo", configurationFile: config)
        #expect(
            target.knownHostsFiles.prefix(3) == [
                folder.path + "/my hosts/known hosts", "/tmp/b", NSHomeDirectory() + "/c d/a.example",
            ]
        )
    }

    @Test("A path goes on after a blank when a file of that name is there")
    func pathsOfOneLine() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.path + "/a /b", withIntermediateDirectories: true)
        #expect(SSHConfiguration.paths("\(folder.path)/a /b /c") == [folder.path + "/a /b", "/c"])
        #expect(SSHConfiguration.paths("none") == ["none"] && SSHConfiguration.paths("").isEmpty)
    }

    @Test("Jump hosts become the arguments of ssh, and a proxy command gets what it asks for")
    func proxyArguments() throws {
        let target = SSHTarget(address: "10.0.0.9", port: 2200, user: "admin")
        let way = SSHProxy.jump("first,ssh://me@second:2222", configurationFile: "/c")
        let arguments = try way.arguments(for: target, host: "tokyo")
        #expect(arguments.first == "ssh" && arguments.contains("StrictHostKeyChecking=yes"))
        #expect(
            arguments.suffix(12) == [
                "-F", "/c", "-J", "first", "-l", "me", "-p", "2222", "-W", "10.0.0.9:2200", "--", "second",
            ]
        )
        #expect(throws: RemoteHostError.self) {
            try SSHProxy.jump("-oProxyCommand=id", configurationFile: nil).arguments(for: target, host: "tokyo")
        }
        let command = try SSHProxy.command("nc %h %p %r 100%% %x%").arguments(for: target, host: "tokyo")
        #expect(command == ["/bin/sh", "-c", "exec nc 10.0.0.9 2200 admin 100% %x%"])
    }

    @Test func withoutAnyConfigurationTheUsualFilesCount() async throws {
        let target = try await SSHTarget.resolve("admin@127.0.0.1", host: "tokyo", configurationFile: "/dev/null")
        #expect(
            target.identityFiles.isEmpty && target.hostKeyAlias == nil && target.port == 22 && target.user == "admin"
        )
        #expect(target.knownHostsFiles.contains(NSHomeDirectory() + "/.ssh/known_hosts"))
    }
}
