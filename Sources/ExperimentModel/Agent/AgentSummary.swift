/// What an agent leaves behind when it ends, in `summary.json`.
public struct AgentSummary: Codable, Hashable, Sendable {
    /// The plan it followed.
    public var plan: AgentPlan
    /// The agent's version.
    public var agentVersion: String
    /// How it ended.
    public var state: AgentStatus.State
    /// Why it ended.
    public var reason: String
    /// When it started.
    public var started: Timestamp
    /// When it ended.
    public var ended: Timestamp
    /// The measured window; nil if there was none, and at a forwarder.
    public var window: MeasuredWindow?
    /// Each lane, in the numbering of samples.
    public var lanes: [LaneSummary]
    /// Connections to the relay port that were not this run's, by reason.
    public var strangers: [String: Int]
    /// Steps of the wall clock during the run.
    public var clockSteps: [ClockStep]
    /// Where receive times came from: `kernel`, `user`, or `mixed`.
    public var receiveTimeSource: String
    /// The number of records in `samples.bin`.
    public var sampleCount: Int
    /// Records that could not be written, for example because the disk was full.
    public var samplesNotWritten: Int
    /// The first file that could not be written; nil when all could.
    public var recordingFailure: RecordingFailure?
    /// Stretches in which the agent's process did not run, the first hundred; nil without any.
    public var standstills: [Standstill]?
    /// The signal that ended it before its time: `SIGINT` or `SIGTERM`; nil without one.
    public var stoppedBy: String?

    /// A summary from its parts.
    public init(
        plan: AgentPlan,
        agentVersion: String,
        state: AgentStatus.State,
        reason: String,
        started: Timestamp,
        ended: Timestamp,
        window: MeasuredWindow?,
        lanes: [LaneSummary],
        strangers: [String: Int] = [:],
        clockSteps: [ClockStep] = [],
        receiveTimeSource: String,
        sampleCount: Int,
        samplesNotWritten: Int = 0
    ) {
        self.plan = plan
        self.agentVersion = agentVersion
        self.state = state
        self.reason = reason
        self.started = started
        self.ended = ended
        self.window = window
        self.lanes = lanes
        self.strangers = strangers
        self.clockSteps = clockSteps
        self.receiveTimeSource = receiveTimeSource
        self.sampleCount = sampleCount
        self.samplesNotWritten = samplesNotWritten
    }
}

/// One lane's account of a run.
public struct LaneSummary: Codable, Hashable, Sendable {
    /// The path's name.
    public var path: String
    /// The lane's number in its path, from 0.
    public var lane: Int
    /// What went through.
    public var counts: LaneCounts
    /// What the forwarder said at its goodbye; at the receiver of a relayed lane, nil if it never came.
    public var senderTotals: SenderTotals?
    /// At the receiver of a relayed lane, what the forwarder had done before this receiver's first connection; nil when it
    /// had handed nothing over by then, as in every run whose receiver was not restarted.
    public var before: SenderTotals?
    /// At the receiver of a relayed lane, what came from forwarders before one that was restarted.
    ///
    /// They ended without a goodbye, and the other counts begin after them; nil when none was.
    public var earlier: LaneCounts?
    /// Every connection of the lane, in order.
    public var connections: [ConnectionRecord]
    /// The sequence ids that never arrived (receiver) or were dropped (forwarder).
    public var missing: [MissingRange]
    /// The first few invalid messages, verbatim, cut to 300 characters.
    public var invalidExamples: [String]
    /// Round trips of probes inside the relay connection, and the clock offset that they allow; nil without probes.
    public var probes: ProbeSummary?
    /// Streams that never brought anything, which the exchange acknowledges all the same when it does not know them.
    public var silentStreams: [String]?
    /// What only a relay over UDP has to tell; nil elsewhere.
    public var datagrams: DatagramFacts?

    /// A lane's account.
    public init(
        path: String,
        lane: Int,
        counts: LaneCounts,
        senderTotals: SenderTotals? = nil,
        before: SenderTotals? = nil,
        connections: [ConnectionRecord] = [],
        missing: [MissingRange] = [],
        invalidExamples: [String] = [],
        probes: ProbeSummary? = nil
    ) {
        self.path = path
        self.lane = lane
        self.counts = counts
        self.senderTotals = senderTotals
        self.before = before
        self.connections = connections
        self.missing = missing
        self.invalidExamples = invalidExamples
        self.probes = probes
    }
}

