import ExperimentModel
import Foundation
import LabWorld
import Testing

extension WholeRuns {
    /// The agent without a laptop: flags, configuration files, signals, results.
    @Suite(.timeLimit(.minutes(2)))
    struct ByHandTests {
        @Test("Both roles by the first design's two files and flags give its results, as JSON and CSV")
        func configurationFiles() async throws {
            try await ByHandWorld.with { world in
                let port = try world.freePort()
                let frankfurt = try world.write(
                    """
                    {
                      "mode": "baseline",
                      "binance_ws_url": "\(world.url())",
                      "listen_port": \(port),
                      "duration_secs": 300,
                      "output_file": "results.json"
                    }
                    """,
                    to: "frankfurt-config.json"
                )
                let tokyo = try world.write(
                    """
                    {
                      "binance_ws_url": "\(world.url())",
                      "frankfurt_private_ip": "127.0.0.1",
                      "frankfurt_port": \(port),
                      "reconnect_max_delay_secs": 30
                    }
                    """,
                    to: "tokyo-config.json"
                )
                // Flags win over the file.
                let receiver = try world.start(
                    "frankfurt",
                    ["receive", "--config", frankfurt, "--mode", "both", "--duration", "4"]
                )
                let forwarder = try world.start("tokyo", ["forward", "--config", tokyo])
                #expect(try await receiver.end() == 0, "\(receiver.said)")
                #expect(try await forwarder.end() == 0, "\(forwarder.said)")
                try Self.check(receiver, "baseline", isRelay: false)
                try Self.check(receiver, "aws-backbone", isRelay: true)
                for text in [
                    "listens on port \(port)", "the first event is here", "aws-backbone: ", "results-baseline.csv",
                ] {
                    #expect(receiver.said.contains(text), "\(receiver.said)")
                }
                #expect(forwarder.said.contains("connected to the receiver"))
                #expect(forwarder.said.contains("0 left in the buffer, 0 dropped, 0 invalid"))
            }
        }

        @Test("Over UDP both roles give the same results, and name the transport")
        func datagrams() async throws {
            try await ByHandWorld.with { world in
                let port = try world.freePort()
                let receiver = try world.start(
                    "frankfurt",
                    [
                        "receive", "--mode", "aws-backbone", "--port", "\(port)", "--transport", "udp", "--duration",
                        "4",
                        "--output-file", "results-aws-backbone.json",
                    ]
                )
                let forwarder = try world.start(
                    "tokyo",
                    [
                        "forward", "--frankfurt-ip", "127.0.0.1", "--port", "\(port)", "--transport", "udp",
                        "--binance-ws-url", world.url(),
                    ]
                )
                #expect(try await receiver.end() == 0, "\(receiver.said)")
                #expect(try await forwarder.end() == 0, "\(forwarder.said)")
                try Self.check(receiver, "aws-backbone", isRelay: true)
                #expect(receiver.said.contains("listens on UDP port \(port)"), "\(receiver.said)")
                #expect(forwarder.said.contains("127.0.0.1:\(port) over UDP"), "\(forwarder.said)")
                #expect(forwarder.said.contains("0 left in the buffer, 0 dropped, 0 invalid"), "\(forwarder.said)")
            }
        }

        private static func check(_ receiver: AgentByHand, _ path: String, isRelay: Bool) throws {
            let results = try receiver.json("results-\(path).json")
            let count = try #require(results["sample_count"] as? Int)
            #expect(results["setup_type"] as? String == path)
            #expect(count > 100 && results["events_lost"] as? Int == 0)
            for field in ["avg", "median", "p95", "p99", "min", "max"] {
                #expect(results["\(field)_latency_ms"] is Double, "\(field)")
            }
            #expect(results["jitter_stddev_ms"] is Double)
            #expect((results["backbone_median_latency_ms"] is Double) == isRelay)
            #expect((results["backbone_avg_latency_ms"] is Double) == isRelay)
            let csv = try String(contentsOfFile: "\(receiver.folder)/results-\(path).csv", encoding: .utf8)
            let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            let inWindow = try #require(lines.first?.firstIndex(of: "in_window"))
            #expect(lines.dropFirst().count { $0[inWindow] == "true" } == count)
            let line = try #require(lines.dropFirst().first)
            #expect(Int(line[0]) == 1 && line[1].count == 13 && line[3].count == 19)
            #expect((line[2].isEmpty && line[5].isEmpty) == !isRelay)
        }

        /// What an agent is doing when it is told to stop.
        enum Moment: String, CaseIterable, CustomTestStringConvertible {
            case measuring, connecting, backingOff, waitingForAForwarder, forwarding, forwardingToNobody

            var testDescription: String { rawValue }
        }

