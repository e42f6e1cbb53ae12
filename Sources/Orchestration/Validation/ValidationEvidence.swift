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
    var missing: Finding {
        guard let phase = record.phases.first(where: { $0.outcome == .failed }) else {
            return (.failed, "the run left nothing to judge this by")
        }
        let reason = phase.checks.first { $0.outcome == .failed }?.detail ?? "no reason given"
        return (.skipped, "not reached: '\(phase.name)' failed: \(reason.split(separator: "\n").first ?? "")")
    }

    /// The clocks of `hosts` against the experiment's requirement.
    func clock(_ hosts: [String]) -> Finding {
        var details: [String] = []
        var worst = CheckRecord.Outcome.passed
        for host in hosts {
            guard let reading = record.hosts[host]?.clockBefore else {
                let phase = record.phases.first { $0.name == "clock" }
                if phase?.outcome == .skipped { return (.skipped, "not looked at (--local)") }
                if let check = phase?.checks.first(where: { $0.host == host && $0.outcome == .failed }) {
                    return (.failed, "\(host): \(check.detail)")
                }
                return missing
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
        return details.count == hosts.count ? (.passed, details.joined(separator: "; ")) : missing
    }

    /// A connection of this purpose brought data.
    func connection(_ summary: AgentSummary?, purpose: String) -> Finding {
        guard let summary else { return missing }
        let all = summary.lanes.flatMap(\.connections).filter { $0.purpose == purpose }
        guard let good = all.first(where: { $0.streaming != nil }), let streaming = good.streaming else {
            return (.failed, "no connection brought data: \(all.last?.reason ?? "none was opened")")
        }
        let milliseconds = Double(streaming.monotonicNs - good.began.monotonicNs) / 1e6
        let details = good.details.map { ", \($0)" } ?? ""
        let text = String(format: "%@ brought data after %.0f ms%@", good.endpoint ?? "it", milliseconds, details)
        let provoked = all.count { $0.reason?.contains(ConnectionRecord.wasToldToReconnect) == true }
        guard all.count != provoked + 1 else { return (.passed, text) }
        return (.warning, text + "; \(all.count) connections were opened")
    }

    /// Data messages came and could be used.
    func events(_ summary: AgentSummary?) -> Finding {
        guard let summary else { return missing }
        let received = summary.lanes.reduce(0) { $0 + $1.counts.received }
        let reasons = summary.lanes.reduce(into: [String: Int]()) { $0.merge($1.counts.invalid, uniquingKeysWith: +) }
        let invalid = reasons.values.reduce(0, +)
        guard received > 0 else { return (.failed, "no event came in \(ValidationSequence.duration)") }
        guard invalid > 0 else { return (.passed, "\(received) events, all of them usable") }
        let list = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let example = summary.lanes.flatMap(\.invalidExamples).first.map { "; the first: \($0)" } ?? ""
        return (
            invalid * 100 > received ? .failed : .warning, "\(received) events, of them unusable: \(list)\(example)"
        )
    }

    /// A quantile of whole numbers by the nearest rank: enough for a line of text.
    static func quantile(_ values: [Int64], _ probability: Double) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int((Double(sorted.count) * probability).rounded(.down)))]
    }
}
