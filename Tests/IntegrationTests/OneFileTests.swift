import ExperimentModel
import Foundation
import TestSupport
import Testing

@testable import LabWorld

#if os(Linux)
    extension WholeRuns {
        /// The agent is one file that needs nothing of the system it runs on but a bundle of certificates.
        @Suite(.timeLimit(.minutes(2)), .enabled(if: getuid() == 0, "changing the root needs root"))
        struct OneFileTests {
            /// Where systems keep their bundle.
            private static let places = [
                "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu
                "/etc/pki/tls/certs/ca-bundle.crt",  // Amazon Linux, Fedora
                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, newer
                "/etc/ssl/cert.pem",  // Alpine
            ]

            /// An exchange whose authority stands in a bundle among the usual ones.
            private static func with(
                _ body: (_ exchange: Exchange, _ bundle: String, _ folder: String) async throws -> Void
            ) async throws {
                try await withTemporaryFolder { folder in
                    let certificates = try await Certificates.make(in: try LabDirectory(folder + "/world"))
                    let exchange = try Exchange(
                        Self.settings(),
                        certificateFile: certificates.certificateFile,
                        keyFile: certificates.keyFile,
                        observer: Deaf()
                    )
                    defer { exchange.stop() }
                    let usual = (try? String(contentsOfFile: Self.places[0], encoding: .utf8)) ?? ""
                    let own = try String(contentsOfFile: certificates.authorityFile, encoding: .utf8)
                    try await body(exchange, usual + "\n" + own, folder)
                }
            }

            private static func settings() throws -> ExchangeSettings {
                ExchangeSettings(market: .usdm, streams: [try FeedStream("btcusdt@bookTicker")], seed: 7, rate: 200)
            }

            private static func arguments(_ place: String) -> [String] {
                [
                    "receive", "--mode", "baseline", "--duration", "1", "--binance-ws-url",
                    "wss://\(place)/public/ws/btcusdt@bookTicker",
                ]
            }

            @Test(
                "In an otherwise empty root it tests itself and takes a feed over TLS by name, wherever the bundle is"
            )
            func bundles() async throws {
                try await Self.with { exchange, bundle, folder in
                    for (index, place) in Self.places.enumerated() {
                        let root = try EmptyRoot(folder + "/root\(index)")
                        try root.write(bundle, to: place)
                        if index == 0 {
                            let selftest = try root.start(["selftest"])
                            #expect(try await selftest.end() == 0, "\(selftest.said)")
                            #expect(selftest.said.contains("receive times         kernel"))
                        }
                        let agent = try root.start(Self.arguments("exchange.lab:\(exchange.port)"))
                        #expect(try await agent.end() == 0, "\(place): \(agent.said)")
                        #expect(try agent.json("results.json")["sample_count"] as? Int ?? 0 > 20)
                        let open = try #require(try agent.log().first { $0["event"] == "dial.open" })
                        #expect(open["host"] == "exchange.lab" && open["lane"] == "baseline/0")
                        #expect(open["tls"]?.hasPrefix("TLSv1.3") == true)
                    }
                }
            }

            @Test("What the system is set up with for its own programs does not matter: look-ups, OpenSSL's options")
            func foreignSettings() async throws {
                try await Self.with { exchange, bundle, folder in
                    let root = try EmptyRoot(folder + "/root")
                    try root.write(bundle, to: Self.places[0])
                    try root.write(
                        """
                        passwd: nosuch systemd
                        hosts: nosuch [!UNAVAIL=return] resolve [!UNAVAIL=return]

                        """,
                        to: "/etc/nsswitch.conf"
                    )
                    // No version of TLS would be left.
                    try root.write(
                        """
                        openssl_conf = all
                        [all]
                        ssl_conf = tls
                        providers = providers
                        [tls]
                        system_default = limits
                        [limits]
                        MaxProtocol = TLSv1.1
                        [providers]
                        nosuch = nosuch
                        [nosuch]
                        module = /nosuch.so
                        activate = 1

                        """,
                        to: "/usr/lib/ssl/openssl.cnf"
                    )
                    let agent = try root.start(Self.arguments("exchange.lab:\(exchange.port)"))
                    #expect(try await agent.end() == 0, "\(agent.said)")
                    #expect(try agent.log().contains { $0["tls"]?.hasPrefix("TLSv1.3") == true })
                }
            }

            @Test("Without a bundle it says where it looked; with one that lacks the authority, which one and whose")
            func refusals() async throws {
                try await Self.with { exchange, _, folder in
                    let root = try EmptyRoot(folder + "/root")
                    // As after a half-removed package: it counts as none.
                    try root.write("", to: Self.places[0])
                    let none = try root.start(Self.arguments("exchange.lab:\(exchange.port)"))
                    #expect(try await none.end() != 0)
                    for text in Self.places + ["SSL_CERT_FILE"] { #expect(none.said.contains(text), "\(none.said)") }

                    let others = try await Certificates.make(in: try LabDirectory(folder + "/others"))
                    try root.write(
                        try String(contentsOfFile: others.authorityFile, encoding: .utf8),
                        to: Self.places[3]
                    )
                    let wrong = try root.start(Self.arguments("exchange.lab:\(exchange.port)"))
                    try await wrong.wait(for: "a refusal") { $0.said.contains("is not accepted") }
                    wrong.signal(SIGTERM)
                    _ = try await wrong.end()
                    #expect(wrong.said.contains(Self.places[3]), "\(wrong.said)")
                    let failed = try #require(try wrong.log().first { $0["event"] == "dial.failed" })
                    #expect(failed["code"] == "untrusted" && failed["address"] == "127.0.0.1:\(exchange.port)")
                }
            }

            // MARK: Names with several addresses

            @Test("Of a name's addresses by DNS one that refuses costs nothing, one that is silent a moment")
            func addresses() async throws {
                try await withTemporaryFolder { folder in
                    let ip = try Tool("ip", package: (apt: "iproute2", brew: "iproute2mac"))
                    let host = NetworkNamespace(name: "latexp-\(UInt32.random(in: .min ... .max))")
                    try await host.make(ip: ip, portRange: 40_000...50_000)
                    let outcome = await Result { try await Self.dial(in: host, ip, folder) }
                    _ = try await ip.run(["netns", "del", host.name])
                    try outcome.get()
                }
            }

            private static func dial(in host: NetworkNamespace, _ ip: Tool, _ folder: String) async throws {
                // An address of its own, where nobody listens; and one behind a device that leads nowhere.
                _ = try await ip.run(["-n", host.name, "addr", "add", "2001:db8:1::1/128", "dev", "lo", "nodad"])
                _ = try await ip.run(["-n", host.name, "tuntap", "add", "dev", "nowhere", "mode", "tun"])
                _ = try await ip.run(["-n", host.name, "addr", "add", "2001:db8:3::1/64", "dev", "nowhere", "nodad"])
                _ = try await ip.run(["-n", host.name, "link", "set", "nowhere", "up"])
                let certificates = try await Certificates.make(in: try LabDirectory(folder + "/world"))
                let exchange = try Exchange(
                    settings(),
                    certificateFile: certificates.certificateFile,
                    keyFile: certificates.keyFile,
                    observer: Deaf(),
                    place: .namespace(host, ip: ip)
                )
                defer { exchange.stop() }
                let name = Certificates.exchangeName
                func records(_ ipv6: [String]) -> NameServer.Records {
                    NameServer.Records(name: name, ipv4: ["127.0.0.1"], ipv6: ipv6)
                }
                let server = try await NameServer(records([]), in: host)
                defer { server.stop() }
                let authority = try String(contentsOfFile: certificates.authorityFile, encoding: .utf8)
                let (v4, refusing, silent) = ("127.0.0.1:443", "[2001:db8:1::1]:443", "[2001:db8:3::2]:443")
                let cases: [([String], [String])] = [
                    ([], ["dial.try \(v4)", "dial.open \(v4)"]),
                    (
                        ["2001:db8:1::1"],
                        ["dial.try \(refusing)", "dial.failed \(refusing)", "dial.try \(v4)", "dial.open \(v4)"]
                    ),
                    (
                        ["2001:db8:3::2"],
                        ["dial.try \(silent)", "dial.try \(v4)", "dial.slower \(silent)", "dial.open \(v4)"]
                    ),
                    // The system knows that no route leads there, and puts it last.
                    (["2001:db8:9::1"], ["dial.try \(v4)", "dial.open \(v4)"]),
                ]
                for (index, (addresses, expected)) in cases.enumerated() {
                    server.answer(records(addresses))
                    let root = try EmptyRoot(
                        folder + "/root\(index)",
                        hosts: "127.0.0.1 localhost\n",
                        resolv: "nameserver 127.0.0.1\n"
                    )
                    try root.write(authority, to: places[0])
                    let agent = try root.start(arguments(name), in: host)
                    #expect(try await agent.end() == 0, "\(agent.said)")
                    #expect(try agent.dialled() == expected)
                }
            }

            // MARK: Keys

            @Test("No key of a session is in anything that it writes, also when asked by SSLKEYLOGFILE")
            func keys() async throws {
                try await withTemporaryFolder { folder in
                    let certificates = try await Certificates.make(in: try LabDirectory(folder + "/world"))
                    let server = try await OpenSSLServer(
                        certificate: certificates.certificateFile,
                        key: certificates.keyFile,
                        options: ["-keylogfile", folder + "/server-keys"],
                        log: folder + "/server"
                    )
                    let agent = try AgentByHand(
                        Self.arguments("localhost:\(server.port)"),
                        in: folder + "/agent",
                        environment: [
                            "SSL_CERT_FILE": certificates.authorityFile, "SSLKEYLOGFILE": folder + "/agent/keys",
                        ]
                    )
                    try await agent.wait(for: "a session") { agent in
                        ((try? agent.log()) ?? []).contains { $0["event"] == "dial.open" }
                    }
                    agent.signal(SIGTERM)
                    _ = try await agent.end()
                    server.end()
                    // A line: what it is, the client's random, the secret; all but the first in hexadecimal.
                    let lines = try String(contentsOfFile: folder + "/server-keys", encoding: .utf8).split(
                        separator: "\n"
                    )
                    let secrets = lines.filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").last }
                        .map(String.init)
                    #expect(secrets.count >= 4)
                    #expect(try Self.files(in: folder, holding: secrets) == ["server-keys"])
                }
            }

            /// The files below a folder that hold one of these octets in hexadecimal, in base64, or as they are.
            private static func files(in folder: String, holding secrets: [String]) throws -> Set<String> {
                let forms = secrets.flatMap { secret in
                    let digits = Array(secret)
                    let octets = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                        UInt8(String(digits[$0...($0 + 1)]), radix: 16)
                    }
                    // The last group depends on what follows.
                    let base64 = Data(octets).base64EncodedString().prefix(40)
                    return [
                        Data(secret.lowercased().utf8), Data(secret.uppercased().utf8), Data(base64.utf8), Data(octets),
                    ]
                }
                var found: Set<String> = []
                for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                    guard let data = try? Data(contentsOf: URL(filePath: folder + "/" + path)) else { continue }
                    if forms.contains(where: { data.range(of: $0) != nil }) { found.insert(path) }
                }
                return found
            }

            private struct Deaf: ExchangeObserver {
                func exchangeSends(updateID: Int64, sentNs: Int64) {}
                func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite]) {}
            }
        }
    }

    extension Result where Failure == any Error {
        /// The outcome of something that waits.
        init(_ body: () async throws -> Success) async {
            do {
                self = .success(try await body())
            } catch {
                self = .failure(error)
            }
        }
    }
#endif
