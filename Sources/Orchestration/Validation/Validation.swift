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
        return zip(sequence.titles, findings).enumerated().map { index, line in
            ValidationLine(number: index + 1, title: line.0, outcome: line.1.outcome, detail: line.1.detail)
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
            evidence.connection(evidence.forwarder, purpose: "feed"),
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
            evidence.connection(evidence.receiver, purpose: "feed"),
            evidence.arithmetic(),
            KnownNumbers.check(),
            await evidence.formats(reporter),
        ]
    }

    private static func backbone(_ evidence: ValidationEvidence) -> [ValidationEvidence.Finding] {
        [
            evidence.privateAddress(),
            evidence.listening(),
            evidence.connection(evidence.forwarder, purpose: "relay"),
            evidence.flow(),
            evidence.accounting(),
            evidence.latencies(),
        ]
    }
}
