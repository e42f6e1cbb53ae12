import ExperimentModel
import LatencyStatistics

/// Draws the verdict from an analysis: a difference is claimed only when its interval excludes zero, and that interval
/// holds what connections of the same path differ by.
struct VerdictJudge {
    private let analysis: RunAnalysis
    private let outages: [PathOutages]

    /// - Parameter outages: the analysis's, where they are known already.
    init(_ analysis: RunAnalysis, outages: [PathOutages]? = nil) {
        self.analysis = analysis
        self.outages = outages ?? PathOutages.all(of: analysis)
    }

    func judge() -> Verdict {
        let unusable = analysis.warnings.filter(\.makesVerdictUnusable)
        if let first = unusable.first {
            return Verdict(
                .cannotSay,
                headline: "cannot say: \(first.text)",
                details: whyWithheld() + unusable.dropFirst().map(\.text) + observed()
                    // What one pair of paths is too short for may be plain for another; what is damaged is so for all.
                    + (unusable.allSatisfy { $0.code == .tooFewSamples } ? others() : [])
            )
        }
        guard analysis.paths.count > 1 else { return onePath() }
        return analysis.mode == .simultaneous ? paired() : sequential()
    }

    private func onePath() -> Verdict {
        let name = analysis.paths.first?.name ?? "?"
        let withheld = analysis.paths.first?.withheld?.first
        let shown =
            analysis.paths.first?.metric(.endToEnd) ?? (withheld == nil ? analysis.paths.first?.metrics.first : nil)
        var headline = "one path only (\(name)): use `latexp compare` for a verdict"
        if let withheld {
            headline = "one path only (\(name)): \(withheld.metric.title) \(withheld.reason)"
        }
        if let shown {
            headline =
                "\(name): median \(Format.milliseconds(shown.summaryNs.median)) ms \(shown.metric.title), "
                + "p99 \(Format.milliseconds(shown.summaryNs.p99)) ms"
        }
        return Verdict(.onePath, headline: headline, details: ["One path only: use `latexp compare` for a verdict."])
    }

    private func paired() -> Verdict {
        guard let difference = analysis.differences.first, let median = difference.median else {
            return Verdict(.cannotSay, headline: "cannot say: no event was seen on both paths")
        }
        guard let low = median.low, let high = median.high else {
            return Verdict(
                .cannotSay,
                headline:
                    "cannot say: \(withoutInterval(median, [difference.baseline, difference.other]))"
            )
        }
        var verdict = decide(
            baseline: difference.baseline,
            other: difference.other,
            median: median,
            doubtNs: nil,
            doubt: ""
        )
        verdict.lowNs = low
        verdict.highNs = high
        verdict.details = observed() + others()
        return withoutLanes(despiteMissing(verdict, difference), [difference.baseline, difference.other])
    }

    /// Events that never came are in no difference, and they may be those that would have come late: a path is not
    /// called sooner when it would not be with all of them later (the worst case of Horowitz and Manski,
    /// "Identification and robustness with contaminated and corrupted data", 1995).
    private func despiteMissing(_ verdict: Verdict, _ difference: DifferenceAnalysis) -> Verdict {
        guard verdict.kind == .sooner, let winner = verdict.winner, let loser = verdict.loser,
            let share = Self.missingThatUndoes(winner, difference, analysis)
        else { return verdict }
        return Verdict(
            .cannotSay,
            headline:
                "cannot say: a connection of \(winner) did not bring \(share) of the events that came on \(loser), and were "
                + "these late it would not be the sooner one",
            details: ["Of the events that came on both: \(verdict.headline)."] + verdict.details
        )
    }

