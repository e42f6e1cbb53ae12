import ExperimentModel
import Foundation
import Testing

struct ExperimentReaderTests {
    private static let complete = """
        {
          // the main job
          name: "tokyo-frankfurt-backbone",
          "feed": { "market": "usdm", "streams": ["btcusdt@bookTicker"] },
          "hosts": {
            "tokyo": { "ssh": "admin@203.0.113.7" },
            "frankfurt": { "ssh": "admin@203.0.113.8", "privateAddress": "10.1.1.10" },
          },
          "receiver": "frankfurt",
          "paths": [
            { "name": "baseline", "kind": "direct" },
            { "name": "backbone", "kind": "relay", "via": "tokyo", "to": "private", "port": 8080 }
          ],
          "schedule": { "duration": "60s", "lanesPerPath": 2 }
        }
        """

    private func read(_ text: String, inventory: (String) throws -> Data = { _ in Data() }) throws -> Experiment {
        try ExperimentReader.read(Data(text.utf8), fileName: "x.json", inventory: inventory).experiment
    }

    private func problems(_ text: String) -> [ExperimentProblem] {
        do {
            _ = try read(text)
            return []
        } catch let error as ExperimentError {
            return error.problems
        } catch {
            Issue.record("unexpected error \(error)")
            return []
        }
    }

    @Test("A complete file is read, and every value that was left out gets its default")
    func readsComplete() throws {
        let experiment = try read(Self.complete)
        #expect(experiment.name == "tokyo-frankfurt-backbone")
        #expect(experiment.paths[1].to == .privateAddress)
        #expect(experiment.schedule == Schedule(duration: .seconds(60), lanesPerPath: 2))
        #expect(experiment.clock == ClockRequirement(maxError: .milliseconds(1), wait: .seconds(120)))
        #expect(experiment.reconnect == ReconnectPolicy(initial: .seconds(1), max: .seconds(30)))
        #expect(experiment.relayBuffer.events == 100_000)
        #expect(experiment.participatingHosts == ["frankfurt", "tokyo"])
        #expect(experiment.warnings().isEmpty)
    }

    @Test("The experiment survives the manifest's encoding")
    func survivesEncoding() throws {
        let experiment = try read(Self.complete)
        let again = try JSONDecoder().decode(Experiment.self, from: JSONEncoder().encode(experiment))
        #expect(again == experiment)
    }

    @Test("A relay to an accelerator needs the receiver to have one")
    func readsAccelerator() throws {
        let text = Self.complete.replacing("\"to\": \"private\"", with: "\"to\": \"accelerator\"")
        #expect(problems(text).map(\.path) == ["hosts.frankfurt.acceleratorAddress"])
        let experiment = try read(
            text.replacing("\"privateAddress\"", with: "\"acceleratorAddress\": \"a1.example\", \"privateAddress\"")
        )
        #expect(experiment.paths[1].to == .acceleratorAddress)
        #expect(experiment.hosts["frankfurt"]?.acceleratorAddress == "a1.example")
        let again = try JSONDecoder().decode(Experiment.self, from: JSONEncoder().encode(experiment))
        #expect(again == experiment)
    }

    @Test("A relay over UDP is read, and TCP is what is meant when nothing is said")
    func readsTransport() throws {
        #expect(try read(Self.complete).paths[1].transport == nil)
        let text = Self.complete.replacing("\"port\": 8080", with: "\"port\": 8080, \"transport\": \"udp\"")
        let experiment = try read(text)
        #expect(experiment.paths[1].transport == .udp)
        let again = try JSONDecoder().decode(Experiment.self, from: JSONEncoder().encode(experiment))
        #expect(again == experiment)
    }

