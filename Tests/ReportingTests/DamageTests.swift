import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// Runs whose files were cut or changed: nothing is concluded from them, and nothing traps.
@Suite(.timeLimit(.minutes(3)))
struct DamageTests {
    private static let samples = "hosts/frankfurt/samples.bin"

    /// The analysis of a run after something happened to its samples.
    private static func analysis(after change: (inout [UInt8]) -> Void) throws -> RunAnalysis {
        let directory = try SyntheticRun().write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: samples)
        var octets = Array(try Data(contentsOf: file))
        change(&octets)
        try Data(octets).write(to: file)
        return try RunAnalyzer.analyze(runDirectory: directory.path)
    }

    @Test func aWholeRunIsNotDamaged() throws {
        let whole = try Self.analysis { _ in }
        #expect(whole.verdict.kind == .sooner && !whole.isVerdictUnusable)
    }

    @Test func fewerSamplesThanWereWrittenGiveNoVerdict() throws {
        let cut = try Self.analysis { $0.removeLast($0.count / 2) }
        #expect(cut.verdict.kind == .cannotSay && cut.isVerdictUnusable)
        #expect(cut.verdict.headline.contains("its file holds"))
        #expect(cut.verdict.medianNs == nil)
    }

    /// Whatever an earlier receiver wrote is in the file, too, and in no count of this one's.
    @Test func theRecordsOfAnEarlierReceiverAreNoDamage() {
        var data = SyntheticRun().data()
        data.blocks[0].receiver?.sampleCount -= 500
        #expect(RunAnalyzer.analyze(data).isVerdictUnusable)
        let before = SenderTotals(received: 0, forwarded: 0, dropped: 0, invalid: 0, lastSequence: 0)
        data.blocks[0].receiver?.lanes[2].before = before
        #expect(!RunAnalyzer.analyze(data).isVerdictUnusable)
        data.blocks[0].receiver?.sampleCount += 1_000
        #expect(RunAnalyzer.analyze(data).isVerdictUnusable)
    }

    @Test func invertedOctetsAreFoundAndLeftOut() throws {
        let damaged = try Self.analysis { octets in
            let middle = octets.count / 2
            for index in middle..<middle + 64 { octets[index] = ~octets[index] }
        }
        #expect(damaged.verdict.kind == .cannotSay && damaged.isVerdictUnusable)
        #expect(damaged.warnings.contains { $0.makesVerdictUnusable && $0.text.contains("the file is damaged") })
        let whole = try Self.analysis { _ in }
        let lost = whole.paths.map(\.samples).reduce(0, +) - damaged.paths.map(\.samples).reduce(0, +)
        #expect((1...2).contains(lost), "64 octets are in one record of 96, or in two")
    }

    @Test(arguments: [
        (8, Int64.max), (32, -1), (40, Int64.max), (48, 0), (56, Int64.max), (64, Int64.min), (72, -1), (72, Int64.max),
        (80, 0x7FFF), (80, 0x7FFF_0000), (80, 0x7000_0000_0000_0000),
    ])
    func eachImpossibleValueIsCounted(offset: Int, value: Int64) throws {
        let damaged = try Self.analysis { octets in
            // The first record inside the window of a relayed lane, which has all times.
            let records = (octets.count - SampleFile.headerSize) / SampleRecord.size
            let relayed = (records / 2..<records).first { index in
                octets[SampleFile.headerSize + index * SampleRecord.size + 80] >= 2
            }
            let at = SampleFile.headerSize + (relayed ?? 0) * SampleRecord.size + offset
            withUnsafeBytes(of: value.littleEndian) { bytes in
                for (index, octet) in bytes.enumerated() { octets[at + index] = octet }
            }
        }
        let texts = damaged.warnings.filter(\.makesVerdictUnusable).map(\.text)
        #expect(texts.contains { $0.hasPrefix("1 record of the samples holds") }, "\(texts)")
    }

    @Test func aDamagedRunGivesNoVerdictInAComparison() throws {
        let whole = onePath("baseline", .direct, seed: 7)
        var cut = onePath("backbone", .relay, seed: 8)
        #expect(try RunComparison.compare([whole], [cut]).verdict.kind == .sooner)
        cut.blocks[0].samples = RecordedSamples(Array(cut.blocks[0].samples.dropLast(100)))
        let comparison = try RunComparison.compare([whole], [cut])
        #expect(comparison.verdict.kind == .cannotSay && comparison.isVerdictUnusable)
        #expect(comparison.verdict.headline.contains("backbone-20261118T120640Z (B): the receiver wrote"))
        #expect(comparison.paths[0].verdict.kind == .cannotSay)
        var impossible = onePath("backbone", .relay, seed: 8)
        impossible.blocks[0].samples[50].arrivalMonotonicNs = .min
        #expect(try RunComparison.compare([whole], [impossible]).isVerdictUnusable)
        var lost = onePath("backbone", .relay, seed: 8)
        lost.blocks[0].forwarders["tokyo"]?.lanes[0].counts.received += 5
        #expect(try RunComparison.compare([whole], [lost]).isVerdictUnusable)
    }

    @Test func numbersBeyondAllBoundsAreNamed() throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "hosts/frankfurt/summary.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains("\"sampleCount\":"))
        try text.replacing("\"sampleCount\":", with: "\"sampleCount\":9223372036854775807,\"x\":")
            .write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: ReportingError.self) { try RunAnalyzer.analyze(runDirectory: directory.path) }
        #expect(error?.code == .malformed && error?.message.contains("sampleCount") ?? false)
    }

    /// Octets of any file of the run are changed; the run is then read, analysed, compared and put into every form.
    @Test(arguments: [UInt64(1), 2])
    func noChangedOctetTraps(seed: UInt64) throws {
        var run = SyntheticKind.troubled.run
        run.seconds = 4
        run.warmUpSeconds = 0
        run.directGap = 1...2
        run.clockSteps = [(2, 2_500_000)]
        run.retransmissions = [(1, 2)]
        run.hasTruth = true
        run.isLab = true
        let directory = try run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let files = try #require(FileManager.default.enumerator(atPath: directory.path)).compactMap { $0 as? String }
            .filter { $0.contains(".") }.sorted().map { directory.appending(path: $0) }
        #expect(files.count >= 7, "\(files.map(\.path))")
        let genuine = try files.map { Array(try Data(contentsOf: $0)) }
        let other = onePath("baseline", .direct, seed: 5)
        var generator = SplitMix64(seed: seed)
        func number(_ count: Int) -> Int { Int(generator.unit() * Double(count)) }
        var analysed = 0
        for _ in 0..<150 {
            let index = number(files.count)
            var octets = genuine[index]
            for _ in 0...number(4) {
                let start = number(octets.count)
                let length = [1, 1, 8, 64][number(4)]
                let inverts = number(2) == 0
                for place in start..<min(octets.count, start + length) {
                    octets[place] = inverts ? ~octets[place] : UInt8(number(256))
                }
            }
            if number(10) == 0 { octets.removeLast(number(octets.count)) }
            try Data(octets).write(to: files[index])
            do {
                let data = try RunLoader.load(directory.path)
                let analysis = RunAnalyzer.analyze(data)
                for format in OutputFormat.allCases { _ = try format.render(analysis) }
                _ = HTMLReport.render(analysis)
                _ = SamplesCSV.text(data)
                _ = HTMLReport.render(try RunComparison.compare([data], [other], force: true))
                analysed += 1
            } catch is ReportingError {
            } catch is ExperimentError {}
            try Data(genuine[index]).write(to: files[index])
        }
        print("seed \(seed): \(analysed) of 150 changed runs were analysed")
        #expect(analysed > 20)
    }
}