        @Test(
            "SIGTERM ends it in good order within seconds, whatever it is doing: status 0, results written",
            arguments: Moment.allCases
        )
        func terminate(_ moment: Moment) async throws {
            try await ByHandWorld.with { world in
                let port = "\(try world.freePort())"
                let feed = ["--binance-ws-url", world.url()]
                let nobody = ["--binance-ws-url", "wss://127.0.0.1:\(try world.freePort())"]
                let agent: AgentByHand
                switch moment {
                case .measuring:
                    agent = try world.start("a", ["receive", "--mode", "baseline"] + feed)
                    try await agent.wait(for: "samples") { $0.status?.lanes.first?.counts.arrived ?? 0 > 20 }
                case .connecting:
                    // The discard prefix of IPv6, or an address that answers nothing: whatever this host makes of it.
                    agent = try world.start("a", ["receive", "--binance-ws-url", "wss://192.0.2.1"])
                    try await agent.wait(for: "a status") { $0.status != nil }
                case .backingOff:
                    agent = try world.start("a", ["receive", "--mode", "baseline"] + nobody)
                    try await agent.wait(for: "a pause") { $0.status?.lanes.first?.lastFailure != nil }
                case .waitingForAForwarder:
                    agent = try world.start("a", ["receive", "--mode", "aws-backbone", "--port", port])
                    try await agent.wait(for: "a status") { $0.status != nil }
                case .forwarding:
                    let receiver = try world.start("b", ["receive", "--mode", "aws-backbone", "--port", port])
                    agent = try world.start("a", ["forward", "--frankfurt-ip", "127.0.0.1", "--port", port] + feed)
                    try await receiver.wait(for: "events") { $0.status?.lanes.first?.counts.arrived ?? 0 > 20 }
                case .forwardingToNobody:
                    agent = try world.start("a", ["forward", "--frankfurt-ip", "127.0.0.1", "--port", port] + feed)
                    try await agent.wait(for: "events") { $0.status?.lanes.first?.counts.buffered ?? 0 > 20 }
                }
                let began = ContinuousClock.now
                agent.signal(SIGTERM)
                agent.signal(SIGTERM)
                #expect(try await agent.end() == 0, "\(agent.said)")
                #expect(ContinuousClock.now - began < .seconds(8))
                try Self.checkAfterTermination(agent, moment)
            }
        }

        private static func checkAfterTermination(_ agent: AgentByHand, _ moment: Moment) throws {
            let folder = try #require(agent.runFolder)
            let summary = try LatexpCommand.decode(AgentSummary.self, folder + "/summary.json")
            #expect(summary.state == .finished && summary.reason == "told to stop")
            let log = try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8)
            #expect(log.split(separator: "\n").last?.contains(#""event":"end""#) == true)
            guard moment != .forwarding, moment != .forwardingToNobody else {
                let counts = try #require(summary.lanes.first).counts
                #expect(counts.received == counts.forwarded + counts.buffered + counts.dropped + counts.invalidTotal)
                return
            }
            let results = try agent.json("results.json")
            #expect((results["sample_count"] as? Int ?? 0 > 0) == (moment == .measuring))
            #expect(FileManager.default.fileExists(atPath: agent.folder + "/results.csv"))
        }