    @Test("A transport that does not exist, is misspelt, or belongs to no relay is named")
    func refusesTransports() {
        func problem(_ old: String, _ new: String) -> String {
            problems(Self.complete.replacing(old, with: new)).map { "\($0.path): \($0.message)" }.joined(
                separator: "\n"
            )
        }
        let port = "\"port\": 8080"
        #expect(
            problem(port, port + ", \"transport\": \"quic\"")
                == "paths[1].transport: expected one of \"tcp\", \"udp\", found \"quic\""
        )
        #expect(problem(port, port + ", \"transprot\": \"udp\"").contains("did you mean 'transport'?"))
        let direct = "\"kind\": \"direct\""
        #expect(problem(direct, direct + ", \"transport\": \"udp\"").contains("paths[0]: a direct path has no via"))
    }

    @Test("One port may be one path's over TCP and another's over UDP, but not two paths' over one of them")
    func sharesPorts() {
        func relays(_ first: String, _ second: String) -> [ExperimentProblem] {
            let direct = #"{ "name": "baseline", "kind": "direct" },"#
            let relay = #"{ "name": "other", "kind": "relay", "via": "tokyo", "to": "private", "port": 8080"#
            let text = Self.complete.replacing(direct, with: relay + first + " },")
            return problems(text.replacing("\"port\": 8080 }\n", with: "\"port\": 8080" + second + " }\n"))
        }
        let udp = #", "transport": "udp""#
        #expect(relays(udp, "").isEmpty)
        #expect(relays(udp, udp).map(\.message) == ["two paths use the same port"])
        #expect(relays("", "").map(\.message) == ["two paths use the same port"])
    }

    @Test("A host's agent takes the niceness that its file asks for, and none otherwise")
    func niceness() throws {
        func text(_ niceness: Int) -> String {
            let host = #""tokyo": { "ssh": "admin@203.0.113.7""#
            return Self.complete.replacing(host, with: host + ", \"niceness\": \(niceness)")
        }
        #expect(try read(Self.complete).hosts.values.allSatisfy { $0.niceness == nil })
        #expect(try read(text(-20)).hosts["tokyo"]?.niceness == -20)
        #expect(problems(text(-21)).map(\.path) == ["hosts.tokyo.niceness"])
        #expect(problems(text(20)).map(\.path) == ["hosts.tokyo.niceness"])
    }

    @Test("The lab on one machine has no links for datagrams, and says which lab has")
    func refusesUDPInTheLab() {
        let text = """
            { "name": "x", "feed": { "streams": ["btcusdt@bookTicker"] }, "lab": {}, "receiver": "frankfurt",
              "paths": [{ "name": "b", "kind": "relay", "via": "tokyo", "transport": "udp" }] }
            """
        #expect(problems(text).map(\.path) == ["paths[0].transport"])
        #expect(problems(text).first?.message.contains("infra/lab") == true)
    }

    @Test("All problems are reported at once, each with its place")
    func allProblems() {
        let text = """
            { "name": "x y", "feeds": {}, "feed": { "market": "spott", "streams": "btcusdt" },
              "hosts": { "tokyo": { "ssh": 5, "port": 1 } }, "receiver": "tokio",
              "paths": [ { "name": "a", "kind": "relay", "via": "tokyoo", "port": 99999 } ],
              "schedule": { "duraton": "5s", "warmUp": 10 } }
            """
        let places = problems(text).map(\.path)
        for place in [
            "name", "feeds", "feed.market", "feed.streams", "hosts.tokyo.ssh", "hosts.tokyo.port", "receiver",
            "paths[0].via", "paths[0].port", "schedule.duraton", "schedule.warmUp",
        ] {
            #expect(places.contains(place), "no problem was reported for \(place)")
        }
    }

    @Test(
        "Times beyond all limits are problems, however long they are together",
        arguments: [#""duration": "36500d""#, #""duration": "36500d", "warmUp": "36500d", "blockDuration": "1ms""#]
    )
    func endlessTimes(_ times: String) {
        let schedule = #""schedule": { "mode": "sequential", "repeat": 2, "every": "1h", \#(times) }"#
        let paths = #"{ "name": "third", "kind": "direct" }, "#
        var text = Self.complete.replacing(#""schedule": { "duration": "60s", "lanesPerPath": 2 }"#, with: schedule)
        text = text.replacing(#""paths": ["#, with: #""paths": [ "# + paths)
        let places = problems(text).map(\.path)
        #expect(places.contains("schedule.duration") && places.contains("schedule.every"), "\(places)")
    }

    @Test("What could not be read is one problem, not also what its absence leads to; the count is what is listed")
    func noBogusProblems() throws {
        let text =
            #"{ "name": "x", "lab": {}, "receiver": "frankfurt", "paths": [{ "name": "b", "kind": "rely", "via": "tokyo" }] }"#
        let error = try #require(throws: ExperimentError.self) { try read(text) }
        #expect(error.problems.map(\.path) == ["feed", "paths[0].kind"])
        #expect(error.message.contains("has 2 problems"))
        #expect(!"\(error)".contains("'?'"))
    }

    @Test("The limits of the lab and of streams are the reader's, too: nothing starts and is refused then")
    func labLimits() {
        func found(_ streams: String, _ lab: String) -> [String] {
            problems(
                """
                { "name": "x", "feed": { "streams": [\(streams)] }, "lab": \(lab), "receiver": "frankfurt",
                  "paths": [{ "name": "b", "kind": "direct" }] }
                """
            ).map(\.path)
        }
        let stream = #""btcusdt@bookTicker""#
        #expect(found(stream, "{}").isEmpty)
        #expect(found(stream, #"{ "rate": 80000 }"#) == ["lab.rate"])
        #expect(found(stream, #"{ "direct": { "delay": "1h" } }"#) == ["lab.direct.delay"])
        #expect(found(stream, #"{ "seed": -1 }"#) == ["lab.seed"])
        for wrong in ["BTCUSDT@bookTicker", "nosuch@xyz", "btcusdt", "@trade", ""] {
            #expect(found("\"\(wrong)\"", "{}") == ["feed.streams[0]"], "\(wrong)")
        }
    }

    @Test("Without a lab a symbol in capitals is refused, and a kind that nobody knows is warned of")
    func streamNames() throws {
        let capital = problems(Self.complete.replacing("btcusdt@bookTicker", with: "BTCUSDT@bookTicker"))
        #expect(capital.first?.message.contains("use btcusdt@bookTicker") == true)
        let strange = try read(Self.complete.replacing("btcusdt@bookTicker", with: "nosuch@xyz"))
        #expect(strange.warnings().contains { $0.contains("nosuch@xyz") })
        for name in ["btcusdt@depth20@100ms", "!bookTicker", "btcusdt_perpetual@continuousKline_1m", "!ticker_1h@arr"] {
            #expect(try read(Self.complete.replacing("btcusdt@bookTicker", with: name)).warnings().isEmpty, "\(name)")
        }
    }

    @Test("A host that says that it stands in a lab makes the run a simulated one")
    func simulated() throws {
        #expect(try !read(Self.complete).isSimulated)
        let host = #""tokyo": { "ssh": "admin@203.0.113.7""#
        #expect(try read(Self.complete.replacing(host, with: host + #", "simulated": true"#)).isSimulated)
    }

    @Test("A truth that is none is named, with its line")
    func truthOfALab() throws {
        #expect(try LabTruth.read(LabTruth.header + "\n7,1,2,,3\n").map(\.tokyoNs) == [nil])
        for (text, part) in [
            ("", "an empty line"), ("garbage\nmore\n", "'garbage'"), (LabTruth.header + "\n7,1,x,,3\n", "line 2"),
        ] {
            let error = #expect(throws: ExperimentError.self) { try LabTruth.read(text, fileName: "r/lab-truth.csv") }
            #expect(error?.message.contains("r/lab-truth.csv") == true && error?.message.contains(part) == true)
        }
    }

    @Test("A misspelt key names the one that was meant")
    func misspeltKey() {
        let found = problems(Self.complete.replacingOccurrences(of: "\"duration\"", with: "\"duraton\""))
        #expect(found.map(\.description) == ["schedule.duraton: is not a key of this object; did you mean 'duration'?"])
    }

    @Test("A path through an unknown host names the host that was meant")
    func unknownHost() {
        let found = problems(Self.complete.replacingOccurrences(of: "\"via\": \"tokyo\"", with: "\"via\": \"tokio\""))
        #expect(found.map(\.description) == ["paths[1].via: no host is called 'tokio'; did you mean 'tokyo'?"])
    }

    @Test("Text that is no JSON5 is malformed, with the parser's reason")
    func malformed() throws {
        let error = try #require(throws: ExperimentError.self) { try read("{ \"name\": ") }
        #expect(error.code == .malformed)
        #expect(error.message.hasPrefix("x.json is not JSON"))
    }

    @Test("A key that stands twice is refused, with its place: of two values one would be taken without a word")
    func keyTwice() throws {
        let twice = "\"receiver\": \"tokyo\", \"receiver\":"
        let text = Self.complete.replacingOccurrences(of: "\"receiver\":", with: twice)
        let error = try #require(throws: ExperimentError.self) { try read(text) }
        #expect(error.code == .malformed)
        #expect(error.message.hasPrefix("x.json cannot be used: line "))
        #expect(error.message.hasSuffix("'receiver' stands here a second time"))
    }

    @Test("Hosts may come from an inventory file")
    func inventory() throws {
        let start = try #require(Self.complete.range(of: "\"hosts\": {"))
        let end = try #require(Self.complete.range(of: "\"receiver\""))
        var text = Self.complete
        text.replaceSubrange(start.lowerBound..<end.lowerBound, with: "\"hosts\": { \"inventory\": \"hosts.json\" },\n")
        let experiment = try read(text) { name in
            #expect(name == "hosts.json")
            return Data(#"{"tokyo": {"ssh": "t"}, "frankfurt": {"ssh": "f", "privateAddress": "10.1.1.10"}}"#.utf8)
        }
        #expect(experiment.hosts.keys.sorted() == ["frankfurt", "tokyo"])
    }

    @Test("A laboratory brings its own hosts, and none may be given beside it")
    func lab() throws {
        let text = """
            { "name": "demo", "feed": { "streams": ["btcusdt@bookTicker"] }, "receiver": "frankfurt",
              "paths": [ { "name": "backbone", "kind": "relay", "via": "tokyo" } ], "lab": { "seed": 7 } }
            """
        #expect(try read(text).lab?.seed == 7)
        let both = text.replacingOccurrences(
            of: "\"receiver\"",
            with: "\"hosts\": {\"a\": {\"local\": true}}, \"receiver\""
        )
        #expect(problems(both).map(\.path) == ["hosts"])
    }

    @Test("Spot's bookTicker has no event time, and the user is told before the run")
    func spotWarning() {
        let spot = FeedSpecification(market: .spot, streams: ["btcusdt@bookTicker"])
        #expect(spot.hasNoEventTime)
        #expect(FeedSpecification(market: .spot, streams: ["btcusdt@depth5"]).hasNoEventTime)
        #expect(!FeedSpecification(market: .spot, streams: ["btcusdt@depth@100ms"]).hasNoEventTime)
        #expect(!FeedSpecification(market: .spot, streams: ["btcusdt@bookTicker", "btcusdt@trade"]).hasNoEventTime)
        #expect(!FeedSpecification(market: .usdm, streams: ["btcusdt@bookTicker"]).hasNoEventTime)
        let experiment = Experiment(
            name: "s",
            feed: spot,
            hosts: [:],
            receiver: "f",
            paths: [PathSpecification(name: "a", kind: .direct), PathSpecification(name: "b", kind: .direct)]
        )
        #expect(experiment.warnings().contains { $0.hasPrefix("no event time in this stream") })
    }
}
