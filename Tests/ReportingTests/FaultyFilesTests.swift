import ExperimentModel
import Foundation
import Testing

@testable import Reporting

/// Files beside the samples that are damaged: the report stands, and names each with its line.
struct FaultyFilesTests {
    /// The warnings of a run after one of its files was changed.
    private static func warnings(_ name: String, _ change: (String) -> String) throws -> [AnalysisWarning] {
        let directory = try SyntheticRun(retransmissions: [(3, 2)]).write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: name)
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        try Data(change(text).utf8).write(to: file)
        return try RunAnalyzer.analyze(runDirectory: directory.path).warnings.filter { $0.code == .incompleteFiles }
    }

    @Test func aBrokenLineOfAClockFileIsLeftOutAndNamed() throws {
        let found = try Self.warnings("hosts/frankfurt/clock.jsonl") { "{\"a\":\n" + $0 }
        #expect(found.map(\.text).contains { $0.hasPrefix("hosts/frankfurt/clock.jsonl: line 1 is no clock reading") })
        #expect(found.filter { $0.makesVerdictUnusable }.isEmpty)
    }

    @Test func anEmptyClockFileIsNamed() throws {
        let found = try Self.warnings("hosts/tokyo/clock.jsonl") { _ in "" }
        #expect(found.map(\.text).contains { $0.hasPrefix("hosts/tokyo/clock.jsonl: is empty") }, "\(found)")
    }

    @Test func tornEndsAreNoFault() throws {
        for name in ["hosts/tokyo/clock.jsonl", "hosts/tokyo/tcp.jsonl"] {
            #expect(try Self.warnings(name) { String($0.dropLast(20)) }.isEmpty)
        }
    }

    @Test(arguments: ["\u{1}\u{2}noise", "noise\nnoise\n", "{}\n"])
    func aFileOfNoiseIsNoAccountOfTCP(_ noise: String) throws {
        let found = try Self.warnings("hosts/tokyo/tcp.jsonl") { _ in noise }
        #expect(found.map(\.text).contains { $0.hasPrefix("hosts/tokyo/tcp.jsonl: line 1 ") }, "\(found)")
    }

    @Test func aStatusThatIsNoneIsNamed() throws {
        let found = try Self.warnings("hosts/frankfurt/status.json") { _ in "[]" }
        #expect(found.map(\.text).contains { $0.hasPrefix("hosts/frankfurt/status.json: ") })
    }

    @Test func samplesThatCouldNotBeWrittenAreNamedWithCauseAndTime() throws {
        var data = SyntheticRun().data()
        let reason = "cannot write /r/samples.bin: No space left on device; recording ended"
        data.blocks[0].receiver?.samplesNotWritten = 10_060
        data.blocks[0].receiver?.recordingFailure = .init(at: SyntheticRun.moment(12.3), reason: reason)
        let headline = RunAnalyzer.analyze(data).verdict.headline
        #expect(headline.contains("10,060 samples could not be written on frankfurt, from 12.3 s of the window on"))
        #expect(headline.contains("No space left on device"))
    }

    @Test func whatIsExportedFromDamagedFilesIsNamed() async throws {
        let directory = try SyntheticRun().write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let clean = try await SampleRows(runDirectory: directory.path).write { _ in }
        #expect(clean.rows > 1_000 && clean.warnings.isEmpty, "\(clean.warnings)")
        let samples = directory.appending(path: "hosts/frankfurt/samples.bin")
        let whole = try Data(contentsOf: samples)
        try whole.dropLast(11 * 96 + 10).write(to: samples)
        let cut = try await SampleRows(runDirectory: directory.path).write { _ in }.warnings
        #expect(cut.contains { $0.contains("its file holds") && $0.contains("hosts/frankfurt/samples.bin") }, "\(cut)")
        var noise = whole
        for index in noise.count / 2..<noise.count / 2 + 66 * 96 { noise[index] = ~noise[index] }
        try noise.write(to: samples)
        let damaged = try await SampleRows(runDirectory: directory.path).write { _ in }.warnings
        // As many as the run's own report counts.
        let told = RunAnalyzer.analyze(try RunLoader.load(directory.path)).warnings.first {
            $0.text.contains("the file is damaged")
        }
        #expect(damaged.contains(try #require(told).text), "\(damaged)")
    }

    @Test func aBrokenManifestIsRefusedWithLineAndColumn() throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        try Data("{\"format\": 1,\n \"id\" 7}".utf8).write(to: directory.appending(path: "run.json"))
        let error = #expect(throws: ReportingError.self) { try RunLoader.load(directory.path) }
        #expect(error?.message.contains("line 2, column 7") ?? false, "\(error?.message ?? "")")
        #expect(!(error?.message.contains("DecodingError") ?? true))
    }
}