        @Test(
            "SIGHUP, SIGPIPE and closed standard streams have no effect, and the status file is a new one each second"
        )
        func undisturbed() async throws {
            try await ByHandWorld.with { world in
                let agent = try world.start(
                    "a",
                    ["receive", "--mode", "baseline", "--duration", "4", "--binance-ws-url", world.url()],
                    launcher: ["/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]
                )
                try await agent.wait(for: "the measurement") { $0.status?.state == .measuring }
                for number in [SIGHUP, SIGPIPE, SIGHUP] { agent.signal(number) }
                let file = try #require(agent.runFolder) + "/status.json"
                func number() -> UInt64? {
                    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
                    return attributes?[.systemFileNumber] as? UInt64
                }
                let first = number()
                let before = try #require(agent.status)
                try await agent.wait(for: "another status file") { _ in number() != first }
                try await agent.wait(for: "a later status") { $0.status?.at.monotonicNs ?? 0 > before.at.monotonicNs }
                #expect(try await agent.end() == 0)
                #expect(agent.said.isEmpty, "nothing could be said")
                #expect(try agent.json("results.json")["sample_count"] as? Int ?? 0 > 100)
                // What would have been said has not gone into a connection instead.
                let summary = try LatexpCommand.decode(
                    AgentSummary.self,
                    try #require(agent.runFolder) + "/summary.json"
                )
                #expect(summary.lanes.first?.connections.count == 1)
            }
        }

        @Test("Bad arguments and files end with 2 and a reason, a port that is taken with 1")
        func exitStatuses() async throws {
            try await ByHandWorld.with { world in
                let bad = try world.write(#"{"listen_prt": 8080}"#, to: "bad.json")
                let cases: [([String], Int32, String)] = [
                    (["receive", "--mode", "sideways"], 2, "sideways"), (["forward"], 2, "--frankfurt-ip"),
                    (["receive", "--config", bad], 2, "did you mean 'listen_port'?"),
                    (["receive", "--config", world.folder + "/none.json"], 2, "No such file or directory"),
                    (["receive", "--config", world.folder], 2, "Is a directory"),
                    (["receive", "--duration", "1h"], 2, "whole seconds"),
                    (["receive", "--output-file", "none/results.json"], 2, "No such file or directory"),
                    (["forward", "--frankfurt-ip", "10.1.1.10:8080"], 2, "the port is given by --port"),
                    (["results", world.folder], 2, "plan.json cannot be read"),
                    (["receive", "--duration", "-3"], 2, "--duration must be 1 to 31536000, not -3"),
                    (["receive", "--binance-ws-url", "https://h"], 2, "ws or wss"),
                    (["receive", "--stream", "BTCUSDT@bookTicker"], 2, "write btcusdt@bookTicker"),
                    (
                        ["receive", "--mode", "aws-backbone", "--port", "\(world.exchanges[0].port)"], 1,
                        "\(world.exchanges[0].port)"
                    ),
                ]
                for (index, (arguments, status, text)) in cases.enumerated() {
                    let agent = try world.start("case\(index)", arguments)
                    #expect(try await agent.end() == status, "\(arguments): \(agent.said)")
                    #expect(agent.said.contains(text), "\(arguments): \(agent.said)")
                    #expect(
                        status == 1 || agent.runFolder == nil,
                        "\(arguments): what is refused leaves nothing behind"
                    )
                }
            }
        }

        @Test("Garbage and a missing TLS are named for what they are, again and again")
        func causes() async throws {
            try await ByHandWorld.with { world in
                let torn = try world.start(
                    "torn",
                    ["receive", "--binance-ws-url", world.url("localhost", "/torn/public/ws/btcusdt@bookTicker")]
                )
                let plain = try world.start(
                    "plain",
                    ["receive", "--binance-ws-url", "ws" + world.url().dropFirst(3)]
                )
                try await plain.wait(for: "the guess") {
                    $0.said.contains("does this port want TLS? Then it is wss://")
                }
                try await plain.wait(for: "the number") { $0.said.contains("; next try in ") }
                #expect(plain.said.contains("waiting for the first event: baseline/0 failed"), "\(plain.said)")
                try await torn.wait(for: "the cause") {
                    $0.said.contains(" messages came, none could be used (truncated: ")
                }
                #expect(!torn.said.contains("is the stream's name right?"), "\(torn.said)")
                for agent in [torn, plain] { agent.signal(SIGINT) }
                #expect(try await torn.end() == 0)
                #expect(try await plain.end() == 0)
            }
        }

        @Test(
            "A second forwarder is refused while the first is connected; both sides say so, and the first is undisturbed"
        )
        func secondForwarder() async throws {
            try await ByHandWorld.with { world in
                let port = "\(try world.freePort())"
                let forward = [
                    "forward", "--frankfurt-ip", "127.0.0.1", "--port", port, "--binance-ws-url", world.url(),
                ]
                let receiver = try world.start("b", ["receive", "--mode", "aws-backbone", "--port", port])
                let first = try world.start("first", forward)
                try await receiver.wait(for: "events") { $0.status?.lanes.first?.counts.arrived ?? 0 > 20 }
                let second = try world.start("second", forward)
                try await second.wait(for: "the refusal") { $0.said.contains("another forwarder, at 127.0.0.1") }
                try await receiver.wait(for: "word of it") { $0.said.contains("another forwarder was refused") }
                #expect(receiver.status?.lanes.first?.connections == 1)
                // Its place is free as soon as it is gone, however it went.
                first.signal(SIGKILL)
                try await receiver.wait(for: "the second") { $0.status?.lanes.first?.connections == 2 }
                receiver.signal(SIGINT)
                #expect(try await receiver.end() == 0)
                #expect(try await second.end() == 0)
                #expect(second.said.contains("the receiver was told to stop"), "\(second.said)")
                let results = try receiver.json("results.json")
                #expect(results["stopped_by"] as? String == "SIGINT" && results["planned_seconds"] as? Double == 300)
                #expect(results["forwarders_refused"] as? Int ?? 0 > 0)
                #expect((results["note"] as? String)?.contains("another forwarder was refused") == true)
            }
        }

        @Test("What a killed receiver measured is turned into results, and latexp report says by which command")
        func killed() async throws {
            try await ByHandWorld.with { world in
                let agent = try world.start(
                    "a",
                    ["receive", "--duration", "300", "--lanes", "2", "--binance-ws-url", world.url()]
                )
                try await agent.wait(for: "samples") { $0.status?.lanes.first?.counts.arrived ?? 0 > 200 }
                let folder = try #require(agent.runFolder)
                agent.signal(SIGKILL)
                #expect(try await agent.end() == -SIGKILL)
                let results = try world.start("a", ["results", folder])
                #expect(try await results.end() == 0, "\(results.said)")
                let found = try results.json("results.json")
                #expect(found["run_ended"] as? Bool == false && found["events_lost"] is NSNull)
                let (samples, events) = (found["sample_count"] as? Int ?? 0, found["distinct_events"] as? Int ?? 0)
                #expect(samples > 200 && events > 100 && events < samples)
                let report = try await LatexpCommand.run(["report", folder])
                #expect(report.status == 2 && report.errors.contains("latexp-agent results \(folder)"))
            }
        }

        @Test(
            "The help of every command fits 80 columns and says what the exit statuses are",
            arguments: ["receive", "forward", "selftest", ""]
        )
        func help(_ command: String) async throws {
            try await ByHandWorld.with { world in
                let agent = try world.start("help", (command.isEmpty ? [] : [command]) + ["--help"])
                #expect(try await agent.end() == 0)
                let lines = agent.said.split(separator: "\n")
                #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines.filter { $0.count > 80 })")
                #expect(agent.said.contains("Exit status:"))
                if command == "receive" || command == "forward" {
                    for text in ["SIGTERM", "--binance-ws-url", "--config", "log.jsonl", "latexp-agent \(command) --"] {
                        #expect(agent.said.contains(text), "\(text)")
                    }
                }
            }
        }

        @Test("A stream that the exchange does not know is named within seconds")
        func unknownStream() async throws {
            try await ByHandWorld.with { world in
                let agent = try world.start(
                    "a",
                    [
                        "receive", "--binance-ws-url", world.url("localhost", "/public"), "--stream",
                        "btcusdt@bookTickr",
                        "--stream", "btcusdt@bookTicker", "--duration", "300",
                    ]
                )
                let began = ContinuousClock.now
                try await agent.wait(for: "the name") {
                    $0.said.contains("on btcusdt@bookTickr: is the stream's name right?")
                }
                #expect(ContinuousClock.now - began < .seconds(15))
                #expect(agent.status?.lanes.first?.silentStreams == ["btcusdt@bookTickr"])
                agent.signal(SIGTERM)
                #expect(try await agent.end() == 0)
                #expect(agent.said.contains("warning: nothing ever came on btcusdt@bookTickr"))
            }
        }

        #if os(Linux)
            @Test("Lanes spread over the exchange's addresses, and leave one that shuts down for another")
            func addresses() async throws {
                let addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
                try await ByHandWorld.with(addresses: addresses) { world in
                    // In a mount namespace of its own the name has three addresses.
                    let names = try world.write(addresses.map { "\($0) exchange.lab\n" }.joined(), to: "names")
                    let agent = try world.start(
                        "a",
                        [
                            "receive", "--mode", "baseline", "--lanes", "3", "--binance-ws-url",
                            world.url("exchange.lab"), "--duration", "300",
                        ],
                        launcher: [
                            "/usr/bin/env", "unshare", "--mount", "/bin/sh", "-c",
                            "mount --bind \(names) /etc/hosts && exec \"$@\"", "sh",
                        ]
                    )
                    try await agent.wait(for: "three lanes") { agent in
                        let lanes = agent.status?.lanes ?? []
                        return lanes.count == 3 && lanes.allSatisfy { $0.state == .streaming }
                    }
                    let port = world.exchanges[0].port
                    let endpoints = agent.status?.lanes.compactMap(\.endpoint)
                    #expect(endpoints == addresses.map { "\($0):\(port)" })
                    world.exchanges[0].announceShutdown()
                    try await agent.wait(for: "the move") { $0.status?.lanes.first?.endpoint == "127.0.0.2:\(port)" }
                    agent.signal(SIGTERM)
                    #expect(try await agent.end() == 0)
                    let file = try #require(agent.runFolder) + "/summary.json"
                    let summary = try LatexpCommand.decode(AgentSummary.self, file)
                    let connections = summary.lanes.map { lane in lane.connections.map { $0.endpoint ?? "" } }
                    #expect(connections.map(\.count) == [2, 1, 1])
                    #expect(summary.lanes[0].connections.allSatisfy { $0.server == "exchange.lab" })
                }
            }
        #endif
    }
}
