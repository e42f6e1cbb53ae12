import LatencyStatistics

/// Draws the verdicts of a comparison from the end-to-end medians: one for each pair of paths, and one over all of
/// them.
struct ComparisonJudge {
    private let comparison: RunComparison

    init(_ comparison: RunComparison) {
        self.comparison = comparison
    }

    /// The verdict over all pairs of paths, each of which has its own already.
    func judge() -> Verdict {
        var verdict = overall()
        verdict.details += general
        return verdict
    }

    private func overall() -> Verdict {
        let verdicts = comparison.paths.map(\.verdict)
        guard verdicts.count > 1 else {
            return verdicts.first ?? Verdict(.cannotSay, headline: "cannot say: there is nothing to compare")
        }
        if let reason = reasonAgainst { return refused(reason, verdicts.flatMap(\.details)) }
        let details = zip(comparison.paths, verdicts).flatMap { pair, verdict in
            ["\(verdict.headline)."] + verdict.details.map { "\(Self.name(pair)): \($0)" }
        }
        let answers = comparison.paths.map(Self.answer)
        let shared = Set(answers).count == 1 ? answers.first : nil
        let short = comparison.paths.map { "\(Self.name($0)) \(Self.short($0))" }.joined(separator: "; ")
        let number = comparison.paths.count == 2 ? "both paths" : "all \(comparison.paths.count) paths"
        switch shared {
        case .noDifference:
            return Verdict(.noDifferenceShown, headline: "no difference shown on \(number): \(short)", details: details)
        case .aSooner: return Verdict(.sooner, headline: "A is sooner than B on \(number): \(short)", details: details)
        case .bSooner: return Verdict(.sooner, headline: "B is sooner than A on \(number): \(short)", details: details)
        case .unknown: return Verdict(.cannotSay, headline: "cannot say on \(number)", details: details)
        case nil where answers.contains(.unknown):
            return Verdict(.pathsDiffer, headline: "not every path can be judged: \(short)", details: details)
        case nil:
            return Verdict(.pathsDiffer, headline: "the paths differ: \(short)", details: details)
        }
    }

    private enum Answer { case aSooner, bSooner, noDifference, unknown }

    private static func answer(_ pair: ComparedPaths) -> Answer {
        switch pair.verdict.kind {
        case .sooner: (pair.verdict.medianNs ?? 0) < 0 ? .bSooner : .aSooner
        case .noDifferenceShown: .noDifference
        case .cannotSay, .onePath, .pathsDiffer: .unknown
        }
    }

    /// A pair's answer in a few words.
    private static func short(_ pair: ComparedPaths) -> String {
        let range =
            pair.verdict.lowNs.flatMap { low in
                pair.verdict.highNs.map {
                    " (B - A \(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds($0)) ms)"
                }
            } ?? ""
        switch answer(pair) {
        case .aSooner: return "A sooner" + range
        case .bSooner: return "B sooner" + range
        case .noDifference: return "no difference shown" + range
        case .unknown: return "cannot say"
        }
    }

    /// The verdict of one pair of paths.
    func judge(_ pair: ComparedPaths) -> Verdict {
        let found = pair.figures.first { $0.metric == .endToEnd && $0.a.probability == 0.5 }
        let verdict =
            found.map { decide(pair, $0.difference) }
            ?? Verdict(
                .cannotSay,
                headline: "cannot say for \(Self.name(pair)): there is no end-to-end latency on both sides"
            )
        guard let reasonAgainst else { return verdict }
        return refused(
            reasonAgainst,
            ["Taken at its word, the result would be: \(verdict.headline)."] + verdict.details
        )
    }

    /// Why nothing can be concluded, whatever the figures are; nil when something can.
    private var reasonAgainst: String? {
        if !comparison.forcedPast.isEmpty { return "the runs are not comparable, and were compared by force" }
        return comparison.warnings.first(where: \.makesVerdictUnusable)?.text
    }

    private func refused(_ reason: String, _ details: [String]) -> Verdict {
        Verdict(.cannotSay, headline: "cannot say: \(reason)", details: details)
    }

    /// How long the runs of the side with the shorter ones are.
    private var secondsOfARun: Double {
        min(
            comparison.measuredSecondsA / Double(max(1, comparison.runsA.count)),
            comparison.measuredSecondsB / Double(max(1, comparison.runsB.count))
        )
    }

    /// What a pair of paths is called.
    static func name(_ pair: ComparedPaths) -> String {
        pair.pathA == pair.pathB ? pair.pathA : "A (\(pair.pathA)) and B (\(pair.pathB))"
    }

