import ExperimentModel
import LatencyStatistics

/// When a campaign's slots are, and how much later than that they may still begin.
enum CampaignSchedule {
    /// The longest that a slot may begin after its time.
    static let longestLateness = TimeSpan.seconds(900)

    /// Slots from `firstSeconds` on, each with a seed of its own that follows from the campaign's.
    static func slots(count: Int, every: TimeSpan, from firstSeconds: Double, seed: UInt64) -> [CampaignSlot] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { index in
            // 53 bits: what JSON's readers keep exactly.
            CampaignSlot(
                number: index + 1,
                plannedSeconds: firstSeconds + Double(index) * every.seconds,
                seed: generator.next() >> 11
            )
        }
    }

    /// How much later than planned a slot may begin: a quarter of the way to the next, within limits.
    static func lateness(_ every: TimeSpan) -> TimeSpan {
        min(max(TimeSpan(ns: every.ns / 4), .seconds(2)), longestLateness)
    }

    /// The experiment of one slot: once, with the slot's own order.
    static func experiment(_ record: CampaignRecord, _ slot: CampaignSlot) -> Experiment {
        var experiment = record.experiment
        experiment.schedule.repetitions = nil
        experiment.schedule.every = nil
        experiment.schedule.seed = slot.seed
        return experiment
    }
}
