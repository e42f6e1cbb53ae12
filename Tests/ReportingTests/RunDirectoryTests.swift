import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting
import Testing

@Suite struct RunDirectoryTests {
    @Test func everyFileOfARunIsWritten() throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let analysis = try ReportWriter.write(runDirectory: directory.path)
        for name in [
            "analysis.json", "report.md", "report.html", "samples.csv", "hosts/frankfurt/results-backbone.json",
        ] {
            #expect(FileManager.default.fileExists(atPath: directory.appending(path: name).path), "\(name)")
        }
        let json = try Data(contentsOf: directory.appending(path: "analysis.json"))
        #expect(try JSONDecoder().decode(RunAnalysis.self, from: json) == analysis)
        let results = try JSONDecoder().decode(
            PathResults.self,
            from: Data(contentsOf: directory.appending(path: "hosts/frankfurt/results-backbone.json"))
        )
        #expect(results.setupType == "aws-backbone")
        let median = try #require(analysis.path("backbone")?.metric(.endToEnd)?.summaryNs.median)
        #expect(abs(try #require(results.medianLatencyMs) - median / 1e6) < 1e-9)
        #expect(results.backboneMedianLatencyMs != nil)
    }

    @Test func whatIsMissingIsNamedAndTheRestAnalysed() throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.removeItem(at: directory.appending(path: "hosts/tokyo/summary.json"))
        let samples = directory.appending(path: "hosts/frankfurt/samples.bin")
        try Data(contentsOf: samples).dropLast(10).write(to: samples)
        let analysis = try RunAnalyzer.analyze(runDirectory: directory.path)
        let texts = analysis.warnings.filter { $0.code == .incompleteFiles }.map(\.text)
        #expect(texts.contains { $0.contains("hosts/tokyo/summary.json") })
        #expect(texts.contains { $0.contains("86 octets") })
        #expect(analysis.conservation.first { $0.path == "backbone" }?.received != nil, "the goodbye stands in")
    }

    @Test func aClockFileThatWasCutShortIsReadUpToThere() throws {
        let directory = try SyntheticKind.tiny.run.write()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "hosts/frankfurt/clock.jsonl")
        try Data(contentsOf: file).dropLast(30).write(to: file)
        #expect(try RunLoader.load(directory.path).blocks[0].clocks["frankfurt"]?.count == 1)
    }

    @Test func aDirectoryThatIsNoRunIsSaidToBeNone() {
        let error = #expect(throws: ReportingError.self) { try RunLoader.load("/nonexistent/run") }
        #expect(error?.code == .unreadable)
        #expect(error?.message.contains("is this the directory of a run?") ?? false)
    }

    @Test func namesFromElsewhereCannotBreakAReport() throws {
        var run = SyntheticKind.tiny.run
        run.id = "<script>alert(1)</script> | `x` \"q\""
        let analysis = RunAnalyzer.analyze(run.data())
        let html = HTMLReport.render(analysis)
        #expect(!html.contains("<script>alert"))
        #expect(html.contains("&lt;script&gt;"))
        #expect(try OutputFormat.markdown.render(analysis).contains("\\<script>"))
    }

    @Test func namesOfPathsCannotBreakTheScriptsData() throws {
        func scripts(_ name: String) -> Int {
            var run = SyntheticKind.tiny.run
            run.paths[0].name = name
            let html = HTMLReport.render(RunAnalyzer.analyze(run.data()))
            return html.components(separatedBy: "<script").count + html.components(separatedBy: "</script").count
        }
        #expect(scripts("</script><script>alert('x')</script>") == scripts("baseline"))
    }

    @Test func fieldsOfCSVAreQuotedWhenTheyMustBe() throws {
        var run = SyntheticKind.tiny.run
        run.paths[0].name = "a,\"b\""
        let csv = try OutputFormat.csv.render(RunAnalyzer.analyze(run.data()))
        #expect(csv.contains("\r\n\"a,\"\"b\"\"\",end_to_end,"))
        #expect(csv.hasSuffix("\r\n"))
    }
}
