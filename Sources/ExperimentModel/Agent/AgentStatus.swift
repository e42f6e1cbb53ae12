/// What an agent says of itself each second, in `status.json` (written whole, then renamed).
public struct AgentStatus: Codable, Hashable, Sendable {
    /// How far an agent is.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Opening its connections.
        case starting
        /// Every lane is up and has seen an event.
        case ready
        /// The warm-up or the measured window is running.
        case measuring
        /// The window is over; lanes say goodbye.
        case finishing
        /// All files are written.
        case finished
        /// It gave up; `message` says why.
        case failed
    }

    /// The run.
    public var runID: String
    /// The host's name.
    public var host: String
    /// What the agent does.
    public var role: AgentPlan.Role
    /// How far it is.
    public var state: State
    /// The reason for the state, when there is something to say.
    public var message: String?
    /// When this was written.
    public var at: Timestamp
    /// The measured window, once it is known.
    public var window: MeasuredWindow?
    /// Each lane, in the numbering of samples.
    public var lanes: [LaneStatus]
    /// The newest reading of the clock.
    public var clock: ClockReading?
    /// The difference between the first two paths so far, milliseconds, from the newest pairs; nil without pairs.
    public var differenceMedianMs: Double?
    /// The number of pairs behind `differenceMedianMs`.
    public var differencePairs: Int?
    /// The ports that are listened on, by path; nil where there is none.
    public var ports: [String: Int]?
    /// The first file that could not be written; nil while all can.
    public var recordingFailure: RecordingFailure?
    /// The newest stretch in which the agent's process did not run; nil without any.
    public var standstill: Standstill?
    /// Connections to the relay port that were not let in, by reason; nil without any.
    public var strangers: [String: Int]?

    /// A status from its parts.
    public init(
        runID: String,
        host: String,
        role: AgentPlan.Role,
        state: State,
        message: String? = nil,
        at: Timestamp,
        window: MeasuredWindow? = nil,
        lanes: [LaneStatus] = [],
        clock: ClockReading? = nil,
        differenceMedianMs: Double? = nil,
        differencePairs: Int? = nil
    ) {
        self.runID = runID
        self.host = host
        self.role = role
        self.state = state
        self.message = message
        self.at = at
        self.window = window
        self.lanes = lanes
        self.clock = clock
        self.differenceMedianMs = differenceMedianMs
        self.differencePairs = differencePairs
    }
}

/// The time whose samples are analysed, on the receiver's clocks.
public struct MeasuredWindow: Codable, Hashable, Sendable {
    /// The first moment inside.
    public var start: Timestamp
    /// The first moment after it.
    public var end: Timestamp

    /// A window.
    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }
}

/// One lane's state, for the live view.
public struct LaneStatus: Codable, Hashable, Sendable {
    /// What a lane's connection is doing.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Waiting before the next attempt, or for a forwarder to dial.
        case waiting
        /// Opening: TCP, TLS, upgrade, hello.
        case connecting
        /// Open; data comes or is expected.
        case streaming
        /// Closed for good.
        case closed
    }

    /// The path's name.
    public var path: String
    /// The lane's number in its path, from 0.
    public var lane: Int
    /// What the connection that brings the events is doing.
    public var state: State
    /// The forwarder's connection to the receiver; nil elsewhere.
    public var relayState: State?
    /// The remote address of the connection.
    public var endpoint: String?
    /// The counts so far.
    public var counts: LaneCounts
    /// Connections opened so far.
    public var connections: Int
    /// Those among them that were opened to replace one before its planned end, while that one still brought events;
    /// nil without any.
    public var plannedReplacements: Int?
    /// Events in the last second.
    public var ratePerSecond: Double
    /// The median one-way delay of recent events (exchange to here), milliseconds; nil without event times.
    public var medianMs: Double?
    /// The 99th percentile of the same.
    public var p99Ms: Double?
    /// The newest failure of this lane.
    public var lastFailure: String?
    /// Streams that should have brought something on the present connection and have not; nil without any.
    public var silentStreams: [String]?
    /// When the next attempt to connect to the exchange comes; nil while none waits.
    public var nextAttempt: Timestamp?
    /// Whether a connection is open that has brought no event yet; nil for no.
    public var isMute: Bool?

    /// How often a connection was opened after another had been lost.
    public var reconnections: Int { max(0, connections - 1 - (plannedReplacements ?? 0)) }

    /// A lane's state.
    public init(
        path: String,
        lane: Int,
        state: State,
        relayState: State? = nil,
        endpoint: String? = nil,
        counts: LaneCounts = LaneCounts(),
        connections: Int = 0,
        ratePerSecond: Double = 0,
        medianMs: Double? = nil,
        p99Ms: Double? = nil,
        lastFailure: String? = nil
    ) {
        self.path = path
        self.lane = lane
        self.state = state
        self.relayState = relayState
        self.endpoint = endpoint
        self.counts = counts
        self.connections = connections
        self.ratePerSecond = ratePerSecond
        self.medianMs = medianMs
        self.p99Ms = p99Ms
        self.lastFailure = lastFailure
    }
}

/// What went through one lane.
///
/// At every moment `received = forwarded + buffered + dropped + invalid` at a forwarder.
public struct LaneCounts: Codable, Hashable, Sendable {
    /// Data messages read from the exchange, valid or not; acknowledgements and pings are not data.
    public var received = 0
    /// Data messages that could not be used, by reason.
    public var invalid: [String: Int] = [:]
    /// Events whose whole frame was handed to the relay connection.
    public var forwarded = 0
    /// Events that wait in the buffer.
    public var buffered = 0
    /// Events dropped from a full buffer.
    public var dropped = 0
    /// Events that arrived at the receiver, each sequence id once.
    public var arrived = 0
    /// Events that arrived again.
    public var duplicates = 0
    /// Events that arrived after a later one.
    public var reordered = 0
    /// Missing sequence ids so far: dropped at the forwarder or lost on the way.
    public var missing = 0
    /// For how long events waited at the forwarder for TCP's window or pacing, milliseconds; nil elsewhere.
    ///
    /// Looked at every 20 ms at most, every 5 ms while they wait, once the connection is primed.
    public var windowWaitMs: Int?

    /// Nothing counted yet.
    public init() {}

    /// All invalid messages.
    public var invalidTotal: Int { invalid.values.reduce(0, +) }
}
