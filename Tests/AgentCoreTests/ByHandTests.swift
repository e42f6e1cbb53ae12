import ExperimentModel
import Foundation
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

struct ByHandTests {
    /// The two files as the first design gives them.
    static let tokyo = """
        {
          "binance_ws_url": "wss://stream.binance.com:9443/ws/btcusdt@bookTicker",
          "frankfurt_private_ip": "10.1.1.10",
          "frankfurt_port": 8080,
          "reconnect_max_delay_secs": 30
        }
        """
    static let frankfurt = """
        {
          "mode": "baseline",
          "binance_ws_url": "wss://stream.binance.com:9443/ws/btcusdt@bookTicker",
          "listen_port": 8080,
          "duration_secs": 300,
          "output_file": "results.json"
        }
        """

    private func read(_ text: String) throws -> ByHandConfiguration {
        try withTemporaryFolder { folder in
            try text.write(toFile: folder + "/config.json", atomically: true, encoding: .utf8)
            return try ByHandConfiguration.read(path: folder + "/config.json")
        }
    }

    @Test func `the forwarder's file makes its plan`() throws {
        let file = try read(Self.tokyo)
        let plan = try ByHandPlan.forward(
            address: try #require(file.frankfurtPrivateIP),
            port: try #require(file.frankfurtPort),
            reconnectMaximumSeconds: try #require(file.reconnectMaximumDelaySeconds),
            bufferEvents: 1_000,
            url: file.binanceWebSocketURL,
            feed: ByHandFeed()
        )
        #expect(plan.market == .spot)
        #expect(plan.streams == ["btcusdt@bookTicker"])
        #expect(plan.paths.first?.destination == "10.1.1.10" && plan.paths.first?.port == 8_080)
        #expect(plan.reconnect == ReconnectPolicy(initial: .seconds(1), max: .seconds(30)))
        let target = try FeedTarget(plan: plan)
        #expect(target.text == "wss://stream.binance.com:9443/ws/btcusdt@bookTicker")
        #expect(target.dialTarget.host == "stream.binance.com" && target.dialTarget.port == 9_443)
    }

    @Test func `both roles take a transport, and UDP wants no padding`() throws {
        func forward(_ transport: PathTransport?, prime: Int) throws -> AgentPlan {
            try ByHandPlan.forward(
                address: "10.1.1.10",
                port: 8_080,
                reconnectMaximumSeconds: 30,
                bufferEvents: 1_000,
                primedOctets: prime,
                transport: transport,
                url: nil,
                feed: ByHandFeed()
            )
        }
        #expect(try forward(.udp, prime: 0).paths.map(\.transport) == [.udp])
        #expect(try forward(nil, prime: 1_000).paths.map(\.transport) == [nil])
        #expect(throws: AgentError.self) { try forward(.udp, prime: 1_000) }
        let receive = try ByHandPlan.receive(
            mode: .both,
            port: 8_080,
            durationSeconds: 1,
            outputFile: "x",
            transport: .udp,
            url: nil,
            feed: ByHandFeed()
        )
        #expect(receive.paths.map(\.transport) == [nil, .udp])
    }

