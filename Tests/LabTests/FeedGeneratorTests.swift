import ExperimentModel
import Testing

@testable import LabWorld

struct FeedGeneratorTests {
    private func events(seed: UInt64, rate: Double, _ count: Int, streamCount: Int = 1) -> [FeedEvent] {
        var generator = FeedGenerator(seed: seed, rate: rate, market: .usdm, streamCount: streamCount)
        return (0..<count).map { _ in generator.next() }
    }

    @Test
    func `the seed determines the feed`() {
        #expect(events(seed: 1, rate: 100, 5_000) == events(seed: 1, rate: 100, 5_000))
        #expect(events(seed: 1, rate: 100, 100) != events(seed: 2, rate: 100, 100))
    }

    @Test(arguments: [0.5, 3, 20, 100, 1_000, 20_000])
    func `the mean rate is the one that was asked for`(_ rate: Double) {
        let count = 100_000
        let seconds = Double(events(seed: 9, rate: rate, count).map(\.gapNs).reduce(0, +)) / 1e9
        #expect(abs(Double(count) / seconds / rate - 1) < 0.05)
    }

    @Test
    func `events come in bursts between quiet spells`() {
        let gaps = events(seed: 4, rate: 100, 100_000).map(\.gapNs)
        let quick = gaps.filter { $0 <= 2_000_000 }.count
        let quiet = gaps.filter { $0 > 50_000_000 }.count
        #expect(Double(quick) / 100_000 > 0.85, "most follow within 2 ms")
        #expect(quiet > 3_000, "and there are spells of more than 50 ms")
        #expect((gaps.max() ?? 0) < 3_000_000_001, "shorter than what counts as silence")
        #expect(gaps.allSatisfy { $0 >= 0 })
    }

    @Test
    func `ids increase, books do not cross, and prices wander without running away`() {
        let events = events(seed: 3, rate: 100, 100_000)
        for (previous, event) in zip(events, events.dropFirst()) {
            #expect(event.updateID > previous.updateID)
            #expect(event.askTicks > event.bidTicks)
            #expect(event.bidLots > 0 && event.askLots > 0)
            #expect((0...2).contains(event.engineLagMs))
        }
        #expect(Set(events.map(\.bidTicks)).count > 50)
        #expect(events.allSatisfy { (600_000...1_100_000).contains($0.bidTicks) })
    }

    @Test
    func `several streams share the events evenly`() {
        let counts = Dictionary(grouping: events(seed: 5, rate: 100, 30_000, streamCount: 3), by: \.streamIndex)
        #expect(counts.count == 3)
        #expect(counts.values.allSatisfy { abs(Double($0.count) / 10_000 - 1) < 0.1 })
    }
}
