import ExperimentModel
import LatencyStatistics

/// All figures of one run, written as `analysis.json`; every report is made from it alone.
///
/// Times whose name ends in `Ns` are nanoseconds.
public struct RunAnalysis: Codable, Hashable, Sendable {
    /// The version of this format.
    public static let currentFormat = 2

    /// The version of this format.
    public var format: Int
    /// The run's name.
    public var runID: String
    /// The version of latexp that analysed.
    public var version: String
    /// The version of the agent that received; nil when it left no summary.
    public var agentVersion: String?
    /// When the run began, seconds since 1970 UTC, laptop's clock.
    public var beganSeconds: Double
    /// How the run ended.
    public var outcome: RunRecord.Outcome
    /// The market.
    public var market: Market
    /// The streams.
    public var streams: [String]
    /// The receiver's name.
    public var receiver: String
    /// How the paths shared the time.
    public var mode: Schedule.Mode
    /// The measured time, all blocks together, seconds.
    public var measuredSeconds: Double
    /// Connections a path.
    public var lanesPerPath: Int
    /// Whether the run was in a simulated world.
    public var isLab: Bool
    /// The answer.
    public var verdict: Verdict
    /// Each path.
    public var paths: [PathAnalysis]
    /// Each other path against the first; the one behind the verdict comes first.
    public var differences: [DifferenceAnalysis]
    /// Quantiles of the other path's end-to-end delay minus those of the baseline, nanoseconds; empty without event
    /// times.
    public var endToEndDifferencesNs: [QuantileInterval]
    /// Where the time of each path's events went; without those that have no event times.
    public var budgets: [LatencyBudget]
    /// Each path's own lanes against each other.
    public var noiseFloors: [NoiseFloor]
    /// Every lane's account.
    public var conservation: [ConservationRow]
    /// Stretches without a connection.
    public var gaps: [ConnectionGap]
    /// Connections to the relay port that were not this run's, by reason.
    public var strangers: [String: Int]
    /// What probes inside relay connections say about the clocks; empty without probes.
    public var probes: [ProbeAnalysis]
    /// Each host.
    public var hosts: [HostAnalysis]
    /// Where connections went, and whose those addresses are; nil in analyses of older versions.
    public var endpoints: [EndpointAnalysis]?
    /// Each phase of the run.
    public var phases: [PhaseRecord]
    /// The truth of a simulated world; nil in a real run.
    public var labTruth: LabTruthAnalysis?
    /// What the plots show.
    public var plots: PlotData
    /// What the reader should know.
    public var warnings: [AnalysisWarning]
    /// Files of the run, relative to its directory.
    public var files: [String]

    /// The path's figures; nil for a name that the run does not have.
    public func path(_ name: String) -> PathAnalysis? { paths.first { $0.name == name } }

    /// Whether there is no verdict to use: the command's exit status is then 1.
    public var isVerdictUnusable: Bool {
        verdict.kind == .cannotSay || warnings.contains { $0.makesVerdictUnusable }
    }
}

extension RunAnalysis {
    /// The paths that end-to-end differences are between: the direct one, and the first relayed one; nil with one path.
    var comparedNames: (baseline: String, other: String)? {
        guard let index = paths.firstIndex(where: { $0.kind == .direct }) ?? paths.indices.first else { return nil }
        let rest = paths.indices.filter { $0 != index }.map { paths[$0] }
        guard let other = rest.first(where: { $0.kind == .relay }) ?? rest.first else { return nil }
        return (paths[index].name, other.name)
    }

    /// What the receiver's clock may have moved between blocks, nanoseconds; nil for a path without clock bound.
    ///
    /// It may have been off by its bound in one direction in one block, and in the other in the next.
    func clockBetweenBlocksNs(_ path: String) -> Double? {
        self.path(path)?.metric(.endToEnd)?.bound.clockNs.map { 2 * $0 }
    }
}
