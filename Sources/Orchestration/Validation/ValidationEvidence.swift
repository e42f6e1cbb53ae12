import ExperimentModel
import Foundation

/// What a short run left, as a checklist judges it.
struct ValidationEvidence {
    /// How a line came out, and why.
    typealias Finding = (outcome: CheckRecord.Outcome, detail: String)

    let record: RunRecord
    let directory: RunDirectory
    /// The receiver's summary, if it came home.
    let receiver: AgentSummary?
    /// The forwarder's summary, if there is one and it came home.
    let forwarder: AgentSummary?
    /// The receiver's samples in the order of arrival.
    let samples: [SampleRecord]
    /// The agents' measurements of themselves.
    let selfTests: [String: AgentSelfTest]

    init(_ outcome: RunOutcome) {
        let (record, directory) = (outcome.record, outcome.directory)
        self.record = record
        self.directory = directory
        func folder(_ host: String?) -> String? { host.flatMap { record.blocks.first?.directories[$0] } }
        func summary(_ host: String?) -> AgentSummary? {
            folder(host).flatMap { try? CollectPhase.summary(directory.file("\($0)/summary.json")) }
        }
        receiver = summary(record.experiment.receiver)
        forwarder = summary(record.experiment.forwarders.first)
        samples =
            folder(record.experiment.receiver)
            .flatMap { try? SampleFile.read(path: directory.file("\($0)/samples.bin").path).records } ?? []
        selfTests =
            (try? JSONDecoder().decode(
                [String: AgentSelfTest].self,
                from: Data(contentsOf: directory.file("selftest.json"))
            )) ?? [:]
    }

    /// Why what a line needs is not there.
    ///
    /// - Parameter ownPhases: the phases whose failure is this line's own; after any other, it was not reached.
    func missing(failingIn ownPhases: String...) -> Finding {
        guard let phase = failedPhase else { return (.failed, "the run left nothing to judge this by") }
        let check = phase.checks.first { $0.outcome == .failed }
        let reason = (check?.detail ?? "no reason given").split(separator: "\n").first.map(String.init) ?? ""
        guard !ownPhases.contains(phase.name) else {
            return (.failed, (check?.host.map { "\($0): " } ?? "") + reason)
        }
        return (.skipped, "not reached: '\(phase.name)' failed: \(reason)")
    }

    /// The phase that ended the run, if one did.
    var failedPhase: PhaseRecord? { record.phases.first { $0.outcome == .failed } }

    /// The clocks of `hosts` against the experiment's requirement.
    func clock(_ hosts: [String]) -> Finding {
        var details: [String] = []
        var worst = CheckRecord.Outcome.passed
        for host in hosts {
            guard let reading = record.hosts[host]?.clockBefore else {
                let phase = record.phases.first { $0.name == "clock" }
                if phase?.outcome == .skipped { return (.skipped, "not looked at (--local)") }
                if let check = phase?.checks.first(where: { $0.host == host && $0.outcome == .failed }) {
                    // The sources stand below it; the phase has shown them.
                    return (.failed, "\(host): \(check.detail.split(separator: "\n").first ?? "")")
                }
                return missing(failingIn: "clock")
            }
            switch ClockVerdict.judge(reading, maxError: record.experiment.clock.maxError) {
            case .good: details.append("\(host) \(ClockAsker.describe(reading))")
            case .bad(let reason):
                details.append("\(host): \(reason)")
                worst = record.allowUnsynchronised ? .warning : .failed
            }
        }
        return (worst, details.joined(separator: "; "))
    }

    /// The agent is on the hosts, verified.
    func deploy(_ hosts: [String]) -> Finding {
        let details = hosts.compactMap { host -> String? in
            guard let hash = record.hosts[host]?.agentSHA256 else { return nil }
            let way = record.hosts[host]?.agentUploaded == true ? "uploaded" : "already there"
            return "\(host): \(way), SHA-256 \(hash.prefix(16))… verified"
        }
        let isComplete = details.count == hosts.count
        return isComplete ? (.passed, details.joined(separator: "; ")) : missing(failingIn: "push")
    }

    /// A quantile of whole numbers by the nearest rank: enough for a line of text.
    static func quantile(_ values: [Int64], _ probability: Double) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int((Double(sorted.count) * probability).rounded(.down)))]
    }
}
