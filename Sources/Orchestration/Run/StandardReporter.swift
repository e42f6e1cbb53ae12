import ExperimentModel
import Foundation
import Reporting

/// Results by the module Reporting.
public struct StandardReporter: RunReporter {
    /// A reporter.
    public init() {}

    /// Analyses the run and writes `analysis.json`.
    public func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome {
        try await Self.analyse(directory)
    }

    /// Writes the reports and tables.
    public func report(_ directory: RunDirectory) async throws -> [String] {
        try await Self.report(directory)
    }

    /// Reads the analysis of a run.
    ///
    /// - Throws: `OrchestrationError` `storage` when there is none, or one of another format.
    public static func analysis(of directory: RunDirectory) throws -> RunAnalysis {
        let file = directory.file("analysis.json")
        do {
            let analysis = try JSONDecoder().decode(RunAnalysis.self, from: try Data(contentsOf: file))
            guard analysis.format == RunAnalysis.currentFormat else {
                throw OrchestrationError(.storage, "\(file.path) has format \(analysis.format), which is not read here")
            }
            return analysis
        } catch let error as OrchestrationError {
            throw error
        } catch {
            throw OrchestrationError(
                .storage,
                "cannot read \(file.path): \(error); `latexp report \(directory.commandName)` makes it anew",
                cause: error
            )
        }
    }

    // On threads of their own: the figures of a long run take seconds.

    @concurrent
    private static func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome {
        let analysis = RunAnalyzer.analyze(try RunLoader.load(directory.url.path))
        try directory.write(Data(try OutputFormat.json.render(analysis).utf8), to: "analysis.json")
        return AnalysisOutcome(
            verdict: analysis.verdict.headline,
            isUsable: !analysis.isVerdictUnusable,
            warnings: analysis.warnings.map(\.text)
        )
    }

    @concurrent
    private static func report(_ directory: RunDirectory) async throws -> [String] {
        let data = try RunLoader.load(directory.url.path)
        try ReportWriter.write(try analysis(of: directory), data, to: directory.url.path)
        let receiver = "hosts/\(data.record.experiment.receiver)"
        return ["report.md", "report.html", "samples.csv", "\(receiver)/results-<path>.json"]
    }
}
