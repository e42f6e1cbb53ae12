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
    public static func analyze(_ data: RunData) -> RunAnalysis {
        let experiment = data.record.experiment
        let samples = MeasuredSamples(data)
        let hosts = HostAnalyzer.analyze(data)
        let truncationNs = ErrorBounds.truncationNs(of: samples)
        let bounds = ErrorBounds(experiment: experiment, hosts: hosts, truncationNs: truncationNs)
        let pathAnalyzer = PathAnalyzer(data: data, bounds: bounds)
        let gaps = ConnectionGaps.find(in: data)
        let differ = DifferenceAnalyzer(samples: samples, gaps: gaps, windows: samples.windows)
        let sides = comparedPaths(samples)
        let compared = sides.map { sides in sides.others.compactMap { differ.difference(sides.baseline, $0) } } ?? []
        var plots = PlotBuilder(samples: samples).build(
            pairing: compared.first?.1,
            pairName: compared.first.map { "\($0.0.other) - \($0.0.baseline)" } ?? ""
        )
        plots.timeline = TimelineBuilder(data: data).build()
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
            measuredSeconds: Double(samples.measuredNs) / 1e9,
            lanesPerPath: experiment.schedule.lanesPerPath,
            isLab: experiment.lab != nil || data.truth != nil,
            verdict: Verdict(.cannotSay, headline: ""),
            paths: samples.paths.map(pathAnalyzer.analyze),
            differences: compared.map(\.0),
            endToEndDifferencesNs: sides.map { endToEndDifferences($0.baseline, $0.others.first) } ?? [],
            budgets: samples.paths.compactMap { path in
                BudgetAnalyzer(
                    receiver: experiment.receiver,
                    forwarder: experiment.paths.first { $0.name == path.name }?.via,
                    truncationNs: truncationNs
                ).budget(of: path)
            },
            noiseFloors: samples.paths.map(differ.noiseFloor),
            conservation: ConservationAnalyzer.analyze(data),
            gaps: gaps,
            strangers: data.blocks.compactMap(\.receiver?.strangers).reduce(into: [:]) {
                $0.merge($1, uniquingKeysWith: +)
            },
            probes: ProbeAnalyzer(data: data, hosts: hosts).analyze(),
            hosts: hosts,
            phases: data.record.phases,
            labTruth: data.truth.map {
                TruthAnalyzer($0, samples).analyze(baseline: sides?.baseline, other: sides?.others.first)
            },
            plots: plots,
            warnings: [],
            files: files(of: data)
        )
        analysis.warnings = WarningCollector(data: data, samples: samples, analysis: analysis).collect()
        analysis.verdict = VerdictJudge(analysis).judge()
        return analysis
    }

    /// The first direct path, else the first path, against the others: relayed ones first.
    private static func comparedPaths(
        _ samples: MeasuredSamples
    ) -> (baseline: MeasuredPath, others: [MeasuredPath])? {
        guard
            samples.paths.count > 1,
            let index = samples.paths.firstIndex(where: { $0.kind == .direct }) ?? samples.paths.indices.first
        else { return nil }
        let rest = samples.paths.indices.filter { $0 != index }.map { samples.paths[$0] }
        return (samples.paths[index], rest.filter { $0.kind == .relay } + rest.filter { $0.kind == .direct })
    }

    private static func endToEndDifferences(
        _ baseline: MeasuredPath,
        _ other: MeasuredPath?
    ) -> [QuantileInterval] {
        guard let other else { return [] }
        let first = QuantileEstimator(lanes: baseline.values(.endToEnd))
        let second = QuantileEstimator(lanes: other.values(.endToEnd))
        return PathAnalyzer.probabilities.compactMap { first.difference(to: second, $0) }
    }

    private static func files(of data: RunData) -> [String] {
        ["run.json", "analysis.json", "report.md", "report.html", "samples.csv"]
            + data.record.blocks.flatMap { $0.directories.values.sorted() }
    }
}
