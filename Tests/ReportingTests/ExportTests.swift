import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

@Suite struct ExportTests {
    /// The rows of a synthetic run, as fields by column name.
    private func rows(_ run: SyntheticRun) async throws -> [[String: String]] {
        let directory = try run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        var bytes: [UInt8] = []
        let count = try await SampleRows(runDirectory: directory.path).write { bytes += $0 }.rows
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let names = lines[0].split(separator: ",").map(String.init)
        #expect(count == lines.count - 1)
        return lines.dropFirst().map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            #expect(fields.count == names.count)
            return Dictionary(uniqueKeysWithValues: zip(names, fields))
        }
    }

    @Test func everySampleIsARowWithTheValuesOfTheReport() async throws {
        let run = SyntheticKind.tiny.run
        let found = try await rows(run)
        let data = run.data()
        #expect(found.count == data.blocks.reduce(0) { $0 + $1.samples.count })
        let analysis = RunAnalyzer.analyze(data)
        for path in analysis.paths {
            let counted = found.filter { $0["path"] == path.name && $0["is_counted"] == "true" }
            #expect(counted.count == path.samples)
            let values = counted.compactMap { Double($0["end_to_end_ns"] ?? "") }
            let summary = try #require(path.metric(.endToEnd)?.summaryNs)
            #expect(try #require(Summary(values)).median == summary.median)
        }
        for (row, sample) in zip(found, data.blocks.flatMap(\.samples)) {
            #expect(row["update_id"] == "\(sample.updateID)")
            #expect(row["receive_ns"] == "\(sample.arrivalNs)")
            #expect(row["receive_monotonic_ns"] == "\(sample.arrivalOnMonotonicNs)")
            let source = sample.sourceNs == SampleRecord.absent ? "" : "\(sample.sourceNs)"
            #expect(row["forwarder_receive_ns"] == source)
            #expect(row["relay_leg_ns"] == (Metric.backbone.ns(of: sample).map { "\($0)" } ?? ""))
        }
    }

    @Test func duplicatesAndTheWarmUpAreThereAndNotCounted() async throws {
        var run = SyntheticRun()
        run.seconds = 5
        run.repeatsEvents = true
        run.eventsPerSecond = 60
        run.warmUpSeconds = 1
        let found = try await rows(run)
        #expect(found.contains { $0["is_duplicate"] == "true" && $0["is_counted"] == "false" })
        #expect(found.contains { $0["in_window"] == "false" && $0["is_counted"] == "false" })
    }

    @Test func namesWithCommasAreQuotedAndUnknownLanesHaveNoPath() async throws {
        var record = SyntheticKind.tiny.run.data().record
        record.id = "a,\"b\""
        let block = ExportBlock(number: 1, paths: [], streams: [], window: nil, samples: "")
        var bytes: [UInt8] = []
        var sample = SampleRecord(updateID: -5, sequence: 7, arrivalWallNs: 10, arrivalMonotonicNs: 4, lane: 3)
        sample.stream = 9
        SampleRow(record, block).append(sample, to: &bytes)
        let line = String(decoding: bytes, as: UTF8.self)
        #expect(line == "\"a,\"\"b\"\"\",clean,1,,,3,0,,-5,7,,,,,10,4,user,,,,,,false,false,false,false\n")
    }

    @Test func aTornRecordIsLeftOutAndAnotherFormatRefused() async throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "hosts/frankfurt/samples.bin")
        let whole = try Data(contentsOf: file)
        try whole.dropLast(10).write(to: file)
        let count = try await SampleRows(runDirectory: directory.path).write { _ in }.rows
        #expect(count == (whole.count - SampleFile.headerSize) / SampleRecord.size - 1)
        try Data(repeating: 0, count: 100).write(to: file)
        await #expect(throws: ExperimentError.self) {
            try await SampleRows(runDirectory: directory.path).write { _ in }
        }
        try FileManager.default.removeItem(at: file)
        let error = #expect(throws: ReportingError.self) { try SampleRows(runDirectory: directory.path) }
        #expect(error?.message.contains("has no samples") == true)
    }

    @Test func theDocumentationHasTheColumns() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: top.appending(path: "docs/export.md"), encoding: .utf8)
        #expect(text.contains(ExportSchema.markdown))
        #expect(text.contains(ExportSchema.athenaTable(location: "s3://BUCKET/latexp/")))
        for line in ExportSchema.text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
}
