import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

/// Keys in form only: nobody has their private halves.
private enum Keys {
    static let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 42) + "B"
    static let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 42) + "C"
    static let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQE="
}

@Suite struct KnownHostsTests {
    private func key(_ line: String) throws -> PublicKey { try #require(PublicKey(line: line)) }

    private func judge(
        _ text: String,
        _ offered: String = Keys.ed25519,
        name: String = "tokyo.example.com",
        port: Int = 22
    ) throws -> HostKeyVerdict {
        KnownHosts(files: [("known_hosts", text)]).judge(try key(offered), name: name, port: port)
    }

    @Test(
        "Lines that vouch for a host are found",
        arguments: [
            ("tokyo.example.com \(Keys.ed25519)", 22),
            ("TOKYO.example.com \(Keys.ed25519) a comment", 22),
            ("a,tokyo.example.com,b \(Keys.ed25519)", 22),
            ("*.example.com \(Keys.ed25519)", 22),
            ("tok?o.example.com \(Keys.ed25519)", 22),
            ("* \(Keys.ed25519)", 22),
            ("*o*e*m \(Keys.ed25519)", 22),
            ("# comment\n\n   tokyo.example.com\t\(Keys.ed25519)\n", 22),
            ("tokyo.example.com \(Keys.ed25519)\r\n", 22),
            ("x \(Keys.ed25519)\r\ntokyo.example.com \(Keys.ed25519)\r\ny \(Keys.rsa)\r\n", 22),
            ("!osaka.example.com,*.example.com \(Keys.ed25519)", 22),
            ("tokyo.example.com \(Keys.other)\ntokyo.example.com \(Keys.ed25519)", 22),
            ("tokyo.example.com \(Keys.rsa)\ntokyo.example.com \(Keys.ed25519)", 22),
            ("this line is nonsense\ntokyo.example.com \(Keys.ed25519)", 22),
            ("tokyo.example.com ssh-ed25519 not-base64\ntokyo.example.com \(Keys.ed25519)", 22),
            ("[tokyo.example.com]:2222 \(Keys.ed25519)", 2222),
            ("tokyo.example.com \(Keys.ed25519)", 2222),
            ("tokyo.example.com \(Keys.other)\n[tokyo.example.com]:2222 \(Keys.ed25519)", 2222),
        ]
    )
    func trusted(text: String, port: Int) throws {
        let verdict = try judge(text, port: port)
        guard case .trusted(.knownHosts("known_hosts", let line)) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).count >= line)
    }

    @Test(
        "Lines that are not about the host leave it unknown",
        arguments: [
            ("", 22),
            ("osaka.example.com \(Keys.ed25519)", 22),
            ("tokyo.example.com.evil.org \(Keys.ed25519)", 22),
            ("tokyo \(Keys.ed25519)", 22),
            ("?.example.com \(Keys.ed25519)", 22),
            ("!tokyo.example.com,*.example.com \(Keys.ed25519)", 22),
            ("*.example.com,!tokyo.* \(Keys.ed25519)", 22),
            ("[tokyo.example.com]:2222 \(Keys.ed25519)", 22),
            ("[tokyo.example.com]:2222 \(Keys.ed25519)", 2223),
            ("#tokyo.example.com \(Keys.ed25519)", 22),
            ("@unheard-of tokyo.example.com \(Keys.ed25519)", 22),
            // The type in the line must be the key's own.
            ("tokyo.example.com " + Keys.ed25519.replacingOccurrences(of: "ssh-ed25519", with: "ssh-rsa"), 22),
            // Under the plain name another key is known: no reason to trust, but none to cry out either.
            ("tokyo.example.com \(Keys.other)", 2222),
        ]
    )
    func unknown(text: String, port: Int) throws {
        #expect(try judge(text, port: port) == .unknown(authorities: []))
    }

    @Test(
        "Another key for a known host is a changed key, also one of another type",
        arguments: [
            ("tokyo.example.com \(Keys.other)", 22),
            ("*.example.com \(Keys.rsa)", 22),
            ("[tokyo.example.com]:2222 \(Keys.other)\ntokyo.example.com \(Keys.ed25519)", 2222),
        ]
    )
    func changed(text: String, port: Int) throws {
        guard case .changed(let known) = try judge(text, port: port) else {
            Issue.record("\(try judge(text, port: port))")
            return
        }
        #expect(known.count == 1 && known[0].line == 1)
    }

    @Test(
        "A revoked key is refused, whatever else vouches for it",
        arguments: [
            ("@revoked tokyo.example.com \(Keys.ed25519)", 22),
            ("tokyo.example.com \(Keys.ed25519)\n@revoked * \(Keys.ed25519)", 22),
            ("@revoked * \(Keys.ed25519)\r\ntokyo.example.com \(Keys.ed25519)\r\n", 22),
            ("@revoked tokyo.example.com \(Keys.ed25519)\n[tokyo.example.com]:2222 \(Keys.ed25519)", 2222),
        ]
    )
    func revoked(text: String, port: Int) throws {
        guard case .revoked("known_hosts", _) = try judge(text, port: port) else {
            Issue.record("\(try judge(text, port: port))")
            return
        }
    }

    @Test func aRevokedKeyOfAnotherHostDoesNotMatter() throws {
        let text = "@revoked osaka.example.com \(Keys.ed25519)\ntokyo.example.com \(Keys.ed25519)"
        #expect(try judge(text) == .trusted(.knownHosts(file: "known_hosts", line: 2)))
    }

    @Test func aCertificateAuthorityIsNamedButNotTrusted() throws {
        guard case .unknown(let authorities) = try judge("@cert-authority *.example.com \(Keys.ed25519)") else {
            Issue.record("a certificate authority's own key was trusted as a host's")
            return
        }
        #expect(authorities.map(\.line) == [1])
    }

    @Test func aNameLongerThanItsPatternDoesNotMatchAndTakesNoTime() {
        let name = Array((String(repeating: "a", count: 200) + "b").utf8)
        let pattern = Array(String(repeating: "*a", count: 50).utf8)
        #expect(!KnownHostsEntry.matches(name[...], pattern[...]))
    }

    @Test func theTypesOfTheKnownKeysAreToldForEveryWayOfWritingTheName() throws {
        let known = KnownHosts(
            files: [("a", "[tokyo]:2222 \(Keys.ed25519)\n@revoked tokyo \(Keys.rsa)"), ("b", "tokyo \(Keys.rsa)")]
        )
        #expect(known.keyTypes(name: "tokyo", port: 2222) == ["ssh-ed25519"])
        #expect(known.keyTypes(name: "Tokyo", port: 22) == ["ssh-rsa"])
        #expect(known.keyTypes(name: "tokyo", port: 22022) == ["ssh-rsa"])
        #expect(known.keyTypes(name: "osaka", port: 22).isEmpty)
    }

    @Test func namesHashedBySSHKeygenAreFound() async throws {
        let file = NSTemporaryDirectory() + "/latexp-known-" + String(UInt64.random(in: .min ... .max), radix: 36)
        defer { for suffix in ["", ".old"] { try? FileManager.default.removeItem(atPath: file + suffix) } }
        try "tokyo.example.com \(Keys.ed25519)\n[tokyo.example.com]:2222 \(Keys.other)\nosaka \(Keys.other)\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        _ = try await SSHServerTools.output("ssh-keygen", ["-H", "-f", file])
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.hasPrefix("|1|") && !text.contains("tokyo"))
        #expect(try judge(text) == .trusted(.knownHosts(file: "known_hosts", line: 1)))
        #expect(try judge(text, Keys.other, port: 2222) == .trusted(.knownHosts(file: "known_hosts", line: 2)))
        #expect(try judge(text, Keys.other, name: "OSAKA") == .trusted(.knownHosts(file: "known_hosts", line: 3)))
        #expect(try judge(text, name: "kyoto") == .unknown(authorities: []))
        guard case .changed = try judge(text, Keys.other) else {
            Issue.record("another key for a hashed name was not taken for a change")
            return
        }
    }
}