    /// What share of the events a connection of the sooner path did not bring, when the path would not be the sooner one
    /// with these late; nil when it would.
    static func missingThatUndoes(
        _ winner: String,
        _ difference: DifferenceAnalysis,
        _ analysis: RunAnalysis
    ) -> String? {
        let isOther = winner == difference.other
        let missing = (isOther ? difference.unmatchedBaseline : difference.unmatchedOther).missing
        let whole = difference.pairs + missing
        let lanes = (analysis.path(winner)?.lanes ?? []).filter { $0.samples > 0 }
        // What one of the path's connections missed another may have brought.
        let missed = lanes.reduce(0) { $0 + ($1.missed ?? 0) } / max(1, lanes.count)
        let negative = Double(difference.summaryNs.negative) / Double(max(1, difference.summaryNs.count))
        let sooner = (isOther ? negative : 1 - negative) * Double(max(0, difference.pairs - missed))
        guard missing + missed > 0, sooner <= Double(whole) / 2 else { return nil }
        return Format.percent(min(whole, missing + missed), of: whole)
    }

    /// Why a median difference has no interval, and how long a run would have one; of paths that failed, only that.
    func withoutInterval(_ median: QuantileInterval, _ paths: [String]) -> String {
        if median.cause == .dependence, let outage = outage(of: paths) {
            return "\(outage): so the interval of the median difference is withheld, not the figure itself "
                + "(\(Format.signedMilliseconds(median.value)) ms)"
        }
        return Self.withoutInterval(median, analysis.measuredSeconds)
    }

    /// The same of paths that did not fail.
    static func withoutInterval(_ median: QuantileInterval, _ seconds: Double) -> String {
        "the median difference has no 95 % interval: \(median.withheld ?? "it is not known")" + advice(median, seconds)
    }

    /// Which of the paths lost connections, and when; nil when none did.
    func outage(of paths: [String]) -> String? {
        let found = outages.filter { paths.contains($0.path) }.map(\.brief)
        return found.isEmpty ? nil : found.joined(separator: " and ")
    }

    /// What statistics say to an interval that was withheld for an outage's sake.
    private func whyWithheld() -> [String] {
        guard let difference = analysis.differences.first, let median = difference.median, let reason = median.withheld,
            median.cause == .dependence, outage(of: [difference.baseline, difference.other]) != nil
        else { return [] }
        return ["No interval: \(reason)\(Self.advice(median, analysis.measuredSeconds))."]
    }

    /// How long one would have to measure; empty where that is not known.
    static func advice(_ interval: QuantileInterval, _ seconds: Double) -> String {
        guard let times = interval.lengthening, times > 1, seconds > 0, times * seconds < 1e9 else { return "" }
        // To the next minute, or second: it is an estimate.
        let unit = times * seconds < 120 ? 1.0 : 60
        let wanted = (times * seconds / unit).rounded(.up) * unit
        return "; a run of \(Format.duration(wanted)) or more would do, not of \(Format.duration(seconds))"
    }

    /// Each further path against the baseline, a line each: the verdict is of the first of them.
    private func others() -> [String] {
        guard analysis.paths.count > 2, let names = analysis.comparedNames else { return [] }
        let rest = analysis.paths.map(\.name).filter { $0 != names.baseline && $0 != names.other }
        return rest.map { name in
            guard let median = median(of: name, against: names.baseline) else {
                return "\(name) against \(names.baseline): cannot say, they have nothing in common to be compared by."
            }
            guard median.low != nil else {
                return "\(name) against \(names.baseline): cannot say, "
                    + "\(withoutInterval(median, [names.baseline, name]))."
            }
            let clockNs = analysis.mode == .sequential ? analysis.clockBetweenBlocksNs(names.baseline) ?? 0 : nil
            return decide(
                baseline: names.baseline,
                other: name,
                median: median,
                doubtNs: clockNs,
                doubt: "what the receiver's clock may have moved between blocks, \(Format.time(clockNs))"
            ).headline + "."
        }
    }

