import ExperimentModel
import LatencyStatistics

/// Looks through a run for what its reader should know.
struct WarningCollector {
    let data: RunData
    let layout: RunLayout
    /// Records that hold what no run can have.
    let damaged: Int
    /// Where connections went.
    let endpoints: [EndpointChecks.Endpoint]
    let outages: [PathOutages]
    let analysis: RunAnalysis

    func collect() -> [AnalysisWarning] {
        // What makes the verdict unusable comes first.
        let all =
            BrokenOff.warnings(data) + StandstillCheck.warnings(data) + completeness() + accounts() + clocks()
            + delays() + statistics() + design()
        let unusable = all.filter(\.makesVerdictUnusable)
        let rest = all.filter { !$0.makesVerdictUnusable }
        // Then what failed in the measured time.
        return unusable + rest.filter { Self.isFailure($0.code) } + rest.filter { !Self.isFailure($0.code) }
    }

    private static func isFailure(_ code: AnalysisWarning.Code) -> Bool {
        [.runIncomplete, .stoodStill, .eventsMissing, .reconnected, .stalled].contains(code)
    }

    private func completeness() -> [AnalysisWarning] {
        var warnings: [AnalysisWarning] = []
        if layout.windows.isEmpty {
            warnings.append(
                .init(.tooFewSamples, "the measured window never began; the phases say why", makesVerdictUnusable: true)
            )
        }
        let silent = analysis.paths.filter { $0.samples == 0 }.map(\.name)
        if !layout.windows.isEmpty, !silent.isEmpty {
            let text = "no sample inside the window on \(silent.joined(separator: ", "))"
            warnings.append(.init(.tooFewSamples, text, makesVerdictUnusable: true))
        }
        if let text = cutShort() { warnings.append(.init(.runIncomplete, text)) }
        if data.record.outcome == .failed {
            warnings.append(.init(.runIncomplete, "the run failed: the data are what came home"))
        } else if data.record.outcome == .interrupted, warnings.allSatisfy({ $0.code != .runIncomplete }) {
            warnings.append(.init(.runIncomplete, "the run was interrupted: the data are what came home"))
        }
        for block in data.blocks {
            if !block.missingFiles.isEmpty {
                warnings.append(.init(.incompleteFiles, "missing: \(block.missingFiles.joined(separator: ", "))"))
            }
            warnings += block.faults.map { AnalysisWarning(.incompleteFiles, $0) }
            if block.tornBytes > 0 {
                let text =
                    "the last record of block \(block.number) was cut short (\(block.tornBytes) octets) and left out"
                warnings.append(.init(.incompleteFiles, text))
            }
            if let source = block.receiver?.receiveTimeSource, source != "kernel" {
                let text = "receive times on \(analysis.receiver) are \(source): delays hold the host's scheduling too"
                warnings.append(.init(.userSpaceTimes, text))
            }
        }
        warnings += data.record.warnings.map { AnalysisWarning(.noted, $0) }
        return warnings + RunIntegrity.files(data, damaged: damaged)
    }

    /// What to say of windows that ended before their time, whatever the run's end says of itself.
    ///
    /// A window that came to its end is exactly as long as its plan says.
    private func cutShort() -> String? {
        var (measuredNs, plannedNs) = (Int64(0), Int64(0))
        var reasons: [String] = []
        for block in data.blocks {
            guard let receiver = block.receiver, let window = block.window else { continue }
            let lengthNs = max(0, window.end.monotonicNs - window.start.monotonicNs)
            measuredNs += lengthNs
            plannedNs += receiver.plan.duration.ns
            let reason = String(receiver.reason.filter { !$0.isNewline }.prefix(100))
            if lengthNs < receiver.plan.duration.ns, !reason.isEmpty, !reasons.contains(reason) {
                reasons.append(reason)
            }
        }
        guard measuredNs < plannedNs else { return nil }
        let why = reasons.isEmpty ? "" : " (\(analysis.receiver)'s agent: \(reasons.joined(separator: ", ")))"
        return "stopped or interrupted after \(Format.duration(Double(measuredNs) / 1e9)) of "
            + "\(Format.duration(Double(plannedNs) / 1e9))\(why): every figure is of that part only"
    }

