import LatencyStatistics

/// The difference of two paths in a tenth of the events, taken by how busy the market was around them.
///
/// Each tenth is described and not tested: ten tenths are ten chances to be mistaken.
public struct RateDecile: Codable, Hashable, Sendable {
    /// The tenth, from 1 for the calmest.
    public var decile: Int
    /// The fewest events a second around an event of this tenth.
    public var lowestRate: Double
    /// The most events a second around one.
    public var highestRate: Double
    /// The events.
    public var pairs: Int
    /// The median difference of the first arrivals, nanoseconds.
    public var medianNs: Double
    /// Its 95th percentile.
    public var p95Ns: Double
    /// The events that came first on the other path.
    public var otherFirst: Int

    /// How many events around each count for its rate: half a second before and after.
    private static let halfNs: Int64 = 500_000_000
    /// With fewer events, tenths say nothing.
    private static let fewestEvents = 200

    /// The tenths of events at ascending times; empty with fewer than 200.
    static func deciles(timesNs: [Int64], differencesNs: CompactSeries) -> [RateDecile] {
        guard timesNs.count >= fewestEvents, timesNs.count == differencesNs.count else { return [] }
        let rates = rates(timesNs)
        // Events in the order of their rates, those of one rate in the order of time: its tenth is then known for each.
        var places = [Int](repeating: 0, count: Int(rates.max() ?? 0) + 2)
        for rate in rates { places[Int(rate) + 1] += 1 }
        for rate in places.indices.dropFirst() { places[rate] += places[rate - 1] }
        let ends = (1...10).map { $0 * rates.count / 10 }
        var members = [CompactSeries](repeating: CompactSeries(), count: 10)
        var lowest = [UInt32](repeating: .max, count: 10)
        var highest = [UInt32](repeating: 0, count: 10)
        var next = 0
        differencesNs.forEach { difference in
            let rate = rates[next]
            next += 1
            let place = places[Int(rate)]
            places[Int(rate)] += 1
            var tenth = min(9, place * 10 / rates.count)
            while place >= ends[tenth] { tenth += 1 }
            while tenth > 0, place < ends[tenth - 1] { tenth -= 1 }
            members[tenth].append(difference)
            lowest[tenth] = min(lowest[tenth], rate)
            highest[tenth] = max(highest[tenth], rate)
        }
        return (0..<10).compactMap { tenth in
            let sorted = members[tenth].sorted()
            guard let summary = Summary(sorted) else { return nil }
            return RateDecile(
                decile: tenth + 1,
                lowestRate: Double(lowest[tenth]),
                highestRate: Double(highest[tenth]),
                pairs: summary.count,
                medianNs: summary.median,
                p95Ns: summary.p95,
                otherFirst: summary.negative
            )
        }
    }

    /// How many events there are around each.
    private static func rates(_ timesNs: [Int64]) -> [UInt32] {
        var rates: [UInt32] = []
        rates.reserveCapacity(timesNs.count)
        var first = 0
        var end = 0
        for time in timesNs {
            while timesNs[first] < time - halfNs { first += 1 }
            while end < timesNs.count, timesNs[end] <= time + halfNs { end += 1 }
            rates.append(UInt32(clamping: end - first))
        }
        return rates
    }
}
