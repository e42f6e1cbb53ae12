import ExperimentModel
import Foundation

/// Turns what a run brought home into results; each step leaves files in the run directory.
public protocol RunReporter: Sendable {
    /// Analyses the run and writes `analysis.json`.
    func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome
    /// Writes the reports and tables from `analysis.json`, and gives their names.
    func report(_ directory: RunDirectory) async throws -> [String]
}

/// What a run's end needs to know of its analysis.
public struct AnalysisOutcome: Hashable, Sendable {
    /// The verdict in words.
    public var verdict: String
    /// Whether the verdict can be used.
    public var isUsable: Bool
    /// What the user should know when reading the results.
    public var warnings: [String]

    /// An outcome.
    public init(verdict: String, isUsable: Bool, warnings: [String]) {
        self.verdict = verdict
        self.isUsable = isUsable
        self.warnings = warnings
    }
}
