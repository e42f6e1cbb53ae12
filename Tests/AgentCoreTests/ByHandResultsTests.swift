import ExperimentModel
import Foundation
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// What results of an agent by hand say of what went wrong.
struct ByHandResultsTests {
    private static let start = Timestamp(wallNs: 1_780_000_000_000_000_000, monotonicNs: 500_000_000_000)
    private static let good = """
        {"at":{"monotonicNs":500000000000,"wallNs":1780000000000000000},"tracking":{"referenceID":"A9FEA97B",\
        "referenceName":"ntp.example","stratum":3,"referenceTimeSeconds":1779999990,"systemOffsetSeconds":0.0001,\
        "lastOffsetSeconds":0,"rmsOffsetSeconds":0,"frequencyPPM":0,"skewPPM":0.1,"rootDelaySeconds":0.0002,\
        "rootDispersionSeconds":0.0003,"updateIntervalSeconds":64,"leapStatus":"Normal"}}

        """

    /// A run of 10 s with a sample each 100 ms, made other than it should be by whoever wants to.
    private final class World {
        let folder: String
        var plan: AgentPlan
        var counts = LaneCounts()
        var totals: SenderTotals?
        var connections: [ConnectionRecord] = []
        var sample: (Int, inout SampleRecord) -> Void = { _, _ in }
        var change: (inout AgentSummary) -> Void = { _ in }

        init(_ folder: String, _ mode: ReceiveMode, lanes: Int = 1) throws {
            self.folder = folder
            plan = try ByHandPlan.receive(
                mode: mode,
                port: 8_080,
                durationSeconds: 10,
                outputFile: folder + "/results.json",
                url: nil,
                feed: ByHandFeed(lanes: lanes)
            )
        }

        /// Writes the samples and gives the summary.
        func run() throws -> AgentSummary {
            let writer = try BackgroundWriter(directory: folder)
            let recorder = SampleRecorder(writer: writer)
            let isRelay = plan.paths[0].kind == .relay
            for number in 0..<100 {
                let at = ByHandResultsTests.start.later(by: Int64(number) * 100_000_000)
                for lane in 0..<plan.paths[0].lanes {
                    var sample = SampleRecord(updateID: Int64(number), eventTimeNs: at.wallNs - 5_000_000)
                    sample.sequence = UInt64(number + 1)
                    sample.arrivalWallNs = at.wallNs
                    sample.arrivalMonotonicNs = at.monotonicNs
                    sample.lane = UInt16(lane)
                    if isRelay {
                        sample.sourceUserNs = at.wallNs - 3_000_000
                        sample.sourceSendNs = at.wallNs - 2_000_000
                    }
                    self.sample(number, &sample)
                    recorder.add(sample)
                }
            }
            recorder.flush()
            writer.finish()
            let window = MeasuredWindow(
                start: ByHandResultsTests.start,
                end: ByHandResultsTests.start.later(by: 10_000_000_000)
            )
            var summary = AgentSummary(
                plan: plan,
                agentVersion: "0",
                state: .finished,
                reason: "the window is over",
                started: window.start,
                ended: window.end,
                window: window,
                lanes: (0..<plan.paths[0].lanes).map { number in
                    LaneSummary(
                        path: plan.paths[0].name,
                        lane: number,
                        counts: counts,
                        senderTotals: totals,
                        connections: connections
                    )
                },
                receiveTimeSource: "user",
                sampleCount: recorder.count
            )
            change(&summary)
            return summary
        }

        /// The results as they are on the disk, and what a person was told.
        func results() throws -> (results: PathResults, figures: ByHandFigures, said: String) {
            let outcome = try ByHandResults.write(try run(), directory: folder)
            #expect(outcome.failure == nil)
            let data = try Data(contentsOf: URL(filePath: folder + "/results.json"))
            return (
                try JSONDecoder().decode(PathResults.self, from: data),
                try JSONDecoder().decode(ByHandFigures.self, from: data), outcome.lines.joined(separator: "\n")
            )
        }

