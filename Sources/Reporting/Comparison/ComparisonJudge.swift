import LatencyStatistics

/// Draws the verdict of a comparison from the end-to-end medians of its first pair of paths.
struct ComparisonJudge {
    private let comparison: RunComparison

    init(_ comparison: RunComparison) {
        self.comparison = comparison
    }

    func judge() -> Verdict {
        guard
            let pair = comparison.paths.first,
            let median = pair.figures.first(where: { $0.metric == .endToEnd && $0.a.probability == 0.5 })
        else {
            return Verdict(.cannotSay, headline: "cannot say: there is no end-to-end latency on both sides")
        }
        var verdict = decide(pair, median.difference)
        if !comparison.forcedPast.isEmpty {
            verdict = Verdict(
                .cannotSay,
                headline: "cannot say: the runs are not comparable, and were compared by force",
                details: ["Taken at its word, the result would be: \(verdict.headline)."] + verdict.details
            )
        }
        return verdict
    }

    private func decide(_ pair: ComparedPaths, _ median: QuantileInterval) -> Verdict {
        let a = "A (\(pair.pathA))"
        let b = "B (\(pair.pathB))"
        guard let low = median.low, let high = median.high else {
            return Verdict(.cannotSay, headline: "cannot say: the interval \(median.withheld ?? "is not known")")
        }
        guard let clockNs = pair.clockNs else {
            return Verdict(.cannotSay, headline: "cannot say: a receiver's clock bound is unknown")
        }
        let range = "\(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms"
        let size = Format.milliseconds(abs(median.value))
        var verdict: Verdict
        if !median.excludesZero {
            verdict = Verdict(
                .noDifferenceShown,
                headline: "no difference shown: B - A is \(Format.signedMilliseconds(median.value)) ms at the median, "
                    + "95 % interval \(range)"
            )
        } else if min(abs(low), abs(high)) <= clockNs {
            verdict = Verdict(
                .noDifferenceShown,
                headline: "no difference shown: B - A, \(range), is not beyond what the clocks allow, "
                    + Format.time(clockNs)
            )
        } else {
            verdict = Verdict(
                .sooner,
                headline:
                    "\(median.value < 0 ? b : a) is sooner than \(median.value < 0 ? a : b) by \(size) ms end to end "
                    + "at the median (B - A: 95 % interval \(range); clocks \(Format.time(clockNs)))"
            )
            verdict.winner = median.value < 0 ? pair.pathB : pair.pathA
            verdict.loser = median.value < 0 ? pair.pathA : pair.pathB
            if comparison.runsA.count == 1, comparison.runsB.count == 1, pair.lanesA < 2, pair.lanesB < 2 {
                verdict = Verdict(
                    .cannotSay,
                    headline: "cannot say: with one run and one connection a side, the exchange's servers may make the "
                        + "difference",
                    details: ["Between these two connections: \(verdict.headline)."]
                )
            }
        }
        verdict.medianNs = median.value
        verdict.lowNs = low
        verdict.highNs = high
        verdict.details += details(pair)
        return verdict
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
                "Runs are the unit of the interval: \(comparison.runsA.count) in A, \(comparison.runsB.count) in B"
                    + (comparison.matching.map {
                        ", of which \($0.pairs.count) pairs were matched by the hour of the day."
                    } ?? ".")
            )
        }
        lines.append(
            "The runs were taken at different times: time of day is confounded. Measure both at once to pair events."
        )
        return lines
    }
}
