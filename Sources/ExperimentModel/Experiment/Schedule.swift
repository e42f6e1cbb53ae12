/// When the paths are measured and for how long.
public struct Schedule: Codable, Hashable, Sendable {
    /// How the paths share the time.
    public enum Mode: String, Codable, Sendable, CaseIterable {
        /// All paths at once at one receiver: the same event is seen on each, on one clock.
        case simultaneous
        /// One path after the other, in interleaved blocks.
        case sequential
    }

    /// The most runs of one campaign: every five minutes for ten days.
    public static let mostRepetitions = 3_000
    /// The shortest measured time, of a path and of a block.
    public static let shortestMeasurement = TimeSpan.seconds(1)
    /// The longest measured time of a path, and the longest from one run of a campaign to the next.
    public static let longestMeasurement = TimeSpan.seconds(7 * 86_400)
    /// The longest warm-up.
    public static let longestWarmUp = TimeSpan.seconds(3_600)
    /// The connections that a path may have.
    public static let laneCounts = 1...64

    /// At once (the default), or one after the other.
    public var mode: Mode
    /// The measured time of each path, without the warm-up.
    public var duration: TimeSpan
    /// Time at the start of each block whose samples are recorded but not analysed.
    public var warmUp: TimeSpan
    /// Connections a path.
    public var lanesPerPath: Int
    /// The longest piece that a sequential run measures one path for, before it turns to the next.
    public var blockDuration: TimeSpan?
    /// Seeds the order of sequential blocks; nil for a seed chosen and recorded at the start.
    public var seed: UInt64?
    /// How many times the whole is done; nil for a single run, anything else makes a campaign.
    public var repetitions: Int?
    /// From the start of one run of a campaign to the start of the next.
    public var every: TimeSpan?

    /// A schedule; what is left out gets the documented default.
    public init(
        mode: Mode = .simultaneous,
        duration: TimeSpan = .seconds(300),
        warmUp: TimeSpan = .seconds(10),
        lanesPerPath: Int = 3,
        blockDuration: TimeSpan? = nil,
        seed: UInt64? = nil,
        repetitions: Int? = nil,
        every: TimeSpan? = nil
    ) {
        self.mode = mode
        self.duration = duration
        self.warmUp = warmUp
        self.lanesPerPath = lanesPerPath
        self.blockDuration = blockDuration
        self.seed = seed
        self.repetitions = repetitions
        self.every = every
    }

    private enum CodingKeys: String, CodingKey {
        case mode, duration, warmUp, lanesPerPath, blockDuration, seed, every
        case repetitions = "repeat"
    }
}

/// How good a host's clock must be before anything is measured with it.
public struct ClockRequirement: Codable, Hashable, Sendable {
    /// The longest wait.
    public static let longestWait = TimeSpan.seconds(3_600)

    /// The largest clock bound that passes: abs(offset) + root dispersion + root delay / 2.
    public var maxError: TimeSpan
    /// How long to wait for the clocks to become good enough.
    public var wait: TimeSpan

    /// A requirement; the default is 1 ms within 120 s.
    public init(maxError: TimeSpan = .milliseconds(1), wait: TimeSpan = .seconds(120)) {
        self.maxError = maxError
        self.wait = wait
    }
}

/// How lost connections are opened again: doubling pauses with jitter.
public struct ReconnectPolicy: Codable, Hashable, Sendable {
    /// The first pause.
    public var initial: TimeSpan
    /// The longest pause.
    public var max: TimeSpan

    /// A policy; the default is 1, 2, 4, 8 … 30 s.
    public init(initial: TimeSpan = .seconds(1), max: TimeSpan = .seconds(30)) {
        self.initial = initial
        self.max = max
    }
}

/// What a forwarder keeps for each lane while its receiver is away.
public struct RelayBuffer: Codable, Hashable, Sendable {
    /// The sizes that there may be, events.
    public static let sizes = 1...10_000_000

    /// The number of events; when full, the oldest is dropped and counted.
    public var events: Int

    /// A buffer; the default is 100,000 events a lane.
    public init(events: Int = 100_000) {
        self.events = events
    }
}
