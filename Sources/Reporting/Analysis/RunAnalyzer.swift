import ExperimentModel
import Foundation
import LatencyStatistics

/// Turns what a run left behind into figures and a verdict.
public enum RunAnalyzer {
    /// Analyses the run in a directory.
    ///
    /// - Throws: what `RunLoader.load` throws.
    public static func analyze(runDirectory: String) throws -> RunAnalysis {
        analyze(try RunLoader.load(runDirectory))
    }

    /// Analyses a run's data; the same data give the same analysis.
    ///
    /// The records are gone through three times and never held all at once: for the metrics, for the parts of the way,
    /// and for the differences. What is held at a time is some columns of one of these, four or eight octets a sample.
    public static func analyze(_ data: RunData) -> RunAnalysis {
        let experiment = data.record.experiment
        let layout = RunLayout(data)
        let hosts = HostAnalyzer.analyze(data)
        let facts = facts(of: layout)
        let damaged = facts.reduce(0) { $0 + $1.damaged }
        let truncationNs = facts.map(\.truncationNs).min() ?? 1_000_000
        let bounds = ErrorBounds(experiment: experiment, hosts: hosts, truncationNs: truncationNs)
        let budgets = budgets(of: layout, experiment, truncationNs: truncationNs)
        let gaps = ConnectionGaps.find(in: data)
        let events = EventFigures(data, layout, gaps)
        let endpoints = EndpointChecks.endpoints(of: data)
        let pathAnalyzer = PathAnalyzer(data: data, bounds: bounds)
        var analysis = RunAnalysis(
            format: RunAnalysis.currentFormat,
            runID: data.record.id,
            version: LatexpVersion.text,
            agentVersion: data.agentVersion,
            beganSeconds: data.record.beganSeconds,
            outcome: data.record.outcome,
            market: experiment.feed.market,
            streams: experiment.feed.streams,
            receiver: experiment.receiver,
            mode: experiment.schedule.mode,
            measuredSeconds: Double(layout.measuredNs) / 1e9,
            lanesPerPath: experiment.schedule.lanesPerPath,
            isLab: experiment.isSimulated || data.truth != nil,
            verdict: Verdict(.cannotSay, headline: ""),
            paths: zip(facts, events.behind).map(pathAnalyzer.analyze),
            differences: events.differences,
            endToEndDifferencesNs: endToEndDifferences(facts, layout),
            budgets: budgets,
            noiseFloors: events.noiseFloors,
            conservation: ConservationAnalyzer.analyze(data),
            gaps: gaps,
            strangers: strangers(in: data),
            probes: ProbeAnalyzer(data: data, hosts: hosts).analyze(),
            hosts: hosts,
            endpoints: analyses(of: endpoints, listMade: data.addressRanges?.made),
            phases: data.record.phases,
            labTruth: events.truth,
            plots: PlotBuilder.build(
                facts.compactMap(\.metrics.distribution),
                events.timeSeries,
                events.plots
            ),
            warnings: [],
            files: files(of: data)
        )
        analysis.plots.timeline = TimelineBuilder(data: data, gaps: gaps).build()
        ClockStepCheck.apply(to: &analysis)
        let outages = PathOutages.all(of: analysis)
        analysis.warnings = WarningCollector(
            data: data,
            layout: layout,
            damaged: damaged,
            endpoints: endpoints,
            outages: outages,
            analysis: analysis
        ).collect()
        analysis.verdict = VerdictJudge(analysis, outages: outages).judge()
        return analysis
    }

    /// Where the time of each path goes, as far as its events say.
    private static func budgets(
        of layout: RunLayout,
        _ experiment: Experiment,
        truncationNs: Double
    ) -> [LatencyBudget] {
        Parallel.map(layout.paths.count) { index in
            BudgetAnalyzer(
                receiver: experiment.receiver,
                forwarder: experiment.paths.first { $0.name == layout.paths[index].name }?.via,
                truncationNs: truncationNs
            ).budget(of: layout.paths[index])
        }.compactMap { $0 }
    }

    /// Connections to the relay port that were not this run's, by reason, of all blocks.
    private static func strangers(in data: RunData) -> [String: Int] {
        data.blocks.compactMap(\.receiver?.strangers).reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }

    /// Each endpoint once, in the order in which they were found.
    private static func analyses(of endpoints: [EndpointChecks.Endpoint], listMade: String?) -> [EndpointAnalysis] {
        endpoints.map {
            EndpointAnalysis(
                path: $0.path,
                host: $0.host,
                purpose: $0.purpose,
                address: $0.address,
                origin: $0.origin.text,
                listMade: listMade
            )
        }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The figures of each path's metrics.
    private static func facts(of layout: RunLayout) -> [PathFacts] {
        let paths = Parallel.map(layout.paths.count) { index in
            MeasuredPath(layout.paths[index], metrics: PathMetrics.metrics(of: layout.paths[index].kind))
        }
        let wanted = paths.indices.flatMap { path in PathMetrics.metrics(of: paths[path].kind).map { (path, $0) } }
        let found = Parallel.map(wanted.count) { index in
            PathMetrics(wanted[index].1, of: paths[wanted[index].0])
        }
        return paths.indices.map { path in
            var metrics = PathMetrics()
            for (index, figures) in found.enumerated() where wanted[index].0 == path { metrics.add(figures) }
            return PathFacts(paths[path], metrics)
        }
    }

    private static func endToEndDifferences(_ facts: [PathFacts], _ layout: RunLayout) -> [QuantileInterval] {
        guard
            let sides = layout.compared, let other = sides.others.first,
            let first = facts[sides.baseline].metrics.quantiles[.endToEnd],
            let second = facts[other].metrics.quantiles[.endToEnd]
        else { return [] }
        return zip(first, second).map { QuantileInterval(difference: $0, $1) }
    }

    private static func files(of data: RunData) -> [String] {
        ["run.json", "analysis.json", "report.md", "report.html", "samples.csv"]
            + data.record.blocks.flatMap { $0.directories.values.sorted() }
    }
}
