import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

@Suite struct KeyTests {
    @Test(
        "SHA-256 gives the published digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func sha256(text: String, digest: String) {
        #expect(SHA256.hash(Array(text.utf8)).hexadecimal == digest)
    }

    @Test func sha256DoesNotDependOnHowTheBytesArriveAndAgreesWithTheSystem() async throws {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
        for size in [1, 3, 55, 56, 63, 64, 65, 119, 128, 1000] {
            var function = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { function.update($0) }
            }
            #expect(function.finalize() == SHA256.hash(bytes), "pieces of \(size)")
        }
        let file = try TemporaryFile(bytes)
        let line = try await SSHServerTools.output("sha256sum", [file.path])
        #expect(line.hasPrefix(SHA256.hash(bytes).hexadecimal))
    }

    @Test(
        "HMAC-SHA-1 gives the digests of RFC 2202",
        arguments: [
            ([UInt8](repeating: 0x0b, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (Array("Jefe".utf8), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                [UInt8](repeating: 0xaa, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112"
            ),
        ]
    )
    func hmac(key: [UInt8], message: String, digest: String) {
        #expect(HMACSHA1.authenticate(Array(message.utf8), key: key).hexadecimal == digest)
    }

    @Test(
        "A key file tells its type, fingerprint and cipher without its passphrase",
        arguments: ["ed25519", "ecdsa", "rsa"]
    )
    func keyFiles(type: String) async throws {
        let directory = try TemporaryDirectory()
        for (passphrase, format, cipher) in [
            ("", [], nil), ("secret", [], "aes256-ctr"),
            ("secret", ["-Z", "aes256-gcm@openssh.com"], "aes256-gcm@openssh.com"),
        ] as [(String, [String], String?)] {
            let path = "\(directory.path)/\(type)\(passphrase.count)\(format.count)"
            try await SSHServerTools.makeKey(type, at: path, passphrase: passphrase, options: format)
            let file = try PrivateKeyFile(path: path, host: "tokyo")
            let line = try await SSHServerTools.output("ssh-keygen", ["-l", "-f", path + ".pub"])
            let key = try #require(file.publicKey)
            #expect(line.split(separator: " ")[1] == key.fingerprint)
            #expect(key.shortType == type && file.type == key.type)
            #expect(file.cipher == cipher)
        }
    }

    @Test func pemKeysAreRecognised() async throws {
        let directory = try TemporaryDirectory()
        for (type, passphrase) in [("rsa", ""), ("ecdsa", ""), ("ecdsa", "secret")] {
            let path = "\(directory.path)/\(type)\(passphrase)"
            try await SSHServerTools.makeKey(type, at: path, passphrase: passphrase, options: ["-m", "PEM"])
            try FileManager.default.removeItem(atPath: path + ".pub")
            let file = try PrivateKeyFile(path: path, host: "tokyo")
            #expect(file.type == (type == "rsa" ? "ssh-rsa" : "ecdsa"))
            #expect(file.isEncrypted == !passphrase.isEmpty)
        }
    }

    @Test(
        "What is no private key is refused with its reason",
        arguments: [
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me", "public key"),
            ("hello", "not a private key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
        ]
    )
    func noKeyFiles(text: String, reason: String) throws {
        let file = try TemporaryFile(Array(text.utf8))
        let error = try #require(throws: RemoteHostError.self) { try PrivateKeyFile(path: file.path, host: "tokyo") }
        #expect(error.code == .keyUnusable && error.message.contains(reason) && error.message.hasPrefix("tokyo: "))
    }

    @Test("Pinned keys are understood in every way that tools print them")
    func pins() async throws {
        let directory = try TemporaryDirectory()
        try await SSHServerTools.makeKey("ed25519", at: directory.path + "/key")
        let line = try String(contentsOfFile: directory.path + "/key.pub", encoding: .utf8)
        let key = try #require(PublicKey(line: line))
        let printed = try await SSHServerTools.output("ssh-keygen", ["-l", "-f", directory.path + "/key.pub"])
        for text in [line, "tokyo " + line, "[tokyo]:22 " + line, key.fingerprint, key.fingerprint + "=", printed] {
            #expect(PinnedHostKey(text)?.matches(key) == true, "\(text)")
        }
        #expect(PinnedHostKey(printed)?.type == "ssh-ed25519")
        for text in ["", "SHA256:short", "MD5:00:11", "ssh-ed25519", key.fingerprint.lowercased() + "!"] {
            #expect(PinnedHostKey(text) == nil, "\(text)")
        }
        let other = "SHA256:" + String(repeating: "A", count: 43)
        #expect(PinnedHostKey(other)?.matches(key) == false)
    }
}
