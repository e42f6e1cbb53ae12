import ExperimentModel

/// What stopping does to a campaign.
enum CampaignStop {
    /// Slots to come are missed from now on, and say why.
    static func settle(_ ledger: inout CampaignLedger, at seconds: Double) throws {
        let text = "the campaign was stopped at \(UTC.text(seconds))"
        try ledger.update { record in
            record.reason = text
            for index in record.slots.indices where record.slots[index].state == .pending {
                guard !record.isDetached || record.slots[index].plannedSeconds > seconds else { continue }
                record.slots[index].state = .missed
                record.slots[index].reason = text
            }
        }
    }
}
