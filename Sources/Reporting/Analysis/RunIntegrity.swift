import ExperimentModel

/// Sums that must come out before anything can be concluded from a run: in its own report, and in comparisons.
enum RunIntegrity {
    /// Whether the samples are all there and all whole.
    ///
    /// - Parameter damaged: the records that hold what no run can.
    static func files(_ data: RunData, damaged: Int) -> [AnalysisWarning] {
        var texts: [String] = []
        let receiver = data.record.experiment.receiver
        var failures: [AnalysisWarning] = []
        for block in data.blocks {
            let file = data.receiverFolder(of: block).map { " (\($0)/samples.bin)" } ?? ""
            let of = data.blocks.count > 1 ? " of block \(block.number)" : ""
            if let lost = block.receiver?.samplesNotWritten, lost > 0 {
                texts.append(
                    "\(Format.count(lost)) samples\(of) could not be written on \(receiver)"
                        + why(block.receiver, block, data)
                )
            }
            if let told = block.receiver?.sampleCount, told != block.samples.count,
                told > block.samples.count || !followsAnother(block.receiver)
            {
                texts.append(
                    "the receiver wrote \(Format.count(told)) samples\(of), its file holds "
                        + Format.count(block.samples.count) + file
                )
            }
            if let failure = block.samples.failure { texts.append(failure) }
            for (host, summary) in block.forwarders.sorted(by: { $0.key < $1.key }) {
                guard summary.recordingFailure != nil else { continue }
                failures.append(
                    .init(.incompleteFiles, "files\(of) of \(host) are not whole" + why(summary, block, data))
                )
            }
        }
        if damaged > 0 {
            texts.append(
                "\(Format.plural(damaged, "record")) of the samples hold\(damaged == 1 ? "s" : "") what no run can (a lane or "
                    + "stream that it does not have, times far outside of it): the file is damaged"
            )
        }
        return texts.map { AnalysisWarning(.incompleteFiles, $0, makesVerdictUnusable: true) } + failures
    }

    /// Why and when writing failed, as far as the agent said so.
    private static func why(_ summary: AgentSummary?, _ block: BlockData, _ data: RunData) -> String {
        guard let failure = summary?.recordingFailure else {
            // Earlier agents told the reason as that of their end.
            return summary.map { $0.reason.hasPrefix("cannot write ") ? ": \($0.reason)" : "" } ?? ""
        }
        let when = block.window.map { window in
            let seconds = data.offsetSeconds(of: block) + Double(failure.at.wallNs &- window.start.wallNs) / 1e9
            return ", from \(Format.fixed(seconds, 1)) s of the window on"
        }
        return (when ?? "") + ": \(failure.reason)"
    }

    /// Whether the receiver came up in the middle of the block, after another whose records are in the same file.
    static func followsAnother(_ receiver: AgentSummary?) -> Bool {
        receiver?.lanes.contains { $0.before != nil } ?? false
    }

    /// Whether every message is accounted for.
    static func accounts(_ rows: [ConservationRow]) -> [AnalysisWarning] {
        rows.flatMap { row -> [AnalysisWarning] in
            var texts = row.mismatches
            // A sum that cannot be made is no better than one that does not come out.
            if row.received == nil, let reason = row.unchecked { texts.append("it is not checked: \(reason)") }
            return texts.map {
                AnalysisWarning(
                    .conservationMismatch,
                    "\(row.path) lane \(row.lane): \($0)",
                    makesVerdictUnusable: true
                )
            }
        }
    }
}
