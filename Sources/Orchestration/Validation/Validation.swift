import ExperimentModel
import Foundation

/// Judges a short run line by line.
public enum Validation {
    /// The checklist's lines for what the run left.
    ///
    /// - Parameters:
    ///   - sequence: the checklist.
    ///   - outcome: the run that was made for it, with the extent `validation`.
    ///   - reporter: analyses the run where a line is about that.
    public static func judge(
        _ sequence: ValidationSequence,
        _ outcome: RunOutcome,
        reporter: any RunReporter
    ) async -> [ValidationLine] {
        let evidence = ValidationEvidence(outcome)
        let findings =
            switch sequence {
            case .tokyo: tokyo(evidence)
            case .frankfurt: await frankfurt(evidence, reporter)
            case .backbone: backbone(evidence)
            }
        let lines = zip(sequence.titles, findings).enumerated().map { index, line in
            ValidationLine(number: index + 1, title: line.0, outcome: line.1.outcome, detail: line.1.detail)
        }
        return evidence.failedPhase?.name.hasPrefix("start ") == true ? blamingFirst(lines) : lines
    }

    /// Where the agents did not come to measure, the first line that failed is the reason why those below it have
    /// nothing to show: each rests on those above.
    private static func blamingFirst(_ lines: [ValidationLine]) -> [ValidationLine] {
        guard let cause = lines.first(where: { $0.outcome == .failed }) else { return lines }
        return lines.map { line in
            guard line.outcome == .failed || line.outcome == .warning, line.number > cause.number else { return line }
            var line = line
            line.outcome = .skipped
            line.detail = "not reached: \(cause.number). failed"
            return line
        }
    }

    /// The exit status that a checklist ends with.
    public static func status(_ lines: [ValidationLine], _ outcome: RunOutcome) -> CommandStatus {
        if outcome.status != .done { return outcome.status }
        return lines.contains { $0.outcome == .failed } ? .measurementFailed : .done
    }

    private static func tokyo(_ evidence: ValidationEvidence) -> [ValidationEvidence.Finding] {
        let experiment = evidence.record.experiment
        let forwarder = experiment.forwarders.first ?? experiment.receiver
        return [
            evidence.clock([forwarder, experiment.receiver]),
            evidence.deploy([forwarder, experiment.receiver]),
            evidence.feedConnection(evidence.forwarder, host: forwarder, needsData: false),
            evidence.events(evidence.forwarder),
            evidence.timestamps { $0.sourceNs },
            evidence.sequence(),
            evidence.accuracy(host: forwarder, kernel: \.sourceKernelNs, user: \.sourceUserNs),
        ]
    }

    private static func frankfurt(
        _ evidence: ValidationEvidence,
        _ reporter: any RunReporter
    ) async -> [ValidationEvidence.Finding] {
        let receiver = evidence.record.experiment.receiver
        return [
            evidence.clock([receiver]),
            evidence.feedConnection(evidence.receiver, host: receiver, needsData: true),
            evidence.arithmetic(),
            KnownNumbers.check(),
            await evidence.formats(reporter),
        ]
    }

    private static func backbone(_ evidence: ValidationEvidence) -> [ValidationEvidence.Finding] {
        let forwarder = evidence.record.experiment.forwarders.first ?? evidence.record.experiment.receiver
        return [
            evidence.privateAddress(host: forwarder),
            evidence.listening(),
            evidence.relayConnection(host: forwarder),
            evidence.flow(),
            evidence.accounting(),
            evidence.latencies(),
        ]
    }
}