    @Test func `niceness is taken when it is asked for, and only such as there is`() throws {
        func forward(niceness: Int?) throws -> AgentPlan {
            try ByHandPlan.forward(
                address: "10.1.1.10",
                port: 8_080,
                reconnectMaximumSeconds: 30,
                bufferEvents: 1_000,
                url: nil,
                feed: ByHandFeed(niceness: niceness)
            )
        }
        #expect(try forward(niceness: nil).niceness == nil)
        #expect(try [-20, 0, 19].map { try forward(niceness: $0).niceness } == [-20, 0, 19])
        for niceness in [-21, 20] { #expect(throws: AgentError.self) { try forward(niceness: niceness) } }
    }

    @Test func `the receiver's file makes its plan`() throws {
        let file = try read(Self.frankfurt)
        let plan = try ByHandPlan.receive(
            mode: try #require(file.mode.flatMap { ReceiveMode(rawValue: $0) }),
            port: try #require(file.listenPort),
            durationSeconds: try #require(file.durationSeconds),
            outputFile: try #require(file.outputFile),
            url: file.binanceWebSocketURL,
            feed: ByHandFeed()
        )
        #expect(plan.paths.map(\.kind) == [.direct])
        #expect(plan.duration == .seconds(300) && plan.start == .atFirstEvent)
        #expect(plan.outputFile == "results.json")
    }

    @Test(arguments: [
        (#"{"mod": "baseline"}"#, "'mod' (did you mean 'mode'?)"), ("[]", "holds no JSON object"),
        (#"{"frankfurt_port": "8080"}"#, #"frankfurt_port must be a whole number, not "8080""#), ("{", "is not JSON"),
        (#"{"mode": "both", "mode": "baseline"}"#, "'mode' stands here a second time"),
        (#"{"listen_port": 80.5}"#, "listen_port must be a whole number, not 80.5"),
        (#"{"mode": 3}"#, "mode must be text, not 3"), (#"{"mode": "sideways"}"#, "mode: there is no mode 'sideways'"),
        (#"{"duration_secs": -3}"#, "duration_secs must be 1 to 31536000, not -3"),
        (#"{"frankfurt_port": 0}"#, "frankfurt_port must be 1 to 65535, not 0"),
    ])
    func `a file that makes no sense is refused with what is wrong`(text: String, message: String) {
        let error = #expect(throws: AgentError.self) { try read(text) }
        #expect(error?.code == .badPlan)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ("wss://h/public/ws/btcusdt@bookTicker", [], "/public/ws/btcusdt@bookTicker"),
            ("wss://h/public/ws/btcusdt@bookTicker", ["btcusdt@trade"], "/public/ws/btcusdt@trade"),
            (
                "wss://h/stream?streams=btcusdt@trade&x=y", ["a@trade", "b@trade"],
                "/stream?x=y&streams=a@trade/b@trade"
            ),
            ("wss://h/public", ["a@trade"], "/public/stream?streams=a@trade"),
        ] as [(String, [String], String)]
    )
    func `streams that are named win over those of the URL`(url: String, streams: [String], target: String) throws {
        let plan = try ByHandPlan.receive(
            mode: .baseline,
            port: 1,
            durationSeconds: 1,
            outputFile: "x.json",
            url: url,
            feed: ByHandFeed(market: .usdm, streams: streams)
        )
        #expect(try FeedTarget(plan: plan).pathAndQuery == target)
    }

    // MARK: Results

    /// A receiver's summary and its samples.
    private func summary(_ kind: PathSpecification.Kind, samples: Int, folder: String) throws -> AgentSummary {
        let start = Timestamp(wallNs: 1_000_000_000_000, monotonicNs: 500_000_000_000)
        var plan = try ByHandPlan.receive(
            mode: kind == .direct ? .baseline : .awsBackbone,
            port: 8_080,
            durationSeconds: 10,
            outputFile: folder + "/results.json",
            url: nil,
            feed: ByHandFeed()
        )
        plan.runID = "by-hand"
        let writer = try BackgroundWriter(directory: folder)
        let recorder = SampleRecorder(writer: writer)
        for number in 0..<samples {
            let at = start.later(by: Int64(number) * 100_000_000)
            var sample = SampleRecord(updateID: Int64(number), eventTimeNs: at.wallNs - 5_000_000)
            sample.sequence = UInt64(number + 1)
            sample.arrivalWallNs = at.wallNs
            sample.arrivalMonotonicNs = at.monotonicNs
            if kind == .relay { sample.sourceUserNs = at.wallNs - 2_000_000 }
            recorder.add(sample)
        }
        recorder.flush()
        writer.finish()
        var counts = LaneCounts()
        counts.missing = 3
        return AgentSummary(
            plan: plan,
            agentVersion: "0",
            state: .finished,
            reason: "the window is over",
            started: start,
            ended: start.later(by: 10_000_000_000),
            window: samples == 0
                ? nil : MeasuredWindow(start: start, end: start.later(by: 10_000_000_000)),
            lanes: [LaneSummary(path: plan.paths[0].name, lane: 0, counts: counts)],
            receiveTimeSource: "kernel",
            sampleCount: samples
        )
    }

    private static let fields = [
        "setup_type", "sample_count", "events_lost", "avg_latency_ms", "median_latency_ms", "p95_latency_ms",
        "p99_latency_ms", "min_latency_ms", "max_latency_ms", "jitter_stddev_ms", "backbone_avg_latency_ms",
        "backbone_median_latency_ms",
    ]

    @Test(arguments: PathSpecification.Kind.allCases)
    func `results have every field of the first design, null where there is nothing`(
        _ kind: PathSpecification.Kind
    ) throws {
        try withTemporaryFolder { folder in
            let lines = try ByHandResults.write(
                try summary(kind, samples: 20, folder: folder),
                directory: folder
            ).lines
            let data = try Data(contentsOf: URL(filePath: folder + "/results.json"))
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            for field in Self.fields { #expect(object[field] != nil, "\(field)") }
            #expect(object["setup_type"] as? String == kind.setupType)
            #expect(object["sample_count"] as? Int == 20 && object["events_lost"] as? Int == 3)
            #expect(object["median_latency_ms"] as? Double == 5)
            #expect((object["backbone_median_latency_ms"] as? Double) == (kind == .relay ? 2 : nil))
            #expect((object["backbone_avg_latency_ms"] is NSNull) == (kind == .direct))

            let csv = try String(contentsOfFile: folder + "/results.csv", encoding: .utf8).split(separator: "\n")
            #expect(csv.count == 21)
            #expect(
                csv[0].hasPrefix(
                    "sequence_id,binance_event_time,tokyo_receive_time,frankfurt_receive_time,end_to_end_latency_ms,"
                        + "backbone_latency_ms"
                )
            )
            let tokyo = kind == .relay ? "999998000000" : ""
            #expect(
                csv[1].hasPrefix(
                    "1,999995,\(tokyo),1000000000000,5.000000,\(kind == .relay ? "2.000000" : ""),"
                )
            )
            // The samples have no kernel time, as everywhere else than on Linux: said in every form.
            #expect(csv[1].hasSuffix(kind == .relay ? ",true,user,,user," : ",true,,,user,"), "\(csv[1])")
            #expect(object["receive_time_source"] as? String == "user" && object["host_delay_p99_ms"] is NSNull)
            #expect(lines.first?.contains(", receive times: user: ") == true, "\(lines)")
            #expect(lines.first?.hasPrefix("\(kind.setupType): 20 events, 3 lost, median 5.0 ms") == true)
        }
    }

    @Test func `without any event there are results all the same`() throws {
        try withTemporaryFolder { folder in
            _ = try ByHandResults.write(try summary(.direct, samples: 0, folder: folder), directory: folder)
            let data = try Data(contentsOf: URL(filePath: folder + "/results.json"))
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(object["sample_count"] as? Int == 0)
            #expect(object["median_latency_ms"] is NSNull)
            #expect(object["note"] as? String == "no event came")
            #expect(try String(contentsOfFile: folder + "/results.csv", encoding: .utf8) == SampleCSV.header + "\n")
        }
    }

    // MARK: Progress

    private func status(
        _ plan: AgentPlan,
        seconds: Int,
        _ state: AgentStatus.State,
        _ lane: LaneStatus
    ) -> AgentStatus {
        AgentStatus(
            runID: plan.runID,
            host: plan.host,
            role: plan.role,
            state: state,
            at: Timestamp(wallNs: 0, monotonicNs: Int64(seconds) * 1_000_000_000),
            lanes: [lane]
        )
    }

    @Test func `a person is told what is waited for, what fails, and how it goes`() throws {
        let plan = try ByHandPlan.receive(
            mode: .baseline,
            port: 8_080,
            durationSeconds: 300,
            outputFile: "results.json",
            url: nil,
            feed: ByHandFeed()
        )
        var said: [String] = []
        let progress = ByHandProgress(plan: plan) { said.append($0) }
        var lane = LaneStatus(path: "baseline", lane: 0, state: .connecting)
        for second in 0..<6 { progress.note(status(plan, seconds: second, .starting, lane)) }
        lane.lastFailure = "no data for 5 s on btcusdt@bookTicker"
        for second in 6..<9 { progress.note(status(plan, seconds: second, .starting, lane)) }
        lane.state = .streaming
        lane.endpoint = "203.0.113.7:443"
        lane.counts.received = 40
        lane.counts.arrived = 40
        lane.ratePerSecond = 40
        lane.medianMs = 118.7031
        for second in 9..<31 { progress.note(status(plan, seconds: second, .measuring, lane)) }
        #expect(
            said == [
                "dials the exchange for usdm btcusdt@bookTicker; measures 300s from the first event on",
                "5 s, waiting for the first event: baseline/0 connecting",
                "baseline/0: no data for 5 s on btcusdt@bookTicker",
                "baseline/0: events come from 203.0.113.7:443",
                "the first event is here: measuring for 300s",
                "10 s of 300s: baseline 40 events, 40/s, median 118.703 ms",
                "20 s of 300s: baseline 40 events, 40/s, median 118.703 ms",
            ]
        )
    }

    @Test func `what is waited for is told apart: refusals, a mute feed, a forwarder without events, garbage`() throws {
        func waiting(_ mode: ReceiveMode, _ lane: LaneStatus) throws -> String {
            let plan = try ByHandPlan.receive(
                mode: mode,
                port: 8_080,
                durationSeconds: 300,
                outputFile: "results.json",
                url: nil,
                feed: ByHandFeed()
            )
            var said: [String] = []
            let progress = ByHandProgress(plan: plan) { said.append($0) }
            for second in 0..<6 { progress.note(status(plan, seconds: second, .starting, lane)) }
            return said.last ?? ""
        }
        var lane = LaneStatus(path: "baseline", lane: 0, state: .waiting, connections: 3)
        lane.lastFailure = "the certificate is not accepted"
        lane.nextAttempt = Timestamp(wallNs: 0, monotonicNs: 7_500_000_000)
        let refused = "baseline/0 failed 3 times: the certificate is not accepted; next try in 2.5 s"
        #expect(try waiting(.baseline, lane) == "5 s, waiting for the first event: \(refused)")
        var mute = LaneStatus(path: "baseline", lane: 0, state: .connecting)
        mute.isMute = true
        #expect(try waiting(.baseline, mute).hasSuffix("baseline/0 subscribed, no event yet"))
        mute.counts.received = 4
        mute.counts.invalid = ["truncated": 4]
        #expect(try waiting(.baseline, mute).contains("4 messages came, none could be used (truncated: 4)"))
        let relay = LaneStatus(path: "aws-backbone", lane: 0, state: .streaming)
        #expect(try waiting(.awsBackbone, relay).hasSuffix("a forwarder is connected, no event yet"))
    }

    @Test func `a person hears at once of a full disk, a bad clock and a second forwarder`() throws {
        let plan = try ByHandPlan.receive(
            mode: .awsBackbone,
            port: 8_080,
            durationSeconds: 300,
            outputFile: "results.json",
            url: nil,
            feed: ByHandFeed()
        )
        var said: [String] = []
        let progress = ByHandProgress(plan: plan) { said.append($0) }
        var now = status(plan, seconds: 0, .starting, LaneStatus(path: "aws-backbone", lane: 0, state: .streaming))
        now.clock = ClockReading(at: now.at, tracking: nil, failure: "cannot run chronyc")
        now.recordingFailure = RecordingFailure(at: now.at, reason: "No space left on device")
        now.strangers = ["occupied": 2, "too many at once": 1]
        for _ in 0..<3 { progress.note(now) }
        #expect(said.count { $0.contains("clock is not known to be right: cannot run chronyc") } == 1)
        #expect(said.count { $0.contains("can no longer be written: No space left on device") } == 1)
        #expect(said.count { $0.contains("another forwarder was refused (2 times so far)") } == 1)
    }

    @Test(arguments: [
        ("10.1.1.10:8080", "--port"), ("999.1.1.1", "0 to 255"), ("1.2.3", "0 to 255"), ("a b", "no address"),
        ("fe80::x", "no address"), ("", "no address"),
    ])
    func `what cannot be an address is refused`(address: String, text: String) {
        let error = #expect(throws: AgentError.self) { try ByHandPlan.checkAddress(address) }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: ["10.1.1.10", "tokyo-1.example", "::1", "[2001:db8::1]", "fe80::1%eth0", "ip-10-0-1-2"])
    func `what can be an address is taken`(address: String) throws { try ByHandPlan.checkAddress(address) }

    @Test func `streams that make no sense are refused by the plan already`() {
        #expect(throws: AgentError.self) {
            try ByHandPlan.receive(
                mode: .baseline,
                port: 8_080,
                durationSeconds: 300,
                outputFile: "results.json",
                url: nil,
                feed: ByHandFeed(streams: ["BTCUSDT@bookTicker"])
            )
        }
    }
}