        func write(_ text: String, to file: String) throws {
            try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        }
    }

    private static func with(_ mode: ReceiveMode, lanes: Int = 1, _ body: (World) throws -> Void) throws {
        try withTemporaryFolder { try body(try World($0, mode, lanes: lanes)) }
    }

    private static func moment(_ seconds: Double) -> Timestamp { start.later(by: Int64(seconds * 1e9)) }

    private static func connection(_ purpose: String, from: Double, to: Double?) -> ConnectionRecord {
        var record = ConnectionRecord(purpose: purpose, began: moment(from))
        record.streaming = moment(from)
        record.ended = to.map(moment)
        return record
    }

    @Test func `samples that are not on the disk are counted and said first`() throws {
        try Self.with(.baseline) { world in
            world.change = {
                $0.samplesNotWritten = 900
                $0.recordingFailure = RecordingFailure(at: Self.start, reason: "No space left on device")
            }
            let (results, figures, said) = try world.results()
            #expect(figures.samplesNotWritten == 900)
            #expect(results.note?.hasPrefix("900 of 1000 samples could not be written") == true)
            #expect(said.contains("note: 900 of 1000 samples could not be written") && said.contains("No space left"))
        }
    }

    @Test func `a disk that takes no more is named in the log`() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder + "/samples.bin",
                withIntermediateDirectories: false
            )
            let writer = try BackgroundWriter(directory: folder)
            let recorder = SampleRecorder(writer: writer)
            for _ in 0..<7 { recorder.add(SampleRecord()) }
            recorder.flush()
            writer.finish()
            let log = try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8)
            #expect(log.contains(#""event":"recording.failed""#) && log.contains("samples.bin: Is a directory"))
            #expect(log.contains(#""samplesNotWritten":"7""#))
        }
    }

    @Test func `what waited for the relay, and what came behind it, is left out; what waits later is counted`() throws {
        try Self.with(.awsBackbone) { world in
            world.sample = { number, sample in
                // Ten that waited, five behind them; then one more in the middle.
                if number < 10 || number == 50 { sample.sourceUserNs = sample.sourceSendNs - 900_000_000 }
                if (10..<15).contains(number) { sample.sourceSendNs -= 50_000_000 }
                if (10..<15).contains(number) { sample.sourceUserNs = sample.sourceSendNs - 1_000_000 }
            }
            let (results, figures, _) = try world.results()
            #expect(figures.eventsLeftOut == 15 && results.sampleCount == 85 && figures.eventsWaited == 1)
            #expect(figures.sendToArrival.maximumMs == 2 && results.backboneMedianLatencyMs == 3)
            #expect(figures.measuredSeconds == 8.5 && figures.windowStart == "2026-05-28T20:26:41.500Z")
            #expect(results.note?.contains("left out at the start: 15 events") == true)
            #expect(results.note?.contains("1 event had waited more than 10 ms") == true)
            let csv = try String(contentsOfFile: world.folder + "/results.csv", encoding: .utf8)
            #expect(csv.split(separator: "\n").count { $0.contains(",true,user") } == 85)
        }
    }

    @Test func `where every event waited nothing is left out, and it is said`() throws {
        try Self.with(.awsBackbone) { world in
            world.sample = { $1.sourceUserNs = $1.sourceSendNs - 900_000_000 }
            let (results, figures, _) = try world.results()
            #expect(results.sampleCount == 100 && figures.eventsWaited == 100)
            #expect(results.note?.contains("every event had waited") == true)
        }
    }

    @Test func `what a broken direct path lost is not known`() throws {
        try Self.with(.baseline) { world in
            world.connections = [
                Self.connection("feed", from: -1, to: 3), Self.connection("feed", from: 5.5, to: 10.1),
            ]
            let (results, figures, said) = try world.results()
            #expect(results.eventsLost == nil && figures.reconnections == 1 && figures.secondsWithoutConnection == 2.5)
            #expect(said.contains("100 events, an unknown number lost"), "\(said)")
            #expect(said.contains("was lost once, for 2.5 s in all"))
        }
        // One that was replaced in time, and one that went before the window, are none.
        let window = MeasuredWindow(start: Self.moment(0), end: Self.moment(10))
        let whole = [Self.connection("feed", from: -1, to: 5), Self.connection("feed", from: 4, to: nil)]
        #expect(ConnectionGaps(whole, purpose: "feed", in: window) == ConnectionGaps())
        let early = [Self.connection("feed", from: -5, to: -3), Self.connection("feed", from: -2, to: nil)]
        #expect(ConnectionGaps(early, purpose: "feed", in: window) == ConnectionGaps())
        #expect(ConnectionGaps(Array(whole.prefix(1)), purpose: "feed", in: window).ns == 5_000_000_000)
    }

    @Test func `what the forwarder's own connection lost stands beside the relay's loss`() throws {
        try Self.with(.awsBackbone) { world in
            world.counts.missing = 4
            world.totals = SenderTotals(received: 1, forwarded: 1, dropped: 0, invalid: 3, lastSequence: 1)
            world.totals?.feedLosses = 2
            var earlier = LaneCounts()
            earlier.missing = 3
            world.change = { $0.lanes[0].earlier = earlier }
            let (results, figures, _) = try world.results()
            #expect(results.eventsLost == 7 && figures.feedReconnections == 2 && figures.invalidCount == 3)
            #expect(results.note?.contains("the forwarder lost its connection to the exchange 2 times") == true)
            #expect(results.note?.contains("the forwarder was started anew") == true)
        }
    }

    @Test func `the clock's bound is given, or why there is none, and delays that cannot be are counted`() throws {
        try Self.with(.baseline) { world in
            try world.write(Self.good, to: "clock.jsonl")
            world.sample = { if $0 < 30 { $1.eventTimeNs += 3_600_000_000_000 } }
            let (results, figures, _) = try world.results()
            #expect(abs((figures.clock.boundMs ?? 0) - 0.5) < 1e-9 && figures.clock.source == "ntp.example")
            #expect(figures.clock.failure == nil && figures.delaysBelowZero == 30)
            #expect(results.note?.contains("30 end-to-end latencies are below zero") == true)
        }
        try Self.with(.baseline) { world in
            let none = #"{"at":{"monotonicNs":1,"wallNs":1},"failure":"cannot run chronyc"}"#
            try world.write(Self.good + none + "\n", to: "clock.jsonl")
            let (results, figures, _) = try world.results()
            #expect(figures.clock.boundMs == nil && figures.clock.failure == "cannot run chronyc")
            #expect(results.note?.contains("clock is not known to be right: cannot run chronyc") == true)
        }
    }

    @Test func `a run that was stopped says by what, and how much of the plan it measured`() throws {
        try Self.with(.baseline) { world in
            world.change = {
                $0.window?.end = Self.moment(4)
                $0.stoppedBy = "SIGINT"
            }
            let (results, figures, said) = try world.results()
            #expect(figures.stoppedBy == "SIGINT" && figures.plannedSeconds == 10 && figures.measuredSeconds == 4)
            #expect(results.note?.contains("stopped by SIGINT: 4.0 s of the planned 10.0 s measured") == true)
            #expect(said.contains("from 2026-05-28T20:26:40.000Z to 2026-05-28T20:26:44.000Z"), "\(said)")
        }
        let spans: [(path: String, first: Int64?, last: Int64?)] = [
            ("baseline", 0, 10_000_000_000), ("aws-backbone", 4_000_000_000, 10_000_000_000),
        ]
        let text = ByHandNotes.spans(spans)
        #expect(text?.contains("baseline from 0.0 s to 10.0 s, aws-backbone from 4.0 s to 10.0 s") == true)
        #expect(ByHandNotes.spans([spans[0], ("b", 500_000_000, 10_100_000_000)]) == nil)
    }

    @Test func `two lanes bring each event twice: samples and events are told apart`() throws {
        try Self.with(.baseline, lanes: 2) { world in
            let (results, figures, said) = try world.results()
            #expect(results.sampleCount == 200 && figures.distinctEvents == 100)
            #expect(said.contains("100 events in 200 samples"), "\(said)")
        }
    }

    @Test func `a feed without one usable message is not called silent`() throws {
        try Self.with(.baseline) { world in
            world.counts.received = 12
            world.counts.invalid = ["truncated": 11, "no JSON": 1]
            world.change = {
                $0.window = nil
                $0.sampleCount = 0
                $0.lanes[0].silentStreams = ["btcusdt@bookTicker"]
            }
            let (results, figures, said) = try world.results()
            #expect(results.note == "12 messages came, none could be used (truncated: 11, no JSON: 1)")
            #expect(figures.invalidCount == 12 && !said.contains("nothing ever came"))
        }
    }

    // MARK: Files

    @Test func `one pair of names, whichever is asked for`() throws {
        try Self.with(.baseline) { world in
            func pair(_ name: String) -> [String] {
                let pair = ResultFiles(name, of: world.plan).pair("baseline")
                return [pair.json, pair.csv]
            }
            #expect(pair("my.csv") == ["my.json", "my.csv"] && pair("my.json") == ["my.json", "my.csv"])
            #expect(pair("d.x/my") == ["d.x/my", "d.x/my.csv"])
        }
    }

    @Test func `earlier results are kept under one number`() throws {
        try Self.with(.baseline) { world in
            try world.write("old", to: "results.csv")
            try world.write("older", to: "results.1.json")
            let (_, _, said) = try world.results()
            #expect(said.contains("results.csv as \(world.folder)/results.2.csv"), "\(said)")
            #expect(try String(contentsOfFile: world.folder + "/results.2.csv", encoding: .utf8) == "old")
            #expect(try String(contentsOfFile: world.folder + "/results.1.json", encoding: .utf8) == "older")
        }
    }

    @Test(arguments: ["", "none/results.json", "folder", "folder/"])
    func `a place where results cannot be is refused at once`(name: String) throws {
        try Self.with(.baseline) { world in
            try FileManager.default.createDirectory(
                atPath: world.folder + "/folder",
                withIntermediateDirectories: false
            )
            world.plan.outputFile = name.isEmpty ? "" : world.folder + "/" + name
            let error = #expect(throws: AgentError.self) { try ResultFiles.check(world.plan) }
            #expect(error?.code == .badPlan)
            world.plan.outputFile = world.folder + "/results.json"
            try ResultFiles.check(world.plan)
            #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder) == ["folder"])
        }
    }

    @Test func `figures are given also when the files cannot be written`() throws {
        try Self.with(.baseline) { world in
            world.plan.outputFile = world.folder + "/none/results.json"
            let outcome = try ByHandResults.write(try world.run(), directory: world.folder)
            #expect(outcome.failure?.code == .file)
            #expect(outcome.lines.contains { $0.contains("100 events, 0 lost, median 5.0 ms") })
        }
    }

    @Test func `of a killed run the plan and the samples are enough`() throws {
        try Self.with(.baseline) { world in
            _ = try world.run()
            try world.write(String(decoding: try JSONEncoder().encode(world.plan), as: UTF8.self), to: "plan.json")
            let (summary, isEnded) = try RunFolder.summary(world.folder)
            #expect(!isEnded && summary.sampleCount == 100)
            _ = try ByHandResults.write(summary, directory: world.folder, isEnded: isEnded)
            let data = try Data(contentsOf: URL(filePath: world.folder + "/results.json"))
            let results = try JSONDecoder().decode(PathResults.self, from: data)
            #expect(results.sampleCount == 100 && results.medianLatencyMs == 5 && results.eventsLost == nil)
            #expect(results.note?.contains("the run did not end") == true)
            #expect(try JSONDecoder().decode(ByHandFigures.self, from: data).isEnded == false)
        }
    }
}
