import ExperimentModel
import Foundation
import LatencyStatistics
import Testing

@testable import Reporting

/// What makes the analysis of long runs possible changes nothing in its figures.
@Suite struct LongRunTests {
    @Test(arguments: [SyntheticKind.troubled, .sequential, .datagrams, .spot])
    func recordsLeftInTheirFileGiveTheSameFigures(kind: SyntheticKind) throws {
        let run = kind.run
        let directory = try run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let loaded = try RunLoader.load(directory.path)
        var made = run.data()
        // Only the directory has the states of TCP.
        for index in made.blocks.indices { made.blocks[index].retransmissions = loaded.blocks[index].retransmissions }
        #expect(Array(loaded.blocks[0].samples) == Array(made.blocks[0].samples))
        #expect(loaded.blocks[0].samples[17] == made.blocks[0].samples[17])
        #expect(RunAnalyzer.analyze(loaded) == RunAnalyzer.analyze(made))
        #expect(SamplesCSV.text(loaded) == SamplesCSV.text(made))
    }

    @Test func aFileThatBecomesShorterIsSaidAndNothingIsMadeUp() throws {
        let directory = try SyntheticRun().write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let data = try RunLoader.load(directory.path)
        let handle = try FileHandle(forWritingTo: directory.appending(path: "hosts/frankfurt/samples.bin"))
        try handle.truncate(atOffset: UInt64(SampleFile.headerSize + 100 * SampleRecord.size))
        try handle.close()
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.verdict.kind == .cannotSay)
        let warning = try #require(analysis.warnings.first { $0.text.contains("became shorter") })
        #expect(warning.makesVerdictUnusable && warning.text.contains("samples.bin"))
    }

    /// Three streams whose events cross, on lanes that lose, double and reorder: pairs are those that a dictionary
    /// finds.
    @Test func pairsAreThoseThatADictionaryFinds() throws {
        var generator = SplitMix64(seed: 4)
        var data = SyntheticRun().data()
        let window = try #require(data.blocks[0].window)
        var records: [SampleRecord] = []
        for event in 0..<3_000 {
            for lane in 0..<4 where generator.unit() < 0.9 {
                for _ in 0..<(generator.unit() < 0.02 ? 2 : 1) {
                    let ns = Int64(event) * 5_000_000 + Int64(generator.unit() * 4e7)
                    var record = SampleRecord(updateID: Int64(event / 3), lane: UInt16(lane), stream: UInt16(event % 3))
                    record.arrivalMonotonicNs = window.start.monotonicNs + ns
                    record.arrivalWallNs = window.start.wallNs + ns
                    records.append(record)
                }
            }
        }
        records.sort { $0.arrivalMonotonicNs < $1.arrivalMonotonicNs }
        data.blocks[0].samples = RecordedSamples(records)
        data.blocks[0].streams = ["a", "b", "c"]
        let paths = RunLayout(data).paths.map { PathArrivals($0, hasWall: false) }

        func soonest(_ lanes: ClosedRange<UInt16>) -> [EventKey: Int64] {
            records.filter { lanes.contains($0.lane) }.reduce(into: [:]) { times, record in
                let key = EventKey(stream: record.stream, updateID: record.updateID)
                times[key] = min(times[key] ?? .max, record.arrivalMonotonicNs)
            }
        }
        for (first, second, columns) in [
            (soonest(0...1), soonest(2...3), (paths[0].soonest, paths[1].soonest)),
            (soonest(0...0), soonest(3...3), (paths[0].lanes[0], paths[1].lanes[1])),
        ] {
            let both = first.keys.filter { second[$0] != nil }.sorted {
                (min(first[$0] ?? 0, second[$0] ?? 0), $0) < (min(first[$1] ?? 0, second[$1] ?? 0), $1)
            }
            let expected = both.map { (second[$0] ?? 0) - (first[$0] ?? 0) }
            let pairing = EventPairing(columns.0, columns.1)
            #expect((0..<pairing.differencesNs.count).map { pairing.differencesNs[$0] } == expected)
            #expect(pairing.timesNs == both.map { min(first[$0] ?? 0, second[$0] ?? 0) })
            #expect(pairing.onlyFirst.map(columns.0.key) == first.keys.filter { second[$0] == nil }.sorted())
            #expect(pairing.onlySecond.map(columns.1.key) == second.keys.filter { first[$0] == nil }.sorted())
            let alone = EventPairing.differences(columns.0, columns.1)
            #expect((0..<alone.count).map { alone[$0] } == expected)
        }
    }

    @Test func workIsDoneOnceAndComesBackInItsOrder() {
        #expect(Parallel.map(1_000) { $0 * 3 } == (0..<1_000).map { $0 * 3 })
        #expect(Parallel.map(0) { $0 }.isEmpty)
    }
}