    private func decide(_ pair: ComparedPaths, _ median: QuantileInterval) -> Verdict {
        let (subject, a, b) = names(pair)
        let nothing = "\(subject)no difference shown" + (subject.isEmpty ? " between \(a) and \(b)" : "")
        guard let low = median.low, let high = median.high else {
            return Verdict(
                .cannotSay,
                headline: "cannot say for \(Self.name(pair)): the median difference has no 95 % interval: "
                    + (median.withheld ?? "it is not known") + VerdictJudge.advice(median, secondsOfARun)
            )
        }
        guard let clockNs = pair.clockNs else {
            return Verdict(
                .cannotSay,
                headline: "cannot say for \(Self.name(pair)): a receiver's clock bound is unknown"
            )
        }
        let range = "\(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms"
        var verdict: Verdict
        if !median.excludesZero {
            verdict = Verdict(
                .noDifferenceShown,
                headline: "\(nothing): B - A is \(Format.signedMilliseconds(median.value)) ms at the median, "
                    + "95 % interval \(range)"
            )
        } else if min(abs(low), abs(high)) <= clockNs {
            verdict = Verdict(
                .noDifferenceShown,
                headline: "\(nothing): B - A, \(range), is not beyond what the clocks allow, " + Format.time(clockNs)
            )
        } else {
            verdict = sooner(
                pair,
                median.value,
                evidence: "(B - A: 95 % interval \(range); clocks \(Format.time(clockNs)))"
            )
        }
        verdict.medianNs = median.value
        verdict.lowNs = low
        verdict.highNs = high
        verdict.details += details(pair)
        return verdict
    }

    /// What stands before a sentence about a pair of paths, and what its sides are called there.
    private func names(_ pair: ComparedPaths) -> (subject: String, a: String, b: String) {
        pair.pathA == pair.pathB
            ? ("\(pair.pathA): ", "A", "B") : ("", "A (\(pair.pathA))", "B (\(pair.pathB))")
    }

    /// One side is sooner, unless it may be its one connection's server that is.
    private func sooner(_ pair: ComparedPaths, _ medianNs: Double, evidence: String) -> Verdict {
        let (subject, a, b) = names(pair)
        var verdict = Verdict(
            .sooner,
            headline: "\(subject)\(medianNs < 0 ? b : a) is sooner than \(medianNs < 0 ? a : b) by "
                + "\(Format.milliseconds(abs(medianNs))) ms end to end at the median \(evidence)"
        )
        verdict.winner = medianNs < 0 ? pair.pathB : pair.pathA
        verdict.loser = medianNs < 0 ? pair.pathA : pair.pathB
        // The interval of one run holds what its connections differ by; that of one connection knows nothing of it.
        guard comparison.runsA.count == 1, comparison.runsB.count == 1, min(pair.lanesA, pair.lanesB) < 2 else {
            return verdict
        }
        let isBoth = max(pair.lanesA, pair.lanesB) < 2
        return Verdict(
            .cannotSay,
            headline: "cannot say for \(Self.name(pair)): with one run a side and one connection in "
                + (isBoth ? "each" : pair.lanesA < 2 ? "A" : "B")
                + ", the exchange's servers may make the difference",
            details: ["Between these connections: \(verdict.headline)."]
        )
    }

    private func details(_ pair: ComparedPaths) -> [String] {
        var lines: [String] = []
        if let p99 = pair.figures.first(where: { $0.metric == .endToEnd && $0.a.probability == 0.99 }) {
            lines.append(
                "At p99: A \(Format.milliseconds(p99.a.value)) ms, B \(Format.milliseconds(p99.b.value)) ms, "
                    + "B - A \(Format.signedMilliseconds(p99.difference.value)) ms"
                    + (p99.difference.withheld.map { " (no interval: \($0))." }
                        ?? " (95 % interval \(Format.signedMilliseconds(p99.difference.low)) to "
                        + "\(Format.signedMilliseconds(p99.difference.high)) ms).")
            )
        }
        if let summary = pair.summaries.first(where: { $0.metric == .endToEnd }) {
            lines.append(
                "A delay of B is below one of A in \(Format.fixed(100 * summary.shareBSooner, 1)) % of pairs of samples; the "
                    + "distributions are \(Format.fixed(summary.distance, 3)) apart (Kolmogorov-Smirnov)."
            )
            if let ranks = summary.runRanks, let probability = ranks.probability {
                lines.append(
                    "By the ranks of the runs' medians (Mann-Whitney), chance alone does this with probability "
                        + "\(Format.fixed(probability, 3))."
                )
            }
        }
        if comparison.runsA.count > 1 || comparison.runsB.count > 1 {
            lines.append(
                "Runs are the unit of the interval: \(pair.runsA) in A, \(pair.runsB) in B"
                    + (pair.isMatched ? ", of which \(pair.runsA) pairs were matched by the hour of the day." : ".")
            )
        }
        return lines
    }

    /// What holds for all paths.
    private var general: [String] {
        let why =
            comparison.paths.contains { !$0.isMatched }
            ? "The runs were taken at different times: time of day is confounded." : "The runs were not taken at once."
        return [why + " Measure both at once to pair events."]
    }
}