    private func accounts() -> [AnalysisWarning] {
        var warnings: [AnalysisWarning] = []
        warnings += RunIntegrity.accounts(analysis.conservation)
        for row in analysis.conservation {
            if let reason = row.unchecked, row.received != nil {
                warnings.append(.init(.conservationMismatch, "\(row.path) lane \(row.lane) is not checked: \(reason)"))
            }
        }
        for path in analysis.paths {
            let rows = analysis.conservation.filter { $0.path == path.name }
            let missing = rows.reduce(0) { $0 + $1.missing }
            if missing > 0 {
                let dropped = rows.reduce(0) { $0 + ($1.dropped ?? 0) }
                let text =
                    "\(path.name): \(Format.plural(missing, "event")) lost, of which "
                    + "\(Format.count(dropped)) dropped from the full buffer"
                warnings.append(.init(.eventsLost, text))
            }
        }
        warnings += missingEvents()
        if layout.measuredNs > 0 {
            warnings += outages.map {
                AnalysisWarning(.reconnected, "\($0.text); events may be late or missing around it")
            }
        }
        return warnings + TransportWarnings(data: data, analysis: analysis).collect() + silentStreams()
    }

    /// Beyond this share of a path's events the other path's lack of them is no trifle.
    private static let mostMissing = 0.01
    /// A smaller share is none either when the other way round hardly any is missing.
    private static let mostMissingOneSided = (share: 0.0001, times: 100)

    /// Events that came on one path only, where they are many: no difference has them.
    private func missingEvents() -> [AnalysisWarning] {
        analysis.differences.flatMap { difference in
            [
                (difference.other, difference.baseline, difference.unmatchedBaseline, difference.unmatchedOther),
                (difference.baseline, difference.other, difference.unmatchedOther, difference.unmatchedBaseline),
            ].compactMap {
                missingEvents(on: $0.0, butOn: $0.1, $0.2, pairs: difference.pairs, theOtherWay: $0.3.missing)
            }
        }
    }

    private func missingEvents(
        on path: String,
        butOn other: String,
        _ events: UnmatchedEvents,
        pairs: Int,
        theOtherWay: Int
    ) -> AnalysisWarning? {
        let whole = pairs + events.missing
        let share = Double(events.missing) / Double(max(1, whole))
        let isOneSided =
            share > Self.mostMissingOneSided.share
            && events.missing > Self.mostMissingOneSided.times * max(1, theOtherWay)
        guard share > Self.mostMissing || isOneSided else { return nil }
        let stretch = events.longest.map { longest in
            "; the longest stretch without any: \(Format.fixed(longest.toSeconds - longest.fromSeconds, 1)) s from "
                + "\(Format.fixed(longest.fromSeconds, 1)) s on (\(Format.plural(longest.events, "event")))"
        }
        return AnalysisWarning(
            .eventsMissing,
            "\(path): \(Format.count(events.missing)) of \(Format.plural(whole, "event")) "
                + "(\(Format.percent(events.missing, of: whole))) never came, but did on \(other)\(stretch ?? ""); no figure of the "
                + "difference has them"
        )
    }

    /// Streams that never brought anything, by path.
    private func silentStreams() -> [AnalysisWarning] {
        let summaries = data.blocks.flatMap { [$0.receiver].compactMap { $0 } + $0.forwarders.values }
        return analysis.paths.compactMap { path in
            let lanes = summaries.flatMap(\.lanes).filter { $0.path == path.name }
            let names = lanes.reduce(into: Set<String>()) { $0.formUnion($1.silentStreams ?? []) }.sorted()
            guard !names.isEmpty else { return nil }
            let more = names.count > 5 ? " and \(names.count - 5) more" : ""
            let text =
                "\(path.name): nothing ever came on \(names.prefix(5).joined(separator: ", "))\(more); the exchange "
                + "acknowledges unknown names and stays silent"
            return AnalysisWarning(.silentStream, text)
        }
    }

