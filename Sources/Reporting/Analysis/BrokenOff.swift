import ExperimentModel

/// Blocks whose receiver ended in the measured window, or whose account is gone: nothing can be concluded from them.
enum BrokenOff {
    /// The first thing that a reader has to know of such a run.
    static func warnings(_ data: RunData) -> [AnalysisWarning] {
        let receiver = data.record.experiment.receiver
        return data.blocks.compactMap { block in
            guard block.receiver == nil, let window = block.window else { return nil }
            let of = data.blocks.count > 1 ? " of block \(block.number)" : ""
            guard let plannedNs = block.brokenOffWindowNs else {
                let folder = data.receiverFolder(of: block)
                let text =
                    "\(folder.map { $0 + "/" } ?? "")summary.json is missing, the receiver's account\(of): whether every "
                    + "message arrived cannot be checked"
                return AnalysisWarning(.conservationMismatch, text, makesVerdictUnusable: true)
            }
            let seconds = Double(window.end.monotonicNs - window.start.monotonicNs) / 1e9
            let reason = reason(data.record).map { " (\($0))" } ?? ""
            let text =
                "the receiver on \(receiver) ended\(reason) \(Format.fixed(seconds, 1)) s into the window\(of), which was to "
                + "last \(Format.seconds(Double(plannedNs) / 1e9)), and left no summary: the figures are of what it had "
                + "written until then, and whether every message arrived cannot be checked"
            return AnalysisWarning(.runIncomplete, text, makesVerdictUnusable: true)
        }
    }

    /// What the run itself saw of the receiver's end; nil where it did not.
    private static func reason(_ record: RunRecord) -> String? {
        let failed = record.phases.flatMap(\.checks).filter { $0.outcome == .failed }.map(\.detail)
        let marker = ": the receiver "
        return failed.lazy.compactMap { detail in
            detail.firstRange(of: marker).map { String(detail[$0.upperBound...].prefix(200)) }
        }.first
    }
}
