import ExperimentModel
import LatencyStatistics

/// Runs A against runs B: the figures of each, their differences, and a verdict.
///
/// The runs were taken at different times, so that events are not paired: differences are between the runs' quantiles.
/// With several runs a side, runs are the unit: the interval is that of so many runs, however many samples each has.
public struct RunComparison: Codable, Hashable, Sendable {
    /// The names of the runs on side A that the figures are of.
    public var runsA: [String]
    /// The names of the runs on side B that the figures are of.
    public var runsB: [String]
    /// Runs that were given and are in no figure.
    public var leftOut: [LeftOutRun]
    /// The measured time of side A, seconds.
    public var measuredSecondsA: Double
    /// The measured time of side B, seconds.
    public var measuredSecondsB: Double
    /// The runs that were taken at the same time of day, by their places in `runsA` and `runsB`, when differences are
    /// between those; nil when the sides are compared as wholes.
    public var matching: RunMatching?
    /// Each path of A with the one of B that it is compared with.
    public var paths: [ComparedPaths]
    /// The answer over all pairs of paths; each pair has its own, too.
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
    /// - Throws: `ReportingError` `notComparable` listing every reason, unless `force`; and always when nothing is
    ///   there to compare.
    public static func compare(
        _ a: [RunData],
        _ b: [RunData],
        force: Bool = false
    ) throws -> RunComparison {
        let given = (a, b)
        var leftOut = Self.unmeasured(a, "A") + Self.unmeasured(b, "B")
        let names = Set(leftOut.map(\.run))
        var a = a.filter { !names.contains($0.record.id) }
        var b = b.filter { !names.contains($0.record.id) }
        if a.isEmpty || b.isEmpty { (a, b) = given }
        let reasons = Comparability.problems(a, b)
        guard reasons.isEmpty || force else {
            throw ReportingError(
                .notComparable,
                "these runs are not comparable:\n" + reasons.map { "  - \($0)" }.joined(separator: "\n")
                    + "\nuse --force to compare them all the same"
            )
        }
        let matching =
            a.count > 1 && b.count > 1 ? RunMatching(a.map(\.record.beganSeconds), b.map(\.record.beganSeconds)) : nil
        // Matched hours are worth more than the runs that have no counterpart, unless hardly any have one.
        var used = matching.flatMap { 2 * $0.pairs.count >= min(a.count, b.count) && $0.pairs.count > 1 ? $0 : nil }
        if let found = used?.pairs {
            leftOut += Self.unmatched(a, Set(found.map(\.a)), "A", b) + Self.unmatched(b, Set(found.map(\.b)), "B", a)
            (a, b) = (found.map { a[$0.a] }, found.map { b[$0.b] })
            used?.pairs = found.indices.map { RunMatching.Pair(a: $0, b: $0) }
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
        let paths = pairs.map { ComparedPaths(first, $0.a, second, $0.b, used) }
        var comparison = RunComparison(
            runsA: a.map(\.record.id),
            runsB: b.map(\.record.id),
            leftOut: leftOut,
            measuredSecondsA: first.measuredSeconds,
            measuredSecondsB: second.measuredSeconds,
            matching: used,
            paths: paths,
            verdict: Verdict(.cannotSay, headline: ""),
            warnings: warnings(paths, a, first, b, second, matching: used, leftOut: leftOut, forced: reasons),
            forcedPast: reasons
        )
        for index in comparison.paths.indices {
            comparison.paths[index].verdict = ComparisonJudge(comparison).judge(comparison.paths[index])
        }
        comparison.verdict = ComparisonJudge(comparison).judge()
        return comparison
    }

    private static func unmeasured(_ runs: [RunData], _ side: String) -> [LeftOutRun] {
        runs.filter { run in !run.blocks.contains { $0.window != nil && !$0.samples.isEmpty } }
            .map { LeftOutRun(run: $0.record.id, side: side, reason: "nothing was measured") }
    }

    private static func unmatched(
        _ runs: [RunData],
        _ matched: Set<Int>,
        _ side: String,
        _ others: [RunData]
    ) -> [LeftOutRun] {
        runs.indices.filter { !matched.contains($0) }.map { index in
            let near = others.count {
                RunMatching.apart($0.record.beganSeconds, runs[index].record.beganSeconds)
                    <= RunMatching.mostApartSeconds
            }
            let reason =
                near == 0
                ? "no run of the other side began within an hour of the same time of day"
                : "of the other side's \(Format.plural(others.count, "run")), \(near == 1 ? "the one" : "those") within an hour of "
                    + "the same time of day \(near == 1 ? "is matched with another" : "are matched with others")"
            return LeftOutRun(run: runs[index].record.id, side: side, reason: reason)
        }
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
        _ first: ComparisonSide,
        _ b: [RunData],
        _ second: ComparisonSide,
        matching: RunMatching?,
        leftOut: [LeftOutRun],
        forced: [String]
    ) -> [AnalysisWarning] {
        var warnings = forced.map {
            AnalysisWarning(.forced, "not comparable, but forced: \($0)", makesVerdictUnusable: true)
        }
        for (side, runs, figures) in [("A", a, first), ("B", b, second)] {
            warnings += zip(runs, figures.integrity).flatMap { run, found in
                found.map {
                    AnalysisWarning(
                        $0.code,
                        "\(run.record.id) (\(side)): \($0.text)",
                        makesVerdictUnusable: $0.makesVerdictUnusable
                    )
                }
            }
        }
        warnings += paths.compactMap { losses($0, first, second) }
        warnings += leftOut.map { AnalysisWarning(.noted, "left out: \($0.run) (\($0.side)): \($0.reason)") }
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

    /// Beyond this share the losses of the sooner side are no trifle.
    private static let mostLost = 0.01

    /// What the sooner side lost has no delay: it may be what would have come late.
    ///
    /// There is no verdict when the side would not be sooner with all of it later than the other side's median (the worst
    /// case of Horowitz and Manski, "Identification and robustness with contaminated and corrupted data", 1995).
    private static func losses(
        _ pair: ComparedPaths,
        _ first: ComparisonSide,
        _ second: ComparisonSide
    ) -> AnalysisWarning? {
        guard
            let median = pair.figures.first(where: { $0.metric == .endToEnd && $0.a.probability == 0.5 })?.difference,
            let summary = pair.summaries.first(where: { $0.metric == .endToEnd }), median.excludesZero
        else { return nil }
        let isB = median.value < 0
        let (side, path, name) = isB ? (second, pair.pathB, "B") : (first, pair.pathA, "A")
        guard let lost = isB ? pair.eventsLostB : pair.eventsLostA, lost > 0 else { return nil }
        let series = (0..<side.count).flatMap { side.series(.endToEnd, path, run: $0) }
        let came = series.reduce(0) { $0 + $1.count }
        guard Double(lost) > mostLost * Double(came + lost) else { return nil }
        let other = isB ? summary.a.median : summary.b.median
        let sooner = series.reduce(0) { $0 + $1.countAtMost(other) }
        let text =
            "\(name) (\(path)) lost \(Format.count(lost)) of \(Format.plural(came + lost, "event")) "
            + "(\(Format.percent(lost, of: came + lost))), which have no delay"
        guard 2 * sooner <= came + lost else { return AnalysisWarning(.eventsLost, text) }
        return AnalysisWarning(
            .eventsLost,
            text + ": were they late, it would not be the sooner one",
            makesVerdictUnusable: true
        )
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
        let days = matching.pairs.map { pair in
            [a[pair.a], b[pair.b]].map { ($0.record.beganSeconds / 86_400).rounded(.down) }
        }
        let text =
            "the runs are compared in \(Format.plural(matching.pairs.count, "pair")) that began within an hour of the day of "
            + "each other"
            + (days.allSatisfy { $0[0] == $0[1] }
                ? ", each on one day (UTC): what changed within that hour is in the difference"
                : "; the days differ: what changed from day to day is in the difference")
        return AnalysisWarning(.differentTimes, text)
    }
}

/// A run that was given and is in no figure of a comparison.
public struct LeftOutRun: Codable, Hashable, Sendable {
    /// The run.
    public var run: String
    /// `A` or `B`.
    public var side: String
    /// Why, in words.
    public var reason: String
}
