import ExperimentModel
import LatencyStatistics

/// Computes the figures over all runs of a campaign from those of each run.
public enum CampaignAnalyzer {
    /// The figures of a campaign.
    ///
    /// - Parameters:
    ///   - record: the manifest.
    ///   - runs: the analysis of each slot's run, by the slot's number; what is missing has no figures.
    public static func analyze(_ record: CampaignRecord, runs: [Int: RunAnalysis]) -> CampaignAnalysis {
        let plannedSeconds = plannedSeconds(record.experiment)
        let points = record.slots.map { point($0, runs[$0.number], plannedSeconds) }
        let counted = points.filter(\.isCounted)
        let experiment = record.experiment
        var analysis = CampaignAnalysis(
            format: CampaignAnalysis.currentFormat,
            campaignID: record.id,
            version: LatexpVersion.text,
            beganSeconds: record.beganSeconds,
            outcome: record.outcome,
            isDetached: record.isDetached,
            everySeconds: record.every.seconds,
            seed: record.seed,
            market: experiment.feed.market,
            streams: experiment.feed.streams,
            receiver: experiment.receiver,
            mode: experiment.schedule.mode,
            lanesPerPath: experiment.schedule.lanesPerPath,
            plannedSeconds: plannedSeconds,
            isLab: experiment.isSimulated || runs.values.contains { $0.isLab },
            verdict: Verdict(.cannotSay, headline: ""),
            difference: difference(counted, runs, experiment),
            paths: experiment.paths.map { path($0.name, points) },
            points: points,
            hosts: CampaignHost.all(of: record.slots.compactMap { runs[$0.number] }),
            warnings: []
        )
        analysis.warnings = CampaignWarnings.collect(analysis, record)
        analysis.verdict = despiteMissing(CampaignJudge(analysis).judge(), counted, runs)
        return analysis
    }

    /// What a run's verdict does not survive, those of many do not either: events that never came and may have been late.
    private static func despiteMissing(
        _ verdict: Verdict,
        _ counted: [CampaignPoint],
        _ runs: [Int: RunAnalysis]
    ) -> Verdict {
        guard verdict.kind == .sooner, let winner = verdict.winner else { return verdict }
        let judged = counted.compactMap { point in
            runs[point.slot].flatMap { run in run.differences.first.map { (run: run, difference: $0) } }
        }
        let undone = judged.count { VerdictJudge.missingThatUndoes(winner, $0.difference, $0.run) != nil }
        guard 2 * undone > judged.count else { return verdict }
        return Verdict(
            .cannotSay,
            headline:
                "cannot say: in \(undone) of \(Format.plural(judged.count, "run")) so many events never came on \(winner) that "
                + "it would not be the sooner one were these late",
            details: ["Of the events that came on both: \(verdict.headline)."] + verdict.details
        )
    }

    // MARK: One run

    /// A run that measured less than this share of its time does not count.
    static let leastShare = 0.5
    /// Blocks are cut to whole nanoseconds.
    private static let wholeShare = 0.9999

    /// What a whole run measures: each path has the experiment's time, at once or one after the other.
    private static func plannedSeconds(_ experiment: Experiment) -> Double {
        let turns = experiment.schedule.mode == .sequential ? max(1, experiment.paths.count) : 1
        return experiment.schedule.duration.seconds * Double(turns)
    }

    private static func point(_ slot: CampaignSlot, _ run: RunAnalysis?, _ plannedSeconds: Double) -> CampaignPoint {
        let (median, p99) = run.map(differences) ?? (nil, nil)
        let isUsable = run.map { run in !run.warnings.contains { $0.makesVerdictUnusable && !isOwn($0.code) } } ?? false
        let share = run.map { plannedSeconds > 0 ? $0.measuredSeconds / plannedSeconds : 1 } ?? 0
        let isCut = slot.state == .cutShort || (slot.state == .done && run != nil && share < wholeShare)
        return CampaignPoint(
            slot: slot.number,
            plannedSeconds: slot.plannedSeconds,
            state: isCut ? .cutShort : slot.state,
            reason: isCut ? run.map { cutShort($0, of: plannedSeconds, share) } ?? slot.reason : slot.reason,
            measuredSeconds: run?.measuredSeconds,
            run: slot.run,
            beganSeconds: slot.beganSeconds,
            verdict: run?.verdict.headline,
            isCounted: slot.isMeasured && isUsable && (!isCut || share >= leastShare),
            difference: median,
            differenceP99: p99,
            paths: run.map { $0.paths.map(pathPoint) } ?? [],
            warnings: run?.warningsShown.count ?? 0
        )
    }

    private static func cutShort(_ run: RunAnalysis, of plannedSeconds: Double, _ share: Double) -> String {
        "it measured \(Format.duration(run.measuredSeconds)) of \(Format.duration(plannedSeconds))"
            + (share < leastShare ? ", less than half of its time: not counted" : "")
    }

    /// Whether a warning keeps a run from a verdict of its own and not from being one of many: what one run has too
    /// little of, many have together.
    private static func isOwn(_ code: AnalysisWarning.Code) -> Bool {
        [.tooFewSamples, .longDependence, .oneLane, .onePath, .lanesDisagree].contains(code)
    }

