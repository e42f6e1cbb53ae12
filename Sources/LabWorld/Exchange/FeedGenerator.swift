import ExperimentModel

/// Makes the events of a bursty market that a seed determines.
///
/// As on the real feed, most events come in bursts within a few milliseconds, between quiet spells: bursts of 1 to 30
/// events begin after random spells, and follow each other at once or within 2 ms. Prices are a random walk.
public struct FeedGenerator: Sendable {
    private static let burstLimit = 30.0
    /// The share of events that follow at once, in the same tick of the matching engine.
    private static let shareAtOnce = 0.4
    private static let longestGapNs = 2_000_000.0
    /// Shorter than what clients take for a fault of the feed.
    private static let longestSpellNs = 3_000_000_000.0
    private static let firstUpdateID: Int64 = 11_671_659_685_961

    private var generator: SeededGenerator
    private let streamCount: Int
    private let largestBurst: Int
    private let meanSpellNs: Double
    private let gapLimitNs: Double
    /// The gap between all events; nil for bursts.
    private let evenGapNs: Int64?
    private var leftInBurst = 0
    private var updateID = firstUpdateID
    private var bidTicks: Int64
    private var spreadTicks: Int64 = 1

    /// A generator of `rate` events a second on average, spread evenly over `streamCount` streams.
    ///
    /// - Parameter isEven: whether all events are equally far apart, as on no real feed.
    public init(seed: UInt64, rate: Double, market: Market, streamCount: Int, isEven: Bool = false) {
        precondition(rate > 0 && streamCount > 0, "a feed has a rate and a stream")
        self.streamCount = streamCount
        evenGapNs = isEven ? Int64(1e9 / rate) : nil
        generator = SeededGenerator(seed: seed, purpose: "feed")
        bidTicks = FeedScale(market).firstBidTicks
        // Slow feeds have small bursts, or the spells between would be longer than a real feed is ever silent.
        largestBurst = Int(max(1, min(Self.burstLimit, rate * 0.3)))
        let meanBurst = Double(1 + largestBurst) / 2
        let cycleNs = meanBurst / rate * 1e9
        // Fast feeds have closer events, so that at least half of the time is left for quiet spells.
        let spacedGaps = (meanBurst - 1) * (1 - Self.shareAtOnce)
        gapLimitNs = spacedGaps > 0 ? min(Self.longestGapNs, cycleNs / spacedGaps) : 0
        meanSpellNs = cycleNs - spacedGaps * gapLimitNs / 2
    }

    /// The next event.
    public mutating func next() -> FeedEvent {
        let gapNs = nextGapNs()
        updateID += Int64.random(in: 1...40, using: &generator)
        if Int.random(in: 0..<10, using: &generator) < 3 {
            bidTicks = max(1, bidTicks + Int64.random(in: -3...3, using: &generator))
            spreadTicks = Int.random(in: 0..<8, using: &generator) == 0 ? 2 : 1
        }
        return FeedEvent(
            gapNs: gapNs,
            streamIndex: Int.random(in: 0..<streamCount, using: &generator),
            updateID: updateID,
            bidTicks: bidTicks,
            askTicks: bidTicks + spreadTicks,
            bidLots: Int64.random(in: 1...20_000, using: &generator),
            askLots: Int64.random(in: 1...20_000, using: &generator),
            engineLagMs: Int64.random(in: 0...2, using: &generator)
        )
    }

    private mutating func nextGapNs() -> Int64 {
        if let evenGapNs { return evenGapNs }
        guard leftInBurst == 0 else {
            leftInBurst -= 1
            return generator.unit() < Self.shareAtOnce ? 0 : Int64(generator.unit() * gapLimitNs)
        }
        leftInBurst = Int.random(in: 1...largestBurst, using: &generator) - 1
        // Where the exponential's tail would be taken for a fault, an even distribution has the same mean and no tail.
        guard meanSpellNs * 5 < Self.longestSpellNs else { return Int64(generator.unit() * 2 * meanSpellNs) }
        return Int64(min(generator.exponential(mean: meanSpellNs), Self.longestSpellNs))
    }
}
