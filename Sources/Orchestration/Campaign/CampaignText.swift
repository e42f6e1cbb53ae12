import ExperimentModel

/// Slots and tasks in words.
enum CampaignText {
    /// Why a slot that was cut short is no more than that, as long as its figures do not say how short.
    static let cutShort = "it was stopped before its time was over"

    /// How many tasks are how far: "3 done, 1 missed, 20 to come".
    static func counts(_ tasks: [CampaignTaskRecord]) -> String {
        let words: [(CampaignTaskRecord.State, String)] = [
            (.done, "done"), (.failed, "failed"), (.missed, "missed"), (.running, "running"), (.waiting, "to come"),
        ]
        let parts = words.compactMap { state, word in
            let count = tasks.count { $0.state == state }
            return count > 0 ? "\(count) \(word)" : nil
        }
        return parts.isEmpty ? "no agent's time has come" : parts.joined(separator: ", ")
    }

    /// What became of a slot, as a line of evidence.
    static func check(_ slot: CampaignSlot, of count: Int) -> CheckRecord {
        let name = "slot \(slot.number) of \(count)"
        let moment = "planned for \(UTC.text(slot.plannedSeconds))"
        switch slot.state {
        case .done: return CheckRecord(name, .passed, "done, \(moment)")
        case .cutShort, .missed, .failed:
            return CheckRecord(name, .warning, "\(slot.state.words), \(moment): \(slot.reason ?? "no reason given")")
        case .pending, .running: return CheckRecord(name, .skipped, "\(slot.state.rawValue), \(moment)")
        }
    }
}