    private func clocks() -> [AnalysisWarning] {
        // Paired differences are taken on one monotonic clock and need no synchronised one; unpaired ones do.
        let needsClock = analysis.mode == .sequential && analysis.paths.count > 1
        var warnings: [AnalysisWarning] = []
        for host in analysis.hosts {
            if let problem = host.clock.problem {
                let isNeeded = needsClock && host.role == .receive
                let text =
                    "clock of \(host.name) not verified (\(times(host, .lost))): \(problem); absolute figures that need it are "
                    + "marked"
                warnings.append(.init(.clockNotVerified, text, makesVerdictUnusable: isNeeded))
            }
            if !host.clock.stepsNs.isEmpty {
                let sizes = host.clock.stepsNs.prefix(3).map { Format.time(Double($0)) }.joined(separator: ", ")
                let withheld = analysis.paths.flatMap { $0.withheld ?? [] }.contains { $0.reason.contains(host.name) }
                let text =
                    "the wall clock of \(host.name) jumped during the run (\(sizes), \(times(host, .stepped))); "
                    + (withheld ? "absolute figures that need it are withheld, " : "")
                    + "paired differences are not touched"
                    + (withheld ? "; find what set the clock, and measure again" : "")
                warnings.append(.init(.clockStepped, text, makesVerdictUnusable: needsClock && host.role == .receive))
            }
            if let before = host.clock.beforeNs, let worst = host.clock.worstBoundNs, worst > 2 * before, worst > 1e5 {
                let text =
                    "the clock bound of \(host.name) grew from \(Format.time(before)) to \(Format.time(worst)) "
                    + "(\(times(host, .boundGrew)))" + beyondLimit(host, worst)
                warnings.append(.init(.boundGrew, text))
            }
        }
        for probes in analysis.probes {
            guard let contradiction = probes.contradiction else { continue }
            warnings.append(
                .init(.clocksContradicted, "\(probes.path): \(contradiction)", makesVerdictUnusable: needsClock)
            )
        }
        return warnings
    }

    /// Says that a bound is beyond what the experiment allows, where no single reading was.
    private func beyondLimit(_ host: HostAnalysis, _ worstNs: Double) -> String {
        let limit = data.record.experiment.clock.maxError
        guard worstNs > Double(limit.ns), host.clock.problem == nil else { return "" }
        return
            ": beyond clock.maxError (\(limit)) by what it may have drifted between two readings, each of which was "
            + "within it"
    }

    /// When something happened to a host's clock, in words.
    private func times(_ host: HostAnalysis, _ kind: ClockEvent.Kind) -> String {
        let moments = host.clock.events.filter { $0.kind == kind }.prefix(3).map { Format.fixed($0.seconds, 1) + " s" }
        return moments.isEmpty ? "throughout" : "at " + moments.joined(separator: ", ")
    }

    private func delays() -> [AnalysisWarning] {
        analysis.paths.flatMap { path -> [AnalysisWarning] in
            let via = data.record.experiment.paths.first { $0.name == path.name }?.via
            let legs = DelayChecks.legs(of: path, analysis, endpoints, via: via)
            return path.metrics.compactMap { DelayChecks.negative(path.name, $0) }
                + legs.compactMap { DelayChecks.belowLight(path.name, $0) }
        }
    }

