import ExperimentModel

/// The runs of one side of a comparison.
struct ComparisonSide {
    private let runs: [RunData]
    private let samples: [MeasuredSamples]
    private let hosts: [[HostAnalysis]]

    init(_ runs: [RunData]) {
        self.runs = runs
        samples = runs.map(MeasuredSamples.init)
        hosts = runs.map(HostAnalyzer.analyze)
    }

    /// The paths with samples in any of the runs.
    var pathNames: [String] {
        var names: [String] = []
        for path in samples.flatMap(\.paths) where path.count > 0 && !names.contains(path.name) {
            names.append(path.name)
        }
        return names
    }

    var measuredSeconds: Double { samples.reduce(0) { $0 + Double($1.measuredNs) / 1e9 } }

    /// The number of runs.
    var count: Int { runs.count }

    /// The metric of each lane of one run.
    func values(_ metric: Metric, _ path: String, run: Int) -> [[Double]] {
        samples[run].paths.filter { $0.name == path }.flatMap { $0.values(metric) }
    }

    /// The most lanes with samples that a run has on a path.
    func lanes(_ path: String) -> Int {
        samples.map { sample in
            sample.paths.filter { $0.name == path }.reduce(0) { $0 + $1.lanes.count { !$0.records.isEmpty } }
        }.max() ?? 0
    }

    /// Missing sequence ids; nil on a direct path, whose events bear no consecutive numbers.
    func eventsLost(_ path: String) -> Int? {
        guard samples.flatMap(\.paths).first(where: { $0.name == path })?.kind == .relay else { return nil }
        return runs.flatMap(\.blocks).flatMap { $0.receiver?.lanes ?? [] }.filter { $0.path == path }
            .reduce(0) { $0 + $1.counts.missing }
    }

    /// The receiver's worst clock bound in any of the runs, nanoseconds; nil when one is unknown.
    var receiverBoundNs: Double? {
        let bounds = hosts.map { hosts in hosts.first { $0.role == .receive }?.clock.worstBoundNs }
        let known = bounds.compactMap { $0 }
        return known.count == bounds.count ? known.max() : nil
    }
}
