import ExperimentModel
import Foundation

/// Writes everything that is made from a run into its directory.
public enum ReportWriter {
    /// Analyses the run in `directory` and writes `analysis.json`, `report.md`, `report.html`, `samples.csv`, and the
    /// receiver's `results-<path>.json`.
    ///
    /// Each file is written whole and then renamed; the analysis comes first, so that nothing is lost if a report
    /// fails.
    ///
    /// - Returns: the analysis.
    /// - Throws: what `RunLoader.load` throws; `ReportingError` `unwritable`.
    @discardableResult
    public static func write(runDirectory directory: String) throws -> RunAnalysis {
        let data = try RunLoader.load(directory)
        let analysis = RunAnalyzer.analyze(data)
        try write(analysis, data, to: directory)
        return analysis
    }

    /// Writes the reports of an analysis that is already there.
    ///
    /// - Throws: `ReportingError` `unwritable`.
    public static func write(_ analysis: RunAnalysis, _ data: RunData, to directory: String) throws {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        try write(try JSONReport.render(analysis), to: root.appending(path: "analysis.json"))
        try write(try OutputFormat.markdown.render(analysis), to: root.appending(path: "report.md"))
        try write(HTMLReport.render(analysis), to: root.appending(path: "report.html"))
        let receiver = root.appending(path: "hosts/" + analysis.receiver, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(at: receiver, withIntermediateDirectories: true)
        } catch {
            throw ReportingError(
                .unwritable,
                "cannot make \(receiver.path): \(error.localizedDescription)",
                cause: error
            )
        }
        for results in PathResultsBuilder.build(analysis, data) {
            let file = receiver.appending(path: "results-\(fileName(results.path)).json")
            try write(try JSONReport.render(results), to: file)
        }
        try SamplesCSV.write(data, to: root.appending(path: "samples.csv"))
    }

    /// Writes a comparison as one HTML file.
    ///
    /// - Throws: `ReportingError` `unwritable`.
    public static func write(_ comparison: RunComparison, to file: String) throws {
        try write(HTMLReport.render(comparison), to: URL(filePath: file))
    }

    private static func write(_ text: String, to file: URL) throws {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw ReportingError(.unwritable, "cannot write \(file.path): \(error.localizedDescription)", cause: error)
        }
    }

    /// The path's name without anything that means something in a file name.
    private static func fileName(_ path: String) -> String {
        String(path.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) ? $0 : "-" })
    }
}
