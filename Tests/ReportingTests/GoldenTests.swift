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
        expectGolden(Outline.html(HTMLReport.render(analysis)), "\(kind.rawValue).html.outline")
        expectGolden(try Outline.json(try OutputFormat.json.render(analysis)), "\(kind.rawValue).cut.json")
    }

    @Test func theAnalysisIsReadAgainAsItWasWritten() throws {
        let analysis = try SyntheticKind.tiny.analysis()
        let text = try OutputFormat.json.render(analysis)
        #expect(try JSONDecoder().decode(RunAnalysis.self, from: Data(text.utf8)) == analysis)
    }

    @Test func samplesReadAsRecorded() {
        var run = SyntheticKind.tiny.run
        run.seconds = 1
        run.repeatsEvents = true
        expectGolden(SamplesCSV.text(run.data()), "tiny-samples.csv")
    }

    @Test func comparisonsReadAsRecorded() throws {
        let names: [OutputFormat: String] = [.text: "txt", .markdown: "md", .json: "json", .csv: "csv"]
        for (name, comparison) in try SyntheticComparison.all() {
            for format in OutputFormat.allCases {
                let text = try format.render(comparison)
                expectGolden(text, "\(name)." + (names[format] ?? "txt"))
                guard format == .text else { continue }
                for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
            }
            expectGolden(Outline.html(HTMLReport.render(comparison)), "\(name).html.outline")
        }
    }
}