    /// What the addresses at the other ends tell; those of a simulated world are all this machine's.
    private func networks() -> [AnalysisWarning] {
        guard !analysis.isLab else { return [] }
        let experiment = data.record.experiment
        let facts = analysis.hosts.first { $0.role == .receive }?.facts
        return experiment.paths.flatMap { path -> [AnalysisWarning] in
            let shared = EndpointChecks.sharedNetwork(
                path.name,
                endpoints,
                forwarderAddresses: EndpointChecks.forwarderAddresses(experiment),
                receiver: experiment.receiver,
                isReceiverInCloud: facts?.instanceType != nil
            )
            let route =
                path.kind == .direct
                ? EndpointChecks.route(path.name, endpoints, listMade: data.addressRanges?.made) : nil
            return [
                shared, EndpointChecks.notOverPeering(path, endpoints), EndpointChecks.oneServer(path.name, endpoints),
                route,
            ].compactMap { $0 }
        }
    }

    private func statistics() -> [AnalysisWarning] {
        var warnings: [AnalysisWarning] = []
        if analysis.paths.count > 1, analysis.mode == .simultaneous {
            if let difference = analysis.differences.first {
                if let median = difference.median, let reason = median.withheld {
                    let pairs = Format.plural(difference.pairs, "pair")
                    let paths = [difference.baseline, difference.other]
                    let judge = VerdictJudge(analysis, outages: outages)
                    let text =
                        median.cause == .dependence
                        ? judge.withoutInterval(median, paths) + (judge.outage(of: paths) == nil ? " (\(pairs))" : "")
                        : "too few pairs for an interval: \(reason)"
                    warnings.append(.init(.tooFewSamples, text, makesVerdictUnusable: true))
                }
                let withheld = difference.quantilesNs.filter { $0.withheld != nil && $0.probability > 0.5 }
                if let first = withheld.first {
                    let text =
                        "intervals of the difference from \(QuantileName.of(first.probability)) up are withheld: \(first.withheld ?? "")"
                    warnings.append(.init(.tooFewSamples, text))
                }
            } else if analysis.paths.allSatisfy({ $0.samples > 0 }) {
                warnings.append(.init(.noPairs, "no event was seen on both paths", makesVerdictUnusable: true))
            }
        }
        let all = analysis.differences.flatMap(\.quantilesNs) + analysis.paths.flatMap(\.metrics).flatMap(\.quantilesNs)
        if all.contains(where: { $0.cause == .dependence }) {
            let text =
                "delays depend on those before them over so long that some intervals are withheld; a longer run has them"
            warnings.append(.init(.longDependence, text))
        }
        for budget in analysis.budgets where budget.mismatches > 0 {
            let text =
                "\(budget.path): the parts of \(Format.count(budget.mismatches)) events do not add up to their end-to-end time"
            warnings.append(.init(.conservationMismatch, text, makesVerdictUnusable: true))
        }
        return warnings
    }

    private func design() -> [AnalysisWarning] {
        var warnings: [AnalysisWarning] = []
        if analysis.paths.count == 1 {
            warnings.append(.init(.onePath, "one path only: use `latexp compare` with another run for a verdict"))
        }
        let untimed = analysis.paths.filter { $0.samples > 0 && $0.isUntimed }.map(\.name)
        if !untimed.isEmpty {
            let text =
                "\(untimed.joined(separator: ", ")): no event time in this stream, so no end-to-end latency; differences are exact "
                + "all the same"
            warnings.append(.init(.noEventTime, text))
        }
        if analysis.paths.contains(where: { $0.lanes.count == 1 }) {
            let text =
                "one lane a path: the exchange's server that a connection happens to meet cannot be told from the path"
            warnings.append(.init(.oneLane, text))
        }
        warnings += networks()
        if analysis.mode == .sequential, analysis.paths.count > 1 {
            warnings.append(
                .init(.differentTimes, "the paths were measured one after the other: time of day is confounded")
            )
        }
        if let difference = analysis.differences.first {
            let spread = analysis.noiseFloors.flatMap(\.lanePairs).map { abs($0.medianNs) }.max() ?? 0
            if spread > abs(difference.summaryNs.median) {
                let text =
                    "two lanes of one path differ by \(Format.time(spread)) at the median, more than the paths do"
                warnings.append(.init(.lanesDisagree, text))
            }
        }
        return warnings
    }
}
