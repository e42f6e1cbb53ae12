import ExperimentModel
import LatencyStatistics

/// Runs A against runs B: the figures of each, their differences, and a verdict.
///
/// The runs were taken at different times, so that events are not paired: differences are between distributions, and
/// what changed with the time of day is in them too.
public struct RunComparison: Codable, Hashable, Sendable {
    /// The names of the runs on side A.
    public var runsA: [String]
    /// The names of the runs on side B.
    public var runsB: [String]
    /// The measured time of side A, seconds.
    public var measuredSecondsA: Double
    /// The measured time of side B, seconds.
    public var measuredSecondsB: Double
    /// How the intervals were made.
    public var bootstrap: BootstrapSettings
    /// Each path of A with the one of B that it is compared with.
    public var paths: [ComparedPaths]
    /// The answer, for the first pair of paths.
    public var verdict: Verdict
    /// What the reader should know.
    public var warnings: [AnalysisWarning]
    /// The reasons for which the comparison would have been refused; empty unless it was forced.
    public var forcedPast: [String]

    /// Whether a warning makes the verdict unusable: the command's exit status is then 1.
    public var isVerdictUnusable: Bool { warnings.contains { $0.makesVerdictUnusable } }

    /// Compares finished runs, with one path each or with paths of the same names.
    ///
    /// - Throws: `ReportingError` `notComparable` listing every reason, unless `force`; and always when nothing is there
    ///   to compare.
    public static func compare(
        _ a: [RunData],
        _ b: [RunData],
        force: Bool = false,
        settings: BootstrapSettings = BootstrapSettings()
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
        let paths = pairs.map { ComparedPaths(first, $0.a, second, $0.b, settings) }
        var comparison = RunComparison(
            runsA: a.map(\.record.id),
            runsB: b.map(\.record.id),
            measuredSecondsA: first.measuredSeconds,
            measuredSecondsB: second.measuredSeconds,
            bootstrap: settings,
            paths: paths,
            verdict: Verdict(.cannotSay, headline: ""),
            warnings: warnings(paths, forced: reasons),
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

    private static func warnings(_ paths: [ComparedPaths], forced: [String]) -> [AnalysisWarning] {
        var warnings = forced.map {
            AnalysisWarning(.forced, "not comparable, but forced: \($0)", makesVerdictUnusable: true)
        }
        warnings.append(
            .init(
                .differentTimes,
                "the runs were taken at different times: time of day is confounded with the difference"
            )
        )
        if paths.flatMap(\.figures).contains(where: { $0.difference.isCapped }) {
            warnings.append(
                .init(.longDependence, "delays drift over longer stretches than the blocks of the intervals hold")
            )
        }
        for pair in paths where !pair.figures.contains(where: { $0.metric == .endToEnd }) {
            let text = "\(pair.pathA) and \(pair.pathB) have no end-to-end latency on both sides"
            warnings.append(.init(.noEventTime, text))
        }
        return warnings
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
    /// What both sides' clocks may together add to an end-to-end difference, nanoseconds; nil when unknown.
    public var clockNs: Double?

    init(_ a: ComparisonSide, _ pathA: String, _ b: ComparisonSide, _ pathB: String, _ settings: BootstrapSettings) {
        self.pathA = pathA
        self.pathB = pathB
        figures = []
        summaries = []
        eventsLostA = a.eventsLost(pathA)
        eventsLostB = b.eventsLost(pathB)
        clockNs = a.receiverBoundNs.flatMap { mine in b.receiverBoundNs.map { mine + $0 } }
        for metric in [Metric.endToEnd, .backbone] {
            let first = QuantileBootstrap(lanes: a.values(metric, pathA), settings: settings)
            let second = QuantileBootstrap(lanes: b.values(metric, pathB), settings: settings)
            guard let summaryA = first.summary, let summaryB = second.summary else { continue }
            summaries.append(ComparedSummary(metric: metric, a: summaryA, b: summaryB))
            for probability in PathAnalyzer.probabilities {
                guard
                    let figureA = first.interval(probability), let figureB = second.interval(probability),
                    let difference = first.difference(to: second, probability)
                else { continue }
                figures.append(ComparedFigure(metric: metric, a: figureA, b: figureB, difference: difference))
            }
        }
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
