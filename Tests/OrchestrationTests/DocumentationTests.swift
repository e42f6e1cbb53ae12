import ExperimentModel
import Foundation
import Reporting
import Testing

@testable import Orchestration

/// What the articles for users say is what the sources have: a new column, code or frame must be explained there.
@Suite("The articles for users")
struct DocumentationTests {
    private static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: top.appending(path: path), encoding: .utf8)
    }

    private static func article(_ name: String) throws -> String { try text("docs/latexp.docc/\(name).md") }

    @Test("draw the wire's frames and a sample's record as the sources do")
    func drawings() throws {
        let drawings = [
            ("WireFormat", "Sources/AgentCore/Relay/RelayFrame.swift", 1),
            ("WireFormat", "Sources/AgentCore/Relay/RelayDatagram.swift", 2),
            ("FileFormats", "Sources/ExperimentModel/Samples/SampleRecord.swift", 1),
        ]
        for (name, source, count) in drawings {
            let article = try Self.article(name)
            let found = try Self.drawings(in: Self.text(source))
            #expect(found.count == count, "\(source)")
            for drawing in found { #expect(article.contains("```\n\(drawing)\n```"), "\(name) is to have\n\(drawing)") }
        }
    }

    @Test("name the protocol's version")
    func version() throws {
        let source = try Self.text("Sources/AgentCore/Relay/RelayFrame.swift")
        let version = try #require(source.firstMatch(of: /version: UInt16 = (\d+)/)?.output.1)
        #expect(try Self.article("WireFormat").contains("Version \(version) of the relay protocol"))
    }

    @Test("have every column, key, file and state of the formats")
    func formats() throws {
        let article = try Self.article("FileFormats")
        let columns = SampleCSV.header.split(separator: ",").map(String.init)
        var results = PathResults(
            setupType: "baseline",
            path: "p",
            sampleCount: 0,
            eventsLost: 0,
            endToEnd: LatencyFigures(),
            backbone: LatencyFigures(),
            hostDelay: LatencyFigures()
        )
        results.note = "n"
        results.byHand = ByHandFigures()
        let encoded = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(results))
        let states = AgentStatus.State.allCases.map(\.rawValue) + LaneStatus.State.allCases.map(\.rawValue)
        let names = columns + encoded.keys + states + CollectPhase.files
        #expect(columns.count == 16 && encoded.count > 15)
        for name in names { #expect(article.contains("`\(name)`"), "\(name) is not in FileFormats.md") }
        #expect(article.contains("u32 (\(SampleFile.version))") && article.contains("u32 (\(SampleRecord.size))"))
    }

    @Test("have the keys of the files that programs read, and no others")
    func keys() throws {
        let article = try Self.article("FileFormats")
        let plan = AgentPlan(
            runID: "",
            host: "",
            role: .receive,
            market: .usdm,
            streams: [],
            paths: [],
            start: .whenTold,
            warmUp: .seconds(0),
            duration: .seconds(1),
            deadline: .seconds(1)
        )
        let now = Timestamp(wallNs: 0, monotonicNs: 0)
        let summary = AgentSummary(
            plan: plan,
            agentVersion: "",
            state: .finished,
            reason: "",
            started: now,
            ended: now,
            window: nil,
            lanes: [],
            receiveTimeSource: "",
            sampleCount: 0
        )
        let files: [(section: String, value: Any)] = [
            ("## status.json", AgentStatus(runID: "", host: "", role: .receive, state: .ready, at: now)),
            ("### A lane in status.json", LaneStatus(path: "", lane: 0, state: .waiting)),
            ("### The counts of a lane", LaneCounts()), ("## summary.json", summary),
            ("### A lane in summary.json", LaneSummary(path: "", lane: 0, counts: LaneCounts())),
        ]
        for (section, value) in files {
            let keys = Set(Mirror(reflecting: value).children.compactMap(\.label))
            #expect(Self.keys(of: section, in: article) == keys, "\(section)")
        }
        let schema = try JSONValue(json5: Data(Self.text("Sources/Reporting/Schemas/analysis.schema.json").utf8))
        let analysis = schema["$defs"]?["RunAnalysis"]?["properties"]
        #expect(Self.keys(of: "## analysis.json", in: article) == analysis?.keys)
        #expect(article.contains("`format` is \(RunAnalysis.currentFormat);"))
    }

    @Test("have every exit status and every warning")
    func faults() throws {
        let article = try Self.article("FaultsAndWhatHappens")
        for status in CommandStatus.allCases { #expect(article.contains("\n| \(status.rawValue) | "), "\(status)") }
        for code in AnalysisWarning.Code.allCases {
            #expect(article.contains("\n| `\(code.rawValue)` | "), "\(code.rawValue)")
        }
        let rows = article.components(separatedBy: "## Warnings by their codes").last?.split(separator: "\n") ?? []
        #expect(rows.filter { $0.hasPrefix("| `") }.count == AnalysisWarning.Code.allCases.count)
    }

    @Test("explain everything that stands in a report")
    func figures() throws {
        let terms = Self.terms(in: try Self.article("WhatEachFigureMeans"))
        let folder = Self.top.appending(path: "Tests/ReportingTests/Goldens")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
        #expect(files.count > 10)
        var labels: Set<String> = []
        for file in files {
            labels.formUnion(Self.labels(in: try String(contentsOf: folder.appending(path: file), encoding: .utf8)))
        }
        #expect(labels.count > 50, "\(labels.sorted())")
        for label in labels.sorted() {
            #expect(terms.contains(label.lowercased()), "'\(label)' has no row, heading or *term* that explains it")
        }
    }

    /// The names in the first cells of the table below a heading.
    private static func keys(of section: String, in article: String) -> Set<String> {
        let text = article.components(separatedBy: "\n\(section)\n").dropFirst().first ?? ""
        let rows =
            text.components(separatedBy: "\n#").first?.split(separator: "\n").filter { $0.hasPrefix("| `") } ?? []
        return Set(rows.flatMap(names))
    }

    private static func names(in row: Substring) -> [String] {
        let cell = row.split(separator: "|").first ?? ""
        return cell.split(separator: ",").map { $0.trimmingCharacters(in: ["`", " "]) }
    }

    /// The fenced blocks of a source's documentation comments.
    private static func drawings(in source: String) -> [String] {
        var found: [String] = []
        var lines: [Substring]?
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("///") else { lines = nil; continue }
            let text = line.dropFirst(line.hasPrefix("/// ") ? 4 : 3)
            if text != "```" {
                lines?.append(text)
            } else if let whole = lines {
                found.append(whole.joined(separator: "\n"))
                lines = nil
            } else {
                lines = []
            }
        }
        return found
    }

    /// What an article explains, in small letters: its headings, the first cells of its tables, and what it prints *so* or **so**.
    private static func terms(in article: String) -> Set<String> {
        var terms: Set<String> = ["ms"]
        for line in article.split(separator: "\n") {
            if line.hasPrefix("## ") { terms.insert(line.dropFirst(3).lowercased()) }
            if let cell = line.split(separator: "|").first, line.hasPrefix("|") {
                let names = cell.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
                terms.formUnion(names + [cell.trimmingCharacters(in: .whitespaces).lowercased()])
            }
            terms.formUnion(line.split(separator: "*").map { $0.lowercased() })
        }
        return terms
    }

    /// Titles of sections, heads of columns and names of rows, but for those with a path's, a host's or a number's name.
    private static func labels(in report: String) -> Set<String> {
        var labels: Set<String> = []
        var isHead = true
        for line in report.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") {
                labels.insert(
                    String(line.dropFirst(3).prefix(upTo: line.range(of: ", ms")?.lowerBound ?? line.endIndex))
                )
            }
            guard line.hasPrefix("| ") || line.hasPrefix("|  |") else { isHead = true; continue }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if !cells.contains(where: { $0.hasPrefix(":") || $0.hasSuffix(":") }) {
                labels.formUnion(isHead ? cells : Array(cells.prefix(1)))
            }
            isHead = false
        }
        let own = ["baseline", "backbone", "frankfurt", "tokyo"]
        return labels.filter { label in
            label.contains { $0.isLetter } && !own.contains { label.contains($0) }
        }
    }
}

extension JSONValue {
    /// The member of an object.
    fileprivate subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    fileprivate var keys: Set<String>? {
        guard case .object(let members) = self else { return nil }
        return Set(members.keys)
    }
}
