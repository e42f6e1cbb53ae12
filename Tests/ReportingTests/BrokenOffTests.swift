import ExperimentModel
import Foundation
import Testing

@testable import Reporting

/// A receiver that was killed, and one whose account is gone.
struct BrokenOffTests {
    private static let folder = "hosts/frankfurt"

    /// A run whose receiver was killed: no summary, no window in the manifest, a last status or a log.
    private static func killed(_ change: (URL, MeasuredWindow) throws -> Void) throws -> RunAnalysis {
        let directory = try SyntheticRun().write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let manifest = directory.appending(path: "run.json")
        var record = try JSONDecoder().decode(RunRecord.self, from: Data(contentsOf: manifest))
        let window = try #require(record.blocks[0].window)
        record.blocks[0].window = nil
        record.outcome = .failed
        var phase = PhaseRecord(name: "measure", beganSeconds: 0)
        phase.checks = [CheckRecord("measure", .failed, "frankfurt: the receiver exited with status 137")]
        record.phases.append(phase)
        try JSONEncoder().encode(record).write(to: manifest)
        try FileManager.default.removeItem(at: directory.appending(path: "\(folder)/summary.json"))
        // It got no further than eleven seconds.
        let end = SyntheticRun.moment(11).monotonicNs
        let samples = try RecordedSamples(path: directory.appending(path: "\(folder)/samples.bin").path)
        let kept = samples.filter { $0.arrivalMonotonicNs < end }
        try Data(SyntheticRun.sampleFile(RecordedSamples(kept)))
            .write(to: directory.appending(path: "\(folder)/samples.bin"))
        try change(directory.appending(path: folder), window)
        return try RunAnalyzer.analyze(runDirectory: directory.path)
    }

    private static func check(_ analysis: RunAnalysis) {
        let sentence = "the receiver on frankfurt ended (exited with status 137) 11.0 s into the window"
        #expect(analysis.warnings.first?.text.hasPrefix(sentence) ?? false, "\(analysis.warnings)")
        #expect(analysis.verdict.headline.hasPrefix("cannot say: " + sentence))
        #expect(!analysis.warnings.contains { $0.text.contains("never began") })
        #expect(abs(analysis.measuredSeconds - 11) < 0.1)
        #expect(analysis.paths.allSatisfy { $0.samples > 500 }, "what came home is used")
    }

    @Test func theWindowOfAKilledReceiverIsInItsLastStatus() throws {
        Self.check(
            try Self.killed { folder, window in
                let status = AgentStatus(
                    runID: "r",
                    host: "frankfurt",
                    role: .receive,
                    state: .measuring,
                    at: SyntheticRun.moment(10.4),
                    window: window
                )
                try JSONEncoder().encode(status).write(to: folder.appending(path: "status.json"))
            }
        )
    }

    @Test func withoutAStatusItIsInItsLog() throws {
        Self.check(
            try Self.killed { folder, window in
                let durationNs = window.end.monotonicNs - window.start.monotonicNs
                let line = ["event": "window", "startWallNs": "\(window.start.wallNs)", "durationNs": "\(durationNs)"]
                let text = "{\"event\":\"start\"}\n" + String(decoding: try JSONEncoder().encode(line), as: UTF8.self)
                try Data((text + "\n").utf8).write(to: folder.appending(path: "log.jsonl"))
            }
        )
    }

    @Test func withoutEitherTheWindowNeverBegan() throws {
        let analysis = try Self.killed { _, _ in }
        #expect(analysis.isVerdictUnusable && analysis.measuredSeconds == 0)
    }

    @Test func withoutAnyAccountOfTheForwarderThereIsNoVerdict() {
        var data = SyntheticRun().data()
        data.blocks[0].forwarders["tokyo"] = nil
        #expect(!RunAnalyzer.analyze(data).isVerdictUnusable, "the goodbyes stand in")
        for index in data.blocks[0].receiver?.lanes.indices ?? 0..<0 {
            data.blocks[0].receiver?.lanes[index].senderTotals = nil
        }
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.isVerdictUnusable)
        #expect(analysis.verdict.headline.contains("neither the forwarder's summary nor its goodbye came"))
    }

    @Test func withoutTheReceiversAccountThereIsNoVerdict() throws {
        let directory = try SyntheticRun().write()
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(try !RunAnalyzer.analyze(runDirectory: directory.path).isVerdictUnusable)
        try FileManager.default.removeItem(at: directory.appending(path: "\(Self.folder)/summary.json"))
        let analysis = try RunAnalyzer.analyze(runDirectory: directory.path)
        #expect(analysis.isVerdictUnusable)
        #expect(analysis.verdict.headline.contains("hosts/frankfurt/summary.json is missing"))
    }
}