    private func median(of other: String, against baseline: String) -> QuantileInterval? {
        guard analysis.mode == .sequential else {
            return analysis.differences.first { $0.baseline == baseline && $0.other == other }?.median
        }
        guard let first = analysis.path(baseline)?.metric(.endToEnd)?.quantile(0.5),
            let second = analysis.path(other)?.metric(.endToEnd)?.quantile(0.5)
        else { return nil }
        return QuantileInterval(difference: first, second)
    }

    private func sequential() -> Verdict {
        guard
            let median = analysis.endToEndDifferencesNs.first(where: { $0.probability == 0.5 }),
            let names = analysis.comparedNames
        else {
            return Verdict(
                .cannotSay,
                headline: "cannot say: paths measured one after the other can only be compared by end-to-end latency, "
                    + "and there is none"
            )
        }
        guard median.low != nil else {
            return Verdict(
                .cannotSay,
                headline: "cannot say: \(withoutInterval(median, [names.baseline, names.other]))"
            )
        }
        let clockNs = analysis.clockBetweenBlocksNs(names.baseline) ?? 0
        var verdict = decide(
            baseline: names.baseline,
            other: names.other,
            median: median,
            doubtNs: clockNs,
            doubt: "what the receiver's clock may have moved between blocks, \(Format.time(clockNs))"
        )
        verdict.details =
            ["The paths were measured one after the other: events are not paired, and the time of day differs."]
            + observed() + others()
        return withoutLanes(verdict, [names.baseline, names.other])
    }

    /// With one connection a path nothing tells the paths from the exchange's servers that they happened to meet.
    private func withoutLanes(_ verdict: Verdict, _ paths: [String]) -> Verdict {
        let lanes = paths.compactMap { analysis.path($0)?.lanes.count { $0.samples > 0 } }
        // Of pairs of events the path with several connections says what the other's one may differ by. Of figures that
        // are each a path's own nothing does.
        let fewest = (analysis.mode == .simultaneous ? lanes.max() : lanes.min()) ?? 0
        guard verdict.kind == .sooner, fewest < 2 || areOneServerEach(paths) else { return verdict }
        let what =
            fewest > 1
            ? "all connections of a path at one address of the exchange, another on each path"
            : "one connection \(lanes.allSatisfy { $0 < 2 } ? "a path" : "on a path")"
        var doubtful = Verdict(
            .cannotSay,
            headline: "cannot say: with \(what), the exchange's servers may make the difference",
            details: ["Between these connections: \(verdict.headline)."] + verdict.details
        )
        doubtful.medianNs = verdict.medianNs
        doubtful.lowNs = verdict.lowNs
        doubtful.highNs = verdict.highNs
        return doubtful
    }

    /// Whether each path has met one address of the exchange only, and not the same one: several connections then say no
    /// more of servers than one does.
    ///
    /// A simulated world has one exchange, at whatever address of this machine.
    private func areOneServerEach(_ paths: [String]) -> Bool {
        let servers = paths.map { Set(analysis.path($0)?.lanes.flatMap(\.endpoints) ?? []) }
        return !analysis.isLab && servers.allSatisfy { $0.count == 1 } && Set(servers).count > 1
    }

    private func decide(
        baseline: String,
        other: String,
        median: QuantileInterval,
        doubtNs: Double?,
        doubt: String
    ) -> Verdict {
        let size = Format.milliseconds(abs(median.value))
        let range = Self.range(median)
        var verdict: Verdict
        if !median.excludesZero {
            verdict = Verdict(
                .noDifferenceShown,
                headline:
                    "no difference shown between \(baseline) and \(other): the median difference is \(size) ms and "
                    + "its 95 % interval \(range) holds zero"
            )
        } else if let doubtNs, min(abs(median.low ?? 0), abs(median.high ?? 0)) <= doubtNs {
            // The doubt comes to the interval: its end that is nearer to zero has to be beyond it.
            verdict = Verdict(
                .noDifferenceShown,
                headline:
                    "no difference shown between \(baseline) and \(other): the median difference of \(size) ms "
                    + "(95 % interval \(range)) is not beyond \(doubt)"
            )
        } else {
            let winner = median.value < 0 ? other : baseline
            let loser = median.value < 0 ? baseline : other
            verdict = Verdict(
                .sooner,
                headline: "\(winner) is sooner than \(loser) by \(size) ms at the median (95 % interval \(range))"
            )
            verdict.winner = winner
            verdict.loser = loser
        }
        verdict.medianNs = median.value
        verdict.lowNs = median.low
        verdict.highNs = median.high
        return verdict
    }