    /// The difference that a run's verdict is about, at the median, and that of the paths' 99th percentiles.
    ///
    /// The 99th percentile of paired differences is another figure: it tells of the events at which the second path was
    /// latest, and may be above zero where its own tail is the shorter one.
    private static func differences(_ run: RunAnalysis) -> (QuantileInterval?, QuantileInterval?) {
        let all = run.mode == .simultaneous ? run.differences.first?.quantilesNs ?? [] : run.endToEndDifferencesNs
        return (
            all.first { $0.probability == 0.5 }, run.endToEndDifferencesNs.first { $0.probability == 0.99 }
        )
    }

    private static func pathPoint(_ path: PathAnalysis) -> CampaignPathPoint {
        let metric = path.metric(.endToEnd)
        return CampaignPathPoint(
            name: path.name,
            samples: path.samples,
            eventsLost: path.eventsLost,
            median: metric?.quantile(0.5),
            p99: metric?.quantile(0.99),
            clockNs: metric?.bound.clockNs
        )
    }

    // MARK: All runs

    private static func path(_ name: String, _ points: [CampaignPoint]) -> CampaignPath {
        let counted = points.filter(\.isCounted).compactMap { point in
            point.paths.first { $0.name == name }.map { (point, $0) }
        }
        let losses = counted.compactMap(\.1.eventsLost)
        let medians = counted.compactMap(\.1.median)
        return CampaignPath(
            name: name,
            runs: medians.count,
            samples: counted.reduce(0) { $0 + $1.1.samples },
            eventsLost: losses.isEmpty ? nil : losses.reduce(0, +),
            median: UnitComparison.mean(medians),
            p99: UnitComparison.mean(counted.compactMap(\.1.p99)),
            drift: drift(counted.compactMap { point, path in path.median.map { (point.atSeconds, $0.value) } })
        )
    }

    private static func difference(
        _ counted: [CampaignPoint],
        _ runs: [Int: RunAnalysis],
        _ experiment: Experiment
    ) -> CampaignDifference? {
        let usable = counted.compactMap { point in point.difference.map { (point, $0) } }
        let values = usable.map(\.1.value)
        guard let least = values.min(), let most = values.max(), let names = names(usable.first?.0, runs, experiment)
        else { return nil }
        let isPaired = experiment.schedule.mode == .simultaneous
        return CampaignDifference(
            baseline: names.baseline,
            other: names.other,
            isPaired: isPaired,
            runs: usable.count,
            median: UnitComparison.mean(usable.map(\.1)),
            p99: UnitComparison.mean(usable.compactMap(\.0.differenceP99)),
            leastNs: least,
            mostNs: most,
            otherSooner: values.count { $0 < 0 },
            baselineSooner: values.count { $0 > 0 },
            drift: drift(usable.map { ($0.0.atSeconds, $0.1.value) }),
            neighbourCorrelation: LinearTrend.neighbourCorrelation(values),
            hours: hours(usable),
            clockNs: isPaired ? 0 : clock(usable.map(\.0), [names.baseline, names.other])
        )
    }

    private static func names(
        _ point: CampaignPoint?,
        _ runs: [Int: RunAnalysis],
        _ experiment: Experiment
    ) -> (baseline: String, other: String)? {
        if let point, let found = runs[point.slot]?.differences.first { return (found.baseline, found.other) }
        guard experiment.paths.count > 1 else { return nil }
        return (experiment.paths[0].name, experiment.paths[1].name)
    }

    /// What the clocks may add when the two paths were measured one after the other: both figures' bounds, the worst of
    /// any run.
    private static func clock(_ points: [CampaignPoint], _ names: [String]) -> Double? {
        let bounds = points.map { point -> Double? in
            let found = names.map { name in point.paths.first { $0.name == name }?.clockNs ?? nil }
            return found.contains { $0 == nil } ? nil : found.compactMap { $0 }.reduce(0, +)
        }
        return bounds.contains { $0 == nil } ? nil : bounds.compactMap { $0 }.max()
    }

    /// What changes within less than this is no drift, seconds.
    private static let shortestDrift = 900.0

    private static func drift(_ values: [(seconds: Double, ns: Double)]) -> LinearTrend? {
        guard let first = values.first?.seconds, let last = values.last?.seconds, last - first >= shortestDrift else {
            return nil
        }
        return LinearTrend(values.map { (x: ($0.seconds - first) / 3_600, y: $0.ns) })
    }

    private static func hours(_ usable: [(CampaignPoint, QuantileInterval)]) -> [CampaignHour] {
        let groups = Dictionary(grouping: usable) { Int($0.0.hourOfDay) }
        return groups.sorted { $0.key < $1.key }.compactMap { hour, runs in
            let values = runs.map(\.1.value)
            guard let median = UnitComparison.mean(runs.map(\.1)), let least = values.min(), let most = values.max()
            else { return nil }
            return CampaignHour(hour: hour, runs: runs.count, median: median, leastNs: least, mostNs: most)
        }
    }
}