/// A forwarder's totals for one lane, as its goodbye carries them.
public struct SenderTotals: Codable, Hashable, Sendable {
    /// Data messages read from the exchange.
    public var received: Int
    /// Events handed to the relay connection whole.
    public var forwarded: Int
    /// Events dropped from the full buffer.
    public var dropped: Int
    /// Messages that were not usable.
    public var invalid: Int
    /// The last sequence id given out; the first is 1.
    public var lastSequence: UInt64
    /// How often the connection to the exchange was lost, 255 for more; nil from who does not say it.
    public var feedLosses: Int?

    /// Totals.
    public init(received: Int, forwarded: Int, dropped: Int, invalid: Int, lastSequence: UInt64) {
        self.received = received
        self.forwarded = forwarded
        self.dropped = dropped
        self.invalid = invalid
        self.lastSequence = lastSequence
    }
}

/// One connection of a lane, or one attempt to open it.
public struct ConnectionRecord: Codable, Hashable, Sendable {
    /// The reason for the end of a connection that was broken off on purpose, to see what becomes of the events.
    public static let wasToldToReconnect = "told to reconnect"
    /// The reason for the end of a connection to the exchange in whose place the next one was up before.
    public static let wasReplaced = "replaced by the next connection"

    /// `feed` or `relay`.
    public var purpose: String
    /// The name that was dialled, and that the certificate had to have; nil where an address was given.
    public var server: String?
    /// The remote address and port; nil if no address was reached.
    public var endpoint: String?
    /// When the attempt began.
    public var began: Timestamp
    /// When the other side was seen to let this one in: the exchange by taking the upgrade, the receiver by its first word
    /// after the proof; nil if it never did.
    public var opened: Timestamp?
    /// When a relay's receiver showed by its greeting over TCP that it is one; nil if it never did.
    public var greeted: Timestamp?
    /// When the first data came; nil if none did.
    public var streaming: Timestamp?
    /// When it ended; nil while open.
    public var ended: Timestamp?
    /// Why it ended.
    public var reason: String?
    /// Protocol facts: TLS version and cipher, congestion control.
    public var details: String?

    /// A connection that is being opened.
    public init(purpose: String, server: String? = nil, endpoint: String? = nil, began: Timestamp) {
        self.purpose = purpose
        self.server = server
        self.endpoint = endpoint
        self.began = began
    }
}

/// A run of sequence ids that are missing, and why.
public struct MissingRange: Codable, Hashable, Sendable {
    /// The first missing id.
    public var first: UInt64
    /// The last missing id.
    public var last: UInt64
    /// `dropped from the full buffer`, `disconnection`, `lost on the way` (UDP), `unknown`.
    public var cause: String
    /// When the gap was noticed, or the disconnection happened.
    public var at: Timestamp
    /// How many of the ids are missing, where others between them came; nil when all are.
    public var missing: Int?

    /// A range of missing ids.
    public init(first: UInt64, last: UInt64, cause: String, at: Timestamp) {
        self.first = first
        self.last = last
        self.cause = cause
        self.at = at
    }

    /// How many ids are missing.
    public var count: Int { missing ?? (last < first ? 0 : Int(clamping: last - first &+ 1)) }
}

/// A sudden change of the wall clock against the monotonic clock.
public struct ClockStep: Codable, Hashable, Sendable {
    /// When it was noticed.
    public var at: Timestamp
    /// The size, nanoseconds; positive when the wall clock jumped forward.
    public var stepNs: Int64

    /// A step.
    public init(at: Timestamp, stepNs: Int64) {
        self.at = at
        self.stepNs = stepNs
    }
}

/// What PROBE and ECHO showed over a run, in nanoseconds.
public struct ProbeSummary: Codable, Hashable, Sendable {
    /// Answered probes.
    public var count: Int
    /// The shortest round trip, without the time inside the forwarder.
    public var minimumRoundTripNs: Int64
    /// The least value that (forwarder clock - receiver clock) can have.
    public var offsetLowNs: Int64
    /// The greatest value that (forwarder clock - receiver clock) can have.
    public var offsetHighNs: Int64

    /// A summary of probes.
    public init(count: Int, minimumRoundTripNs: Int64, offsetLowNs: Int64, offsetHighNs: Int64) {
        self.count = count
        self.minimumRoundTripNs = minimumRoundTripNs
        self.offsetLowNs = offsetLowNs
        self.offsetHighNs = offsetHighNs
    }
}