    /// The interval of a difference's size, smaller end first.
    private static func range(_ interval: QuantileInterval, isSigned: Bool = false) -> String {
        guard let low = interval.low, let high = interval.high else { return "unknown" }
        guard !isSigned else { return "\(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms" }
        let flips = interval.value < 0 && high < 0
        let ends = flips ? (-high, -low) : (low, high)
        return "\(Format.milliseconds(ends.0)) to \(Format.milliseconds(ends.1)) ms"
    }

    private var lanesAreKnown: Bool { analysis.paths.contains { $0.lanes.count { $0.samples > 0 } > 1 } }

    /// What was seen, whatever the answer: shares, tails, gain, noise.
    private func observed() -> [String] {
        var lines: [String] = []
        if let tail = tail() { lines.append(tail) }
        if let difference = analysis.differences.first {
            let pairs = difference.pairs
            let shares = Format.percents(difference.otherFirst, difference.baselineFirst, of: pairs)
            lines.append(
                "\(difference.other) brought \(shares.0) of the \(Format.count(pairs)) events that came on both paths first, "
                    + "\(difference.baseline) \(shares.1); both at one receiver, on one clock."
            )
        }
        if let floorNs = analysis.differences.first?.median?.leastDetectable, lanesAreKnown {
            lines.append(
                "Noise floor: with these lanes and this time, a true difference of \(Format.time(floorNs)) is found nine times "
                    + "in ten, a smaller one less often."
            )
        }
        return lines
    }

    private func tail() -> String? {
        guard let p99 = analysis.endToEndDifferencesNs.first(where: { $0.probability == 0.99 }),
            let names = analysis.comparedNames,
            let baseline = analysis.path(names.baseline)?.metric(.endToEnd),
            let other = analysis.path(names.other)?.metric(.endToEnd)
        else { return nil }
        return Self.tail(
            p99,
            names,
            otherNs: other.summaryNs.p99,
            baselineNs: baseline.summaryNs.p99,
            fewest: min(other.summaryNs.count, baseline.summaryNs.count)
        )
    }

    /// The difference of two paths' 99th percentiles in words.
    ///
    /// - Parameter fewest: the samples of the path that has fewer.
    static func tail(
        _ p99: QuantileInterval,
        _ names: (baseline: String, other: String),
        otherNs: Double,
        baselineNs: Double,
        fewest: Int,
        over: String = ""
    ) -> String {
        // Of fewer than a hundred samples it is an extreme, which grows with their number.
        guard fewest >= 100 else {
            return "At p99 nothing is known: \(Format.plural(fewest, "sample")) are too few to have one."
        }
        let lead =
            "At p99, end to end\(over): \(names.other) \(Format.milliseconds(otherNs)) ms, \(names.baseline) "
            + "\(Format.milliseconds(baselineNs)) ms: "
        let value = Format.signedMilliseconds(p99.value)
        guard p99.low != nil else {
            let reason = p99.cause == .tooFewSamples ? p99.withheld.map { ": \($0)" } ?? "" : ""
            return lead + "no difference shown (\(value) ms; its interval is withheld\(reason))."
        }
        guard p99.excludesZero else {
            return lead + "no difference shown (\(value) ms, 95 % interval \(range(p99, isSigned: true)))."
        }
        return lead + "\(Format.milliseconds(abs(p99.value))) ms \(p99.value < 0 ? "sooner" : "later") "
            + "(95 % interval \(range(p99)))."
    }
}
