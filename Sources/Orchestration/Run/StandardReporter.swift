import ExperimentModel
import Foundation

/// Results by the module Reporting.
struct StandardReporter: RunReporter {
    func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome {
        AnalysisOutcome(verdict: "", isUsable: true, warnings: [])
    }

    func report(_ directory: RunDirectory) async throws -> [String] { [] }
}
