import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

/// Files that a host sent home and that are not what an agent writes: each is named, or analysed as far as it goes.
@Suite(.timeLimit(.minutes(3)))
struct BrokenFilesTests {
    private static let files = [
        "run.json", "hosts/frankfurt/summary.json", "hosts/tokyo/summary.json", "hosts/frankfurt/clock.jsonl",
        "hosts/frankfurt/samples.bin",
    ]

    /// What a broken file is made of, by hand.
    private static let corpus: [[UInt8]] =
        [
            "", "null", "[]", "{}", "{", "\"\"", "0", "{\"format\":1}", "{\"format\":99}", "{\"plan\":null}",
            "\u{0}\u{0}\u{0}", "LATEXPSM",
            String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 20_000),
            "{\"sampleCount\":1e999}",
            "{\"sampleCount\":-9223372036854775809}",
        ].map { Array($0.utf8) } + [
            [0xFF, 0xFE, 0x00], [UInt8](repeating: 0xFF, count: 4_096),
            Array("LATEXPSM".utf8) + [1, 0, 0, 0, 96, 0, 0, 0],
        ]

    /// Reads and analyses a run, and puts it into every form.
    ///
    /// - Returns: the code of the error that said why it could not be; nil when it could.
    private static func outcome(_ directory: URL) throws -> String? {
        do {
            let analysis = try RunAnalyzer.analyze(runDirectory: directory.path)
            for format in OutputFormat.allCases { _ = try format.render(analysis) }
            _ = HTMLReport.render(analysis)
            return nil
        } catch let error as ReportingError {
            #expect(error.message.utf8.count < 3_000)
            return error.code.rawValue
        } catch let error as ExperimentError {
            return error.code.rawValue
        }
    }

    @Test("Each file replaced by each of a corpus", arguments: files)
    func replaced(_ name: String) throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: name)
        var codes: [String: Int] = [:]
        for octets in Self.corpus {
            try Data(octets).write(to: file)
            codes[try Self.outcome(directory) ?? "analysed", default: 0] += 1
        }
        print("\(name): \(Self.corpus.count) broken files: \(codes)")
        #expect(codes.values.reduce(0, +) == Self.corpus.count)
        if name.hasSuffix(".json") { #expect(codes["analysed"] == nil) }
    }

    @Test(
        "Each number of each file replaced by the largest, the least, and one beyond all bounds",
        arguments: files.filter { !$0.hasSuffix(".bin") }
    )
    func numbers(_ name: String) throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: name)
        let genuine = try String(contentsOf: file, encoding: .utf8)
        var codes: [String: Int] = [:]
        var count = 0
        for number in genuine.matches(of: /[:\[,](-?[0-9][0-9.e+-]*)/).map(\.output.1) {
            for extreme in ["9223372036854775807", "-9223372036854775808", "1e308"] {
                var text = genuine
                text.replaceSubrange(number.startIndex..<number.endIndex, with: extreme)
                try text.write(to: file, atomically: false, encoding: .utf8)
                codes[try Self.outcome(directory) ?? "analysed", default: 0] += 1
                count += 1
            }
        }
        print("\(name): \(count) extreme numbers: \(codes)")
        #expect(count > 10)
    }

    @Test("Each file with numbers and octets changed at random", arguments: files)
    func changed(_ name: String) throws {
        let seed: UInt64 = 23
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: name)
        let genuine = Array(try Data(contentsOf: file))
        var generator = SeededGenerator(seed: seed)
        var codes: [String: Int] = [:]
        for _ in 0..<100 {
            var octets = genuine
            for _ in 0...Int(generator.next() % 3) { Self.change(&octets, isText: !name.hasSuffix(".bin"), &generator) }
            try Data(octets).write(to: file)
            codes[try Self.outcome(directory) ?? "analysed", default: 0] += 1
        }
        print("\(name): seed \(seed), 100 changed files: \(codes)")
        #expect(codes["analysed"] ?? 0 > 0, "no change left anything to analyse")
    }

    private static let numbers = [
        "0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308", "1e-300", "null",
        "\"x\"", "4294967296",
    ]

    /// Puts another number in the place of one, or changes an octet.
    private static func change(_ octets: inout [UInt8], isText: Bool, _ generator: inout SeededGenerator) {
        guard !octets.isEmpty else { return }
        let place = Int(generator.next() % UInt64(octets.count))
        let isDigit = { (octet: UInt8) in octet >= 0x30 && octet <= 0x39 }
        guard isText, generator.next() % 4 > 0, let start = octets[place...].firstIndex(where: isDigit) else {
            octets[place] = UInt8(truncatingIfNeeded: generator.next())
            return
        }
        let end = octets[start...].firstIndex { !isDigit($0) } ?? octets.endIndex
        octets.replaceSubrange(start..<end, with: Array(numbers[Int(generator.next() % UInt64(numbers.count))].utf8))
    }
}
