import ExperimentModel
import LatencyStatistics

/// Runs A against runs B: the figures of each, their differences, and a verdict.
///
/// The runs were taken at different times, so that events are not paired: differences are between the runs' quantiles. With
/// several runs a side, runs are the unit: the interval is that of so many runs, however many samples each has.
public struct RunComparison: Codable, Hashable, Sendable {
    /// The names of the runs on side A.
    public var runsA: [String]
    /// The names of the runs on side B.
    public var runsB: [String]
    /// The measured time of side A, seconds.
    public var measuredSecondsA: Double
    /// The measured time of side B, seconds.
    public var measuredSecondsB: Double
    /// The runs that were taken at the same time of day, when differences are between those; nil when all runs count.
    public var matching: RunMatching?
    /// Each path of A with the one of B that it is compared with.
    public var paths: [ComparedPaths]
    /// The answer, for the first pair of paths.
    public var verdict: Verdict
    /// What the reader should know.
    public var warnings: [AnalysisWarning]
    /// The reasons for which the comparison would have been refused; empty unless it was forced.
    public var forcedPast: [String]

    /// Whether there is no verdict to use: the command's exit status is then 1.
    public var isVerdictUnusable: Bool {
        verdict.kind == .cannotSay || warnings.contains { $0.makesVerdictUnusable }
    }

    /// Compares finished runs, with one path each or with paths of the same names.
    ///
    /// - Throws: `ReportingError` `notComparable` listing every reason, unless `force`; and always when nothing is there
    ///   to compare.
    public static func compare(
        _ a: [RunData],
        _ b: [RunData],
        force: Bool = false
    ) throws -> RunComparison {
        let reasons = Comparability.problems(a, b)
        guard reasons.isEmpty || force else {
            throw ReportingError(
                .notComparable,
                "these runs are not comparable:\n" + reasons.map { "  - \($0)" }.joined(separator: "\n")
                    + "\nuse --force to compare them all the same"
            )
        }
        let first = ComparisonSide(a)
        let second = ComparisonSide(b)
        let pairs = Self.pairs(first, second)
        guard !pairs.isEmpty else {
            throw ReportingError(
                .notComparable,
                "nothing to compare: A has the paths \(first.pathNames.joined(separator: ", ")) and B "
                    + "\(second.pathNames.joined(separator: ", ")); give runs of one path each, or with a path of the same name"
            )
        }
        let matching =
            a.count > 1 && b.count > 1 ? RunMatching(a.map(\.record.beganSeconds), b.map(\.record.beganSeconds)) : nil
        // Matched hours are worth more than the runs that have no counterpart, unless hardly any have one.
        let used = matching.flatMap { 2 * $0.pairs.count >= min(a.count, b.count) && $0.pairs.count > 1 ? $0 : nil }
        let paths = pairs.map { ComparedPaths(first, $0.a, second, $0.b, used) }
        var comparison = RunComparison(
            runsA: a.map(\.record.id),
            runsB: b.map(\.record.id),
            measuredSecondsA: first.measuredSeconds,
            measuredSecondsB: second.measuredSeconds,
            matching: used,
            paths: paths,
            verdict: Verdict(.cannotSay, headline: ""),
            warnings: warnings(paths, a, b, matching: used, forced: reasons),
            forcedPast: reasons
        )
        comparison.verdict = ComparisonJudge(comparison).judge()
        return comparison
    }

    private static func pairs(_ a: ComparisonSide, _ b: ComparisonSide) -> [(a: String, b: String)] {
        if let onlyA = a.pathNames.first, let onlyB = b.pathNames.first, a.pathNames.count == 1, b.pathNames.count == 1
        {
            return [(onlyA, onlyB)]
        }
        return a.pathNames.filter(b.pathNames.contains).map { ($0, $0) }
    }

