import ExperimentModel
import LatencyStatistics

/// One path of side A against one of side B.
public struct ComparedPaths: Codable, Hashable, Sendable {
    /// The path of side A.
    public var pathA: String
    /// The path of side B.
    public var pathB: String
    /// The answer for this pair of paths.
    public var verdict: Verdict
    /// The runs of side A that have samples on the path.
    public var runsA: Int
    /// The runs of side B that have samples on the path.
    public var runsB: Int
    /// Whether differences are between runs of the same time of day.
    public var isMatched: Bool
    /// Quantiles of each metric that both have, and their differences B - A.
    public var figures: [ComparedFigure]
    /// The other figures of each metric that both have.
    public var summaries: [ComparedSummary]
    /// Missing sequence ids on side A; nil on a direct path.
    public var eventsLostA: Int?
    /// Missing sequence ids on side B; nil on a direct path.
    public var eventsLostB: Int?
    /// The connections of a run on side A; the most of any run.
    public var lanesA: Int
    /// The connections of a run on side B; the most of any run.
    public var lanesB: Int
    /// What both sides' clocks may together add to an end-to-end difference, nanoseconds; nil when unknown.
    public var clockNs: Double?

    init(_ a: ComparisonSide, _ pathA: String, _ b: ComparisonSide, _ pathB: String, _ matching: RunMatching?) {
        self.pathA = pathA
        self.pathB = pathB
        verdict = Verdict(.cannotSay, headline: "")
        // A run without samples on the path has no figures, and its counterpart then has nothing to be matched with.
        let hasA = (0..<a.count).filter { a.count(pathA, run: $0) > 0 }
        let hasB = (0..<b.count).filter { b.count(pathB, run: $0) > 0 }
        let pairs = (matching?.pairs ?? []).filter { hasA.contains($0.a) && hasB.contains($0.b) }
        isMatched = pairs.count > 1
        let (numbersA, numbersB) = isMatched ? (pairs.map(\.a), pairs.map(\.b)) : (hasA, hasB)
        runsA = numbersA.count
        runsB = numbersB.count
        figures = []
        summaries = []
        eventsLostA = a.eventsLost(pathA)
        eventsLostB = b.eventsLost(pathB)
        lanesA = a.lanes(pathA)
        lanesB = b.lanes(pathB)
        func clocks(_ metric: Metric) -> Double? {
            a.clockNs(metric, pathA).flatMap { mine in b.clockNs(metric, pathB).map { mine + $0 } }
        }
        clockNs = clocks(.endToEnd)
        for metric in ComparisonSide.metrics {
            add(
                metric,
                clocks(metric),
                numbersA.map { a.series(metric, pathA, run: $0) },
                numbersB.map { b.series(metric, pathB, run: $0) }
            )
        }
    }

    private mutating func add(
        _ metric: Metric,
        _ clockNs: Double?,
        _ a: [[CompactSeries]],
        _ b: [[CompactSeries]]
    ) {
        let allA = AscendingSeries(a.flatMap { $0 })
        let allB = AscendingSeries(b.flatMap { $0 })
        guard let summaryA = Summary(allA), let summaryB = Summary(allB) else { return }
        let unitsA = a.map { QuantileEstimator(lanes: $0) }
        let unitsB = b.map { QuantileEstimator(lanes: $0) }
        summaries.append(
            ComparedSummary(
                metric: metric,
                a: summaryA,
                b: summaryB,
                distance: KolmogorovSmirnov.distance(allA, allB) ?? 0,
                shareBSooner: MannWhitney(allA, allB)?.shareSecondSmaller ?? 0.5,
                runRanks: Self.ranks(unitsA, unitsB),
                clockNs: clockNs
            )
        )
        let intervalsA = unitsA.map { $0.intervals(PathAnalyzer.probabilities) }.filter { !$0.isEmpty }
        let intervalsB = unitsB.map { $0.intervals(PathAnalyzer.probabilities) }.filter { !$0.isEmpty }
        for index in PathAnalyzer.probabilities.indices {
            let figuresA = intervalsA.map { $0[index] }
            let figuresB = intervalsB.map { $0[index] }
            let difference =
                isMatched && figuresA.count == figuresB.count && figuresA.count == a.count
                ? UnitComparison.matchedDifference(zip(figuresA, figuresB).map { ($0, $1) })
                : UnitComparison.difference(figuresA, figuresB)
            guard let figureA = UnitComparison.meanOfKnown(figuresA),
                let figureB = UnitComparison.meanOfKnown(figuresB),
                let difference
            else { continue }
            figures.append(ComparedFigure(metric: metric, a: figureA, b: figureB, difference: difference))
        }
    }

    /// The rank test of the runs' medians; nil with fewer than four runs a side, of which it could not tell anything.
    private static func ranks(_ a: [QuantileEstimator], _ b: [QuantileEstimator]) -> MannWhitney? {
        guard a.count >= 4, b.count >= 4 else { return nil }
        return MannWhitney(a.compactMap { $0.summary?.median }.sorted(), b.compactMap { $0.summary?.median }.sorted())
    }
}

/// One quantile on both sides, nanoseconds.
public struct ComparedFigure: Codable, Hashable, Sendable {
    /// Which time it is.
    public var metric: Metric
    /// Side A.
    public var a: QuantileInterval
    /// Side B.
    public var b: QuantileInterval
    /// B - A.
    public var difference: QuantileInterval

    /// The quantile's usual name.
    public var name: String { QuantileName.of(a.probability) }
}

/// One metric's summary on both sides, nanoseconds.
public struct ComparedSummary: Codable, Hashable, Sendable {
    /// Which time it is.
    public var metric: Metric
    /// Side A.
    public var a: Summary
    /// Side B.
    public var b: Summary
    /// The distance of Kolmogorov and Smirnov between the two distributions, 0 to 1.
    public var distance: Double
    /// The share of pairs of samples of A and B in which B's is the smaller one.
    public var shareBSooner: Double
    /// The rank test of Mann and Whitney of the medians of whole runs; nil with fewer than four a side.
    public var runRanks: MannWhitney?
    /// What both sides' clocks may together add to a difference of this metric, nanoseconds; nil when unknown.
    public var clockNs: Double?
}
