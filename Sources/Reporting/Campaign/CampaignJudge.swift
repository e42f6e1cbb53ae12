import ExperimentModel
import LatencyStatistics

/// Draws the verdict of a campaign from its runs' median differences.
struct CampaignJudge {
    private let analysis: CampaignAnalysis

    init(_ analysis: CampaignAnalysis) {
        self.analysis = analysis
    }

    func judge() -> Verdict {
        var verdict = decide()
        verdict.details += details()
        return verdict
    }

    private func decide() -> Verdict {
        guard analysis.points.contains(where: \.isCounted) else {
            return Verdict(
                .cannotSay,
                headline: analysis.outcome == .running && analysis.count(.pending) > 0
                    ? "cannot say yet: no run is finished" : "cannot say: no run can be used"
            )
        }
        guard analysis.paths.count > 1 else { return onePath() }
        guard let difference = analysis.difference, let median = difference.median else {
            return Verdict(.cannotSay, headline: "cannot say: no run has a difference between the paths")
        }
        guard difference.runs > 1, let low = median.low, let high = median.high else {
            let value = Format.signedMilliseconds(median.value)
            return Verdict(
                .cannotSay,
                headline: "cannot say: one run of a campaign is no campaign (its median Δ is \(value) ms)"
            )
        }
        var verdict = decide(difference, median, low, high)
        verdict.medianNs = median.value
        verdict.lowNs = low
        verdict.highNs = high
        return verdict
    }

    private func decide(
        _ difference: CampaignDifference,
        _ median: QuantileInterval,
        _ low: Double,
        _ high: Double
    ) -> Verdict {
        let range = "95 % interval \(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms"
        let over = "over \(Format.plural(difference.runs, "run"))"
        guard median.excludesZero else {
            return Verdict(
                .noDifferenceShown,
                headline:
                    "no difference shown \(over): Δ is \(Format.signedMilliseconds(median.value)) ms at the median, "
                    + range
            )
        }
        guard let clockNs = difference.clockNs else {
            return Verdict(.cannotSay, headline: "cannot say: a clock bound is unknown, and Δ is not paired")
        }
        guard min(abs(low), abs(high)) > clockNs else {
            return Verdict(
                .noDifferenceShown,
                headline: "no difference shown \(over): Δ, \(range), is not beyond what the clocks allow, "
                    + Format.time(clockNs)
            )
        }
        let isOther = median.value < 0
        var verdict = Verdict(
            .sooner,
            headline: "\(isOther ? difference.other : difference.baseline) is sooner than "
                + "\(isOther ? difference.baseline : difference.other) by \(Format.milliseconds(abs(median.value))) ms at the "
                + "median \(over) (Δ: \(range))"
        )
        verdict.winner = isOther ? difference.other : difference.baseline
        verdict.loser = isOther ? difference.baseline : difference.other
        return verdict
    }

    private func onePath() -> Verdict {
        guard let path = analysis.paths.first, let median = path.median else {
            return Verdict(.onePath, headline: "one path only, without end-to-end latency")
        }
        let interval = median.low.flatMap { low in
            median.high.map { ", 95 % interval \(Format.milliseconds(low)) to \(Format.milliseconds($0)) ms" }
        }
        return Verdict(
            .onePath,
            headline: "\(path.name): median \(Format.milliseconds(median.value)) ms end to end over "
                + Format.plural(path.runs, "run") + (interval ?? "")
        )
    }

    private func details() -> [String] {
        var lines: [String] = []
        if let difference = analysis.difference, difference.runs > 1 {
            lines.append(
                "\(difference.other) was sooner in \(difference.otherSooner) of \(Format.plural(difference.runs, "run")), "
                    + "\(difference.baseline) in \(difference.baselineSooner); runs' medians go from "
                    + "\(Format.signedMilliseconds(difference.leastNs)) to \(Format.signedMilliseconds(difference.mostNs)) ms."
            )
            if let tail = tail(difference) { lines.append(tail) }
        }
        let drift = analysis.difference?.drift ?? (analysis.paths.count == 1 ? analysis.paths.first?.drift : nil)
        if let drift { lines.append(Self.text(drift)) }
        let left = [
            (CampaignSlot.State.cutShort, "cut short"), (.missed, "missed"), (.failed, "failed"),
            (.pending, "still to come"),
        ]
        .compactMap { state, word in analysis.count(state) > 0 ? "\(analysis.count(state)) \(word)" : nil }
        if !left.isEmpty {
            lines.append("Of \(Format.plural(analysis.points.count, "slot")), \(left.joined(separator: ", ")).")
        }
        return lines
    }

    /// The paths' 99th percentiles, as a single run has them.
    private func tail(_ difference: CampaignDifference) -> String? {
        let paths = [difference.other, difference.baseline].map { name in analysis.paths.first { $0.name == name } }
        guard let p99 = difference.p99, let other = paths[0]?.p99, let baseline = paths[1]?.p99 else { return nil }
        return VerdictJudge.tail(
            p99,
            (difference.baseline, difference.other),
            otherNs: other.value,
            baselineNs: baseline.value,
            fewest: paths.compactMap { $0?.samples }.min() ?? 0,
            over: ", mean of the runs"
        )
    }

    static func text(_ drift: LinearTrend) -> String {
        let size =
            "\(Format.signedMilliseconds(drift.slope)) ms an hour (95 % interval "
            + "\(Format.signedMilliseconds(drift.low)) to \(Format.signedMilliseconds(drift.high)) ms)"
        return drift.excludesZero ? "It drifts: \(size)." : "No drift shown: \(size)."
    }
}
