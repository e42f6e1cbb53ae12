import ExperimentModel
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct GoldenTests {
    @Test(arguments: SyntheticKind.allCases)
    func everyKindOfRunReadsAsRecorded(kind: SyntheticKind) throws {
        let analysis = try kind.analysis()
        let text = try OutputFormat.text.render(analysis)
        expectGolden(text, "\(kind.rawValue).txt")
        for line in text.split(separator: "\n") {
            #expect(line.count <= 80, "\(line)")
        }
        expectGolden(try OutputFormat.markdown.render(analysis), "\(kind.rawValue).md")
        expectGolden(try OutputFormat.csv.render(analysis), "\(kind.rawValue).csv")
        expectGolden(HTMLReport.render(analysis), "\(kind.rawValue).html")
    }

    @Test func theAnalysisIsReadAgainAsItWasWritten() throws {
        let analysis = try SyntheticKind.tiny.analysis()
        let text = try OutputFormat.json.render(analysis)
        expectGolden(text, "tiny.json")
        #expect(try JSONDecoder().decode(RunAnalysis.self, from: Data(text.utf8)) == analysis)
    }

    @Test func samplesReadAsRecorded() {
        var run = SyntheticKind.tiny.run
        run.seconds = 1
        run.repeatsEvents = true
        expectGolden(SamplesCSV.text(run.data()), "tiny-samples.csv")
    }

    @Test(arguments: OutputFormat.allCases)
    func comparisonsReadAsRecorded(format: OutputFormat) throws {
        let names: [OutputFormat: String] = [.text: "txt", .markdown: "md", .json: "json", .csv: "csv"]
        let comparison = try RunComparison.compare(
            [onePath("baseline", .direct, seed: 7)],
            [onePath("backbone", .relay, seed: 8)]
        )
        let text = try format.render(comparison)
        expectGolden(text, "comparison." + (names[format] ?? "txt"))
        if format == .text {
            expectGolden(HTMLReport.render(comparison), "comparison.html")
            for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }
    }
}
