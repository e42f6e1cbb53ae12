import ExperimentModel
import Testing

@testable import AgentCore

/// What an agent notices of the time in which it did not run.
struct StandstillWatchTests {
    @Test func aLateCallIsAStandstillFromWhenItWasDue() {
        var watch = StandstillWatch()
        let due: Int64 = 1_000_000_000
        #expect(watch.called(dueMonotonicNs: due, now: Timestamp(wallNs: 900, monotonicNs: due + 40_000_000)) == nil)
        let now = Timestamp(wallNs: 70_000_000_000, monotonicNs: due + 5_000_000_000)
        let found = watch.called(dueMonotonicNs: due, now: now)
        #expect(found?.from == Timestamp(wallNs: 65_000_000_000, monotonicNs: due))
        #expect(found?.to == now && found?.ns == 5_000_000_000)
        #expect(watch.found.count == 1)
    }

    @Test func onlySoManyAreKept() {
        var watch = StandstillWatch()
        for number in 1...1_000 {
            _ = watch.called(dueMonotonicNs: 0, now: Timestamp(wallNs: 0, monotonicNs: Int64(number) * 1_000_000_000))
        }
        #expect(watch.found.count == StandstillWatch.mostKept)
        #expect(watch.found.last?.ns == 100_000_000_000)
    }
}
