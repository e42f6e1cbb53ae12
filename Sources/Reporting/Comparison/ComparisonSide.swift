import ExperimentModel
import LatencyStatistics

/// The runs of one side of a comparison.
struct ComparisonSide {
    private let runs: [RunData]
    private let layouts: [RunLayout]
    private let paths: [[MeasuredPath]]
    private let hosts: [[HostAnalysis]]

    /// The metrics that are compared.
    static let metrics: [Metric] = [.endToEnd, .backbone]

    init(_ runs: [RunData]) {
        self.runs = runs
        let layouts = runs.map { RunLayout($0) }
        self.layouts = layouts
        paths = Parallel.map(layouts.count) { run in
            layouts[run].paths.map { MeasuredPath($0, metrics: Self.metrics) }
        }
        hosts = runs.map(HostAnalyzer.analyze)
    }

    /// The paths with samples in any of the runs.
    var pathNames: [String] {
        var names: [String] = []
        for path in paths.joined() where path.count > 0 && !names.contains(path.name) {
            names.append(path.name)
        }
        return names
    }

    var measuredSeconds: Double { layouts.reduce(0) { $0 + Double($1.measuredNs) / 1e9 } }

    /// What does not add up in each run.
    var integrity: [[AnalysisWarning]] {
        runs.indices.map { run in
            BrokenOff.warnings(runs[run]) + StandstillCheck.warnings(runs[run])
                + RunIntegrity.files(runs[run], damaged: paths[run].reduce(0) { $0 + $1.damaged })
                + RunIntegrity.accounts(ConservationAnalyzer.analyze(runs[run]))
        }
    }

    /// The number of runs.
    var count: Int { runs.count }

    /// The metric of each lane of one run.
    func series(_ metric: Metric, _ path: String, run: Int) -> [CompactSeries] {
        paths[run].filter { $0.name == path }.flatMap { $0.series(metric) }
    }

    /// The samples of one run on a path.
    func count(_ path: String, run: Int) -> Int {
        paths[run].filter { $0.name == path }.reduce(0) { $0 + $1.count }
    }

    /// The most lanes with samples that a run has on a path.
    func lanes(_ path: String) -> Int {
        paths.map { paths in
            paths.filter { $0.name == path }.reduce(0) { $0 + $1.lanes.count { $0.count > 0 } }
        }.max() ?? 0
    }

    /// Missing sequence ids; nil on a direct path, whose events bear no consecutive numbers.
    func eventsLost(_ path: String) -> Int? {
        guard paths.joined().first(where: { $0.name == path })?.kind == .relay else { return nil }
        return runs.flatMap(\.blocks).flatMap { $0.receiver?.lanes ?? [] }.filter { $0.path == path }
            .reduce(0) { $0 + $1.counts.missing }
    }

    /// The worst bound in any of the runs of the clocks that a metric's two moments are from, nanoseconds; nil when one
    /// is unknown.
    func clockNs(_ metric: Metric, _ path: String) -> Double? {
        let bounds = zip(runs, hosts).map { run, hosts in
            ErrorBounds(experiment: run.record.experiment, hosts: hosts, truncationNs: 0).bound(of: metric, path: path)
                .clockNs
        }
        let known = bounds.compactMap { $0 }
        return known.count == bounds.count ? known.max() : nil
    }
}
