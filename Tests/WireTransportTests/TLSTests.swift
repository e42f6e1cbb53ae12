import Foundation
import TestSupport
import Testing

@testable import WireTransport

/// Whom a client believes, and how it says whom it does not.
@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    private static let names = "DNS:exchange.lab,DNS:*.wild.lab,IP:127.0.0.1,IP:::1"

    /// Dials a server that shows `files`, as `name`, and gives the outcome.
    private func dial(_ name: String, _ files: TestCertificates.Files, trusting caFile: String) throws
        -> HandshakeWorld.Outcome
    {
        let world = HandshakeWorld()
        let address = try world.serve(files.serverContext())
        return world.dial([address], tls: try .client(caFile: caFile), name: name)
    }

    /// The refusal; an issue when there is none.
    private func refusal(
        _ outcome: HandshakeWorld.Outcome,
        at location: SourceLocation = #_sourceLocation
    ) throws -> TransportError {
        guard case .refused(let error) = outcome else {
            Issue.record("it was accepted", sourceLocation: location)
            throw TransportError(.system, "it was accepted")
        }
        return error
    }

    @Test("A certificate is accepted for its names and addresses, however they are written, and for no other")
    func names() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let files = try certificates.files("other.lab", names: Self.names)
            let good = [
                "exchange.lab", "EXCHANGE.lab", "exchange.lab.", "a.wild.lab", "127.0.0.1", "::1", "[::1]", "::1%lo",
            ]
            for name in good {
                let outcome = try dial(name, files, trusting: certificates.caFile)
                guard case .open(let tls) = outcome else {
                    Issue.record("\(name): \(outcome)")
                    continue
                }
                #expect(tls.hasPrefix("TLSv1.3"))
            }
            let bad = [
                "wild.lab", "a.b.wild.lab", "exchange.lab.evil.lab", "xexchange.lab", "other.lab", "localhost",
                "127.0.0.2",
                "::2",
            ]
            for name in bad {
                let error = try refusal(try dial(name, files, trusting: certificates.caFile))
                #expect(error.code == .untrusted, "\(name): \(error)")
                #expect(error.message.contains("it is for exchange.lab, *.wild.lab, 127.0.0.1, ::1, not for \(name);"))
                #expect(error.message.contains("mismatch"))
            }
            for name in ["", "127.1", "exchange.lab\u{0}"] {
                let error = try refusal(try dial(name, files, trusting: certificates.caFile))
                #expect(error.code == .untrusted)
                #expect(error.message.contains("neither a host name nor an address"))
            }
        }
    }

    @Test("Neither a common name nor an address written as a host name is a name")
    func notNames() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let common = try certificates.files("exchange.lab", names: nil)
            let error = try refusal(try dial("exchange.lab", common, trusting: certificates.caFile))
            #expect(error.code == .untrusted)
            #expect(error.message.contains("it is for no host name at all, not for exchange.lab"))
            let address = try certificates.files("x", names: "DNS:127.0.0.1")
            #expect(try refusal(try dial("127.0.0.1", address, trusting: certificates.caFile)).code == .untrusted)
        }
    }

    @Test("Expired, not yet valid, self-signed, of an authority that is not trusted: each is refused and says so")
    func reasons() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let others = try TestCertificates(folder: folder + "/others")
            let name = "exchange.lab"
            let expired = try certificates.files(name, names: "DNS:\(name)", days: -1)
            let sound = try certificates.files(name, names: "DNS:\(name)")
            let old = try TestCertificates(folder: folder + "/old", days: -1)
            let year = UTCText.now().prefix(2)
            let cases: [(TestCertificates.Files, String, [String])] = [
                (
                    expired, certificates.caFile,
                    ["it expired on \(year)", "this host's clock says \(year)", "certificate has expired"]
                ),
                (
                    try certificates.files(tooEarlyFor: name), certificates.caFile,
                    [
                        "it is valid from 2098-01-02 03:04 UTC on only", "this host's clock says \(year)",
                        "not yet valid",
                    ]
                ),
                (
                    try old.files(name, names: "DNS:\(name)"), old.caFile,
                    ["the certificate of 'test authority' that it rests on expired on \(year)"]
                ),
                (
                    try certificates.selfSigned(name), certificates.caFile,
                    ["'\(name)' has signed it for itself", certificates.caFile, "self-signed certificate"]
                ),
                (
                    sound, others.caFile,
                    ["it was signed by 'test authority', which is not among", others.caFile, "local issuer"]
                ),
            ]
            for (files, caFile, texts) in cases {
                let error = try refusal(try dial(name, files, trusting: caFile))
                #expect(error.code == .untrusted)
                for text in texts + ["127.0.0.1:", "the certificate of \(name) is not accepted"] {
                    #expect(error.message.contains(text), "\(error.message)")
                }
            }
        }
    }

    @Test("A certificate with very many names is described in a few words")
    func manyNames() throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let names = (0..<300).map { "DNS:host\($0).lab" }.joined(separator: ",")
            let files = try certificates.files("x", names: names)
            let error = try refusal(try dial("exchange.lab", files, trusting: certificates.caFile))
            #expect(error.message.contains("host7.lab and 292 more"))
            #expect(error.message.utf8.count < 600)
        }
    }

    @Test("What a stranger says is shown without what a terminal would obey")
    func shown() {
        #expect(PeerText.shown("a\u{1B}[2J\nb\u{7F}é") == "a?[2J?b???")
        #expect(PeerText.shown(String(repeating: "x", count: 300)) == String(repeating: "x", count: 200) + "…")
    }

    @Test("TLS 1.2 and 1.3 are spoken, and nothing older, with a server that is not ours")
    func versions() async throws {
        try await withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let files = try certificates.files("exchange.lab", names: "DNS:exchange.lab")
            for (option, version) in [("-tls1_2", "TLSv1.2 "), ("-tls1_3", "TLSv1.3 "), ("-tls1_1", nil)] {
                let server = try await OpenSSLServer(
                    certificate: files.certificate,
                    key: files.key,
                    options: [option, "-cipher", "DEFAULT@SECLEVEL=0"],
                    log: folder + "/server\(option)"
                )
                defer { server.end() }
                let address = try SocketAddress.resolve(host: "127.0.0.1", port: server.port)
                let world = HandshakeWorld()
                let outcome = world.dial(address, tls: try .client(caFile: certificates.caFile), name: "exchange.lab")
                switch outcome {
                case .open(let tls): #expect(version.map { tls.hasPrefix($0) } == true, "\(option): \(tls)")
                case .refused(let error):
                    #expect(version == nil, "\(option): \(error)")
                    #expect(error.code == .tls)
                    #expect(error.message.contains("protocol"), "\(error)")
                }
            }
        }
    }

    @Test("A server that speaks no TLS is told from one that is not trusted")
    func noTLS() async throws {
        try withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let world = HandshakeWorld()
            let listener = try ListeningSocket(host: "127.0.0.1", port: 0)
            var sockets: [StreamSocket] = []
            listener.onAccept = { socket in
                _ = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8).withUnsafeBytes { socket.write($0) }
                sockets.append(socket)
            }
            world.loop.add(listener)
            let addresses = try SocketAddress.resolve(host: "127.0.0.1", port: listener.port)
            let tls = try TLSContext.client(caFile: certificates.caFile)
            let error = try refusal(world.dial(addresses, tls: tls, name: "exchange.lab"))
            #expect(error.code == .tls)
            #expect(error.message.contains("wrong version number"), "\(error)")
        }
    }

    @Test("The bundle is the named one, else SSL_CERT_FILE's; one that cannot be used is named, with who named it")
    func bundles() throws {
        try withTemporaryFolder { folder in
            let variable = ["SSL_CERT_FILE": folder + "/variable"]
            #expect(try CertificateBundle.find(named: "/named", environment: variable).file == "/named")
            #expect(try CertificateBundle.find(named: nil, environment: variable).file == folder + "/variable")
            try "no certificate\n".write(toFile: folder + "/empty", atomically: true, encoding: .utf8)
            for (file, environment, texts) in [
                (folder + "/absent", [:], ["/absent", "feed.caFile", "No such file"]),
                (folder + "/empty", [:], ["/empty", "feed.caFile"]),
                (nil, variable, ["/variable", "SSL_CERT_FILE"]),
            ] as [(String?, [String: String], [String])] {
                let error = #expect(throws: TransportError.self) {
                    _ = try TLSContext.client(caFile: file, environment: environment)
                }
                #expect(error?.code == .certificateFile)
                for text in texts { #expect(error?.message.contains(text) == true, "\(error?.message ?? "")") }
            }
        }
    }
}