    private static func warnings(
        _ paths: [ComparedPaths],
        _ a: [RunData],
        _ b: [RunData],
        matching: RunMatching?,
        forced: [String]
    ) -> [AnalysisWarning] {
        var warnings = forced.map {
            AnalysisWarning(.forced, "not comparable, but forced: \($0)", makesVerdictUnusable: true)
        }
        warnings.append(hours(a, b, matching))
        if a.count == 1, b.count == 1 {
            let text = "one run a side: how much one run differs from the next is not known and not in the intervals"
            warnings.append(.init(.fewRuns, text))
        }
        if paths.flatMap(\.figures).contains(where: { $0.difference.cause == .dependence }) {
            let text =
                "delays depend on those before them over so long that some intervals are withheld; longer runs have them"
            warnings.append(.init(.longDependence, text))
        }
        for pair in paths where !pair.figures.contains(where: { $0.metric == .endToEnd }) {
            let text = "\(pair.pathA) and \(pair.pathB) have no end-to-end latency on both sides"
            warnings.append(.init(.noEventTime, text))
        }
        return warnings
    }

    /// What the hours of the day have to do with the result.
    private static func hours(_ a: [RunData], _ b: [RunData], _ matching: RunMatching?) -> AnalysisWarning {
        guard let matching else {
            let text =
                a.count > 1 && b.count > 1
                ? "the hours of the day of the two sides do not match: time of day is confounded with the difference"
                : "the runs were taken at different times: time of day is confounded with the difference"
            return AnalysisWarning(.differentTimes, text)
        }
        let leftA = a.indices.filter { index in !matching.pairs.contains { $0.a == index } }.map { a[$0].record.id }
        let leftB = b.indices.filter { index in !matching.pairs.contains { $0.b == index } }.map { b[$0].record.id }
        let left = leftA + leftB
        let text =
            "\(Format.plural(matching.pairs.count, "pair")) of runs within an hour of the day of each other; the days differ"
            + (left.isEmpty ? "" : "; without a counterpart and left out: \(left.joined(separator: ", "))")
        return AnalysisWarning(.differentTimes, text)
    }
}

/// One path of side A against one of side B.
public struct ComparedPaths: Codable, Hashable, Sendable {
    /// The path of side A.
    public var pathA: String
    /// The path of side B.
    public var pathB: String
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
        figures = []
        summaries = []
        eventsLostA = a.eventsLost(pathA)
        eventsLostB = b.eventsLost(pathB)
        lanesA = a.lanes(pathA)
        lanesB = b.lanes(pathB)
        clockNs = a.receiverBoundNs.flatMap { mine in b.receiverBoundNs.map { mine + $0 } }
        let runsA = matching.map { $0.pairs.map(\.a) } ?? Array(0..<a.count)
        let runsB = matching.map { $0.pairs.map(\.b) } ?? Array(0..<b.count)
        for metric in ComparisonSide.metrics {
            add(
                metric,
                runsA.map { a.series(metric, pathA, run: $0) },
                runsB.map { b.series(metric, pathB, run: $0) },
                isMatched: matching != nil
            )
        }
    }

    private mutating func add(_ metric: Metric, _ a: [[CompactSeries]], _ b: [[CompactSeries]], isMatched: Bool) {
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
                runRanks: Self.ranks(unitsA, unitsB)
            )
        )
        let intervalsA = unitsA.map { $0.intervals(PathAnalyzer.probabilities) }.filter { !$0.isEmpty }
        let intervalsB = unitsB.map { $0.intervals(PathAnalyzer.probabilities) }.filter { !$0.isEmpty }
        for index in PathAnalyzer.probabilities.indices {
            let figuresA = intervalsA.map { $0[index] }
            let figuresB = intervalsB.map { $0[index] }
            let difference =
                isMatched && figuresA.count == figuresB.count
                ? UnitComparison.matchedDifference(zip(figuresA, figuresB).map { ($0, $1) })
                : UnitComparison.difference(figuresA, figuresB)
            guard let figureA = UnitComparison.mean(figuresA), let figureB = UnitComparison.mean(figuresB),
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
}

/// What quantiles are called.
enum QuantileName {
    /// `median`, `p90`, `p99.9`.
    static func of(_ probability: Double) -> String {
        guard probability != 0.5 else { return "median" }
        let percent = Format.fixed(probability * 100, 1)
        return "p" + (percent.hasSuffix(".0") ? String(percent.dropLast(2)) : percent)
    }
}
