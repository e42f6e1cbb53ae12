import ExperimentModel
import LatencyStatistics

/// The figures over all runs of a campaign, written as its `analysis.json`; its reports are made from it alone.
///
/// Runs are what is counted: each gives one figure, and intervals are those of so many runs. Times whose name ends in
/// `Ns` are nanoseconds.
public struct CampaignAnalysis: Codable, Hashable, Sendable {
    /// The version of this format.
    public static let currentFormat = 1

    /// The version of this format.
    public var format: Int
    /// The campaign's name.
    public var campaignID: String
    /// The version of latexp that analysed.
    public var version: String
    /// When the campaign began, seconds since 1970 UTC, laptop's clock.
    public var beganSeconds: Double
    /// How it stands.
    public var outcome: CampaignRecord.Outcome
    /// Whether its hosts went through it by themselves.
    public var isDetached: Bool
    /// From one slot to the next, seconds.
    public var everySeconds: Double
    /// What draws the slots' seeds.
    public var seed: UInt64
    /// The market.
    public var market: Market
    /// The streams.
    public var streams: [String]
    /// The receiver's name.
    public var receiver: String
    /// How the paths of one run share its time.
    public var mode: Schedule.Mode
    /// Connections a path.
    public var lanesPerPath: Int
    /// What a whole run measures, its paths' turns together, seconds; nil in analyses of older versions.
    public var plannedSeconds: Double?
    /// Whether the runs were in a simulated world.
    public var isLab: Bool
    /// The answer over all runs.
    public var verdict: Verdict
    /// The difference between the first path and the one compared with it; nil with one path.
    public var difference: CampaignDifference?
    /// Each path over all runs.
    public var paths: [CampaignPath]
    /// Each slot in order of time, also those that were missed.
    public var points: [CampaignPoint]
    /// Each host, over all runs; nil in analyses of older versions.
    public var hosts: [CampaignHost]?
    /// What the reader should know.
    public var warnings: [AnalysisWarning]

    /// Whether there is no verdict to use: the command's exit status is then 1.
    public var isVerdictUnusable: Bool {
        verdict.kind == .cannotSay || warnings.contains { $0.makesVerdictUnusable }
    }

    /// The slots with this state.
    public func count(_ state: CampaignSlot.State) -> Int { points.count { $0.state == state } }
}

/// One slot of a campaign with the figures of its run.
public struct CampaignPoint: Codable, Hashable, Sendable {
    /// Its number, from 1.
    public var slot: Int
    /// When it was to begin, seconds since 1970 UTC.
    public var plannedSeconds: Double
    /// What became of it.
    public var state: CampaignSlot.State
    /// Why it failed, was missed, or is not whole.
    public var reason: String?
    /// What its run measured, seconds; nil without one.
    public var measuredSeconds: Double?
    /// Its run's directory, relative to the campaign's; nil without one.
    public var run: String?
    /// When its run began, seconds since 1970 UTC; nil without one.
    public var beganSeconds: Double?
    /// The run's own verdict in a sentence; nil without one.
    public var verdict: String?
    /// Whether the run's figures count: it was done, or cut short after half of its time or later, and nothing makes
    /// them wrong.
    ///
    /// Too few samples for a verdict of its own do not.
    public var isCounted: Bool
    /// The median difference with the run's own interval; nil without one.
    public var difference: QuantileInterval?
    /// The difference of the paths' end-to-end 99th percentiles with the run's own interval; nil without one.
    public var differenceP99: QuantileInterval?
    /// Each path of the run.
    public var paths: [CampaignPathPoint]
    /// How many warnings the run's report shows at its top; notes are not among them.
    public var warnings: Int

    /// When it is drawn: its run's beginning, or its planned time.
    public var atSeconds: Double { beganSeconds ?? plannedSeconds }
    /// The hour of the day it is drawn at, UTC, 0 up to 24.
    public var hourOfDay: Double { atSeconds.truncatingRemainder(dividingBy: 86_400) / 3_600 }
}

/// One path in one run of a campaign.
public struct CampaignPathPoint: Codable, Hashable, Sendable {
    /// The path's name.
    public var name: String
    /// Samples inside the measured window.
    public var samples: Int
    /// Missing sequence ids; nil on a direct path.
    public var eventsLost: Int?
    /// The end-to-end median with the run's own interval; nil without event times.
    public var median: QuantileInterval?
    /// The end-to-end 99th percentile with the run's own interval; nil without event times.
    public var p99: QuantileInterval?
    /// What the clocks may add to an end-to-end figure, nanoseconds; nil when unknown.
    public var clockNs: Double?
}

/// One path over all runs of a campaign.
public struct CampaignPath: Codable, Hashable, Sendable {
    /// The path's name.
    public var name: String
    /// The runs that have an end-to-end figure of it.
    public var runs: Int
    /// Samples of all runs together.
    public var samples: Int
    /// Missing sequence ids of all runs together; nil on a direct path.
    public var eventsLost: Int?
    /// The mean of the runs' medians, interval over runs; nil without event times.
    public var median: QuantileInterval?
    /// The mean of the runs' 99th percentiles, interval over runs; nil without event times.
    public var p99: QuantileInterval?
    /// How the runs' medians change with time, nanoseconds an hour; nil with fewer than three runs, or all of
    /// them within a quarter of an hour.
    public var drift: LinearTrend?
}

/// The difference between two paths over all runs of a campaign, nanoseconds: other - baseline.
public struct CampaignDifference: Codable, Hashable, Sendable {
    /// The first path.
    public var baseline: String
    /// The second path.
    public var other: String
    /// Whether each run's difference is between the same events at one clock; otherwise between end-to-end quantiles.
    public var isPaired: Bool
    /// The runs that count.
    public var runs: Int
    /// The mean of the runs' median differences, interval over runs.
    public var median: QuantileInterval?
    /// The mean of the runs' differences of the end-to-end 99th percentiles, interval over runs; nil without event
    /// times.
    public var p99: QuantileInterval?
    /// The smallest of the runs' medians.
    public var leastNs: Double
    /// The largest of the runs' medians.
    public var mostNs: Double
    /// Runs in which the other path was sooner at the median.
    public var otherSooner: Int
    /// Runs in which the baseline was sooner at the median.
    public var baselineSooner: Int
    /// How the runs' medians change with time, nanoseconds an hour; nil with fewer than three runs, or all of
    /// them within a quarter of an hour.
    public var drift: LinearTrend?
    /// How much a run's median resembles the one before, -1 to 1; nil with fewer than four runs.
    public var neighbourCorrelation: Double?
    /// The hours of the day that have runs.
    public var hours: [CampaignHour]
    /// What the clocks may add to a difference that is not paired, nanoseconds; 0 when it is, nil when unknown.
    public var clockNs: Double?
}

/// The runs of one hour of the day.
public struct CampaignHour: Codable, Hashable, Sendable {
    /// The hour, UTC, 0 to 23.
    public var hour: Int
    /// Its runs that count.
    public var runs: Int
    /// The mean of their median differences, interval over runs; of one run, the run's own.
    public var median: QuantileInterval
    /// The smallest of them, nanoseconds.
    public var leastNs: Double
    /// The largest of them, nanoseconds.
    public var mostNs: Double
}
