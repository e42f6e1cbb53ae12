import LatencyStatistics

/// The difference of two paths in a tenth of the events, taken by how busy the market was around them.
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
    static func deciles(timesNs: [Int64], differencesNs: [Double]) -> [RateDecile] {
        guard timesNs.count >= fewestEvents, timesNs.count == differencesNs.count else { return [] }
        var rates: [Int] = []
        rates.reserveCapacity(timesNs.count)
        var first = 0
        var end = 0
        for time in timesNs {
            while timesNs[first] < time - halfNs { first += 1 }
            while end < timesNs.count, timesNs[end] <= time + halfNs { end += 1 }
            rates.append(end - first)
        }
        let order = rates.indices.sorted { (rates[$0], $0) < (rates[$1], $1) }
        return (0..<10).compactMap { tenth in
            let members = order[tenth * order.count / 10..<(tenth + 1) * order.count / 10]
            let differences = members.map { differencesNs[$0] }
            guard let summary = Summary(differences), let lowest = members.first, let highest = members.last else {
                return nil
            }
            return RateDecile(
                decile: tenth + 1,
                lowestRate: Double(rates[lowest]),
                highestRate: Double(rates[highest]),
                pairs: summary.count,
                medianNs: summary.median,
                p95Ns: summary.p95,
                otherFirst: differences.count { $0 < 0 }
            )
        }
    }
}
