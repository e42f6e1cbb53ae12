import LatencyStatistics

/// What comparisons of two paths of several lanes say: of equal paths, of unequal ones, and of a lucky connection.
public struct LaneOutcome: Sendable {
    /// The noise floor: the least difference that is found nine times in ten, by the comparisons' own word (root of the
    /// mean square), milliseconds.
    public var floorMs = 0.0
    /// The share of comparisons of equal paths that show a difference.
    public var falseShare = 0.0
    /// The share of comparisons of paths that differ by one noise floor which show it, with the right sign.
    public var foundShare = 0.0
    /// The share of comparisons of equal paths, one lane of which is 3 ms sooner, that show a difference.
    public var luckyShare = 0.0
    /// The comparisons of equal paths without an interval.
    public var withheld = 0

    /// Whether at most 5 % of equal paths seem to differ and 90 % of unequal ones are found, give or take three standard
    /// errors of so many comparisons: with two, one table of ten rows in three would be out of limits by chance.
    public func isGood(comparisons: Int) -> Bool {
        let count = Double(max(1, comparisons))
        let isPowerful = foundShare >= 0.9 - 3 * (0.09 / count).squareRoot()
        return falseShare <= 0.05 + 3 * (0.0475 / count).squareRoot() && isPowerful
    }

    /// Compares paths in many worlds from consecutive seeds.
    public static func measure(_ world: LaneWorld, comparisons: Int, seed: UInt64) -> LaneOutcome {
        var outcome = LaneOutcome()
        let equal = intervals(world, comparisons, seed)
        let floors = equal.compactMap(\.leastDetectable)
        outcome.withheld = comparisons - floors.count
        outcome.floorMs = (floors.reduce(0) { $0 + $1 * $1 } / Double(max(1, floors.count))).squareRoot()
        outcome.falseShare = share(of: equal) { $0.excludesZero }
        var shifted = world
        shifted.shiftMs = outcome.floorMs
        outcome.foundShare = share(of: intervals(shifted, comparisons, seed + 1_000_000)) { ($0.low ?? 0) > 0 }
        var lucky = world
        lucky.luckMs = 3
        outcome.luckyShare = share(of: intervals(lucky, comparisons, seed + 2_000_000)) { $0.excludesZero }
        return outcome
    }

    private static func intervals(_ world: LaneWorld, _ count: Int, _ seed: UInt64) -> [QuantileInterval] {
        (0..<UInt64(count)).compactMap { number in
            QuantileEstimator(lanePairs: world.differencesMs(seed: seed + number)).interval(0.5)
        }
    }

    private static func share(of intervals: [QuantileInterval], _ holds: (QuantileInterval) -> Bool) -> Double {
        Double(intervals.count(where: holds)) / Double(max(1, intervals.count { $0.low != nil }))
    }
}
