import ExperimentModel
import Orchestration

/// The last words of a run that failed: the whole reason stands in the phase that failed, some lines above.
enum Conclusion {
    /// The error with the phase that failed and the first line of each reason; as it is when no phase has told it.
    static func error(_ error: OrchestrationError, of outcome: RunOutcome) -> OrchestrationError {
        guard error.code != .interrupted, let phase = outcome.record.phases.first(where: { $0.outcome == .failed })
        else { return error }
        let reasons = phase.checks.filter { $0.outcome == .failed }.map { check in
            (check.host.map { "\($0): " } ?? "") + check.detail.prefix { !$0.isNewline }
        }
        guard let first = phase.checks.first(where: { $0.outcome == .failed }),
            error.message.contains(first.detail)
        else { return error }
        return OrchestrationError(
            error.code,
            "\(phase.name) failed: " + reasons.joined(separator: "\n  "),
            cause: error
        )
    }

    /// The same in fewer words, where the phase's lines stand just above.
    static func brief(_ error: OrchestrationError, of record: RunRecord) -> OrchestrationError {
        guard error.code != .interrupted, let phase = record.phases.first(where: { $0.outcome == .failed }),
            let first = phase.checks.first(where: { $0.outcome == .failed }), error.message.contains(first.detail)
        else { return error }
        let hosts = Set(phase.checks.filter { $0.outcome == .failed }.compactMap(\.host)).sorted()
        let place = hosts.isEmpty ? "" : " at \(hosts.joined(separator: " and "))"
        return OrchestrationError(
            error.code,
            "\(record.experiment.name) is not ready to measure: \(phase.name) failed\(place)",
            cause: error
        )
    }
}
