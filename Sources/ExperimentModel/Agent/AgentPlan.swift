/// All that an agent needs to know of a run, sent to it as a file before it starts.
public struct AgentPlan: Codable, Hashable, Sendable {
    /// The version of this format; an agent refuses another.
    public static let currentFormat = 1
    /// The file in a forwarder's directory that makes it break its relay connections off once.
    public static let reconnectFile = "reconnect"

    /// The nicenesses that there are.
    public static let nicenesses = -20...19

    /// What an agent does on its host.
    public enum Role: String, Codable, Sendable {
        /// Takes the feed and relays it on.
        case forward
        /// The end of every path.
        case receive
    }

    /// When the measured window begins.
    public enum Start: String, Codable, Sendable {
        /// When the file `go` appears in the run's directory: the laptop has seen that everything works.
        case whenTold
        /// With the first event: an agent started by hand.
        case atFirstEvent
    }

    /// The version of this format.
    public var format: Int
    /// The run that this agent belongs to.
    public var runID: String
    /// The host's name in the experiment.
    public var host: String
    /// What the agent does.
    public var role: Role
    /// The market whose messages come.
    public var market: Market
    /// The streams to take.
    public var streams: [String]
    /// Where the feed is; nil for the market's own address.
    public var feedURL: String?
    /// A file of trusted certificates on the host; nil for the host's own bundle.
    public var caFile: String?
    /// Addresses to dial instead of the ones named, `HOST:PORT` to `ADDRESS:PORT`.
    public var connectTo: [String: String]
    /// The paths that this agent takes part in.
    public var paths: [AgentPath]
    /// A 0600 file that holds the run's secret; nil by hand, when relays prove nothing.
    public var secretFile: String?
    /// When the measured window begins.
    public var start: Start
    /// Recorded but not analysed, from the start.
    public var warmUp: TimeSpan
    /// The measured time after the warm-up.
    public var duration: TimeSpan
    /// The agent ends itself after this long, whatever happens.
    public var deadline: TimeSpan
    /// Pauses between attempts to connect.
    public var reconnect: ReconnectPolicy
    /// Events kept for each lane while the receiver is away.
    public var bufferEvents: Int
    /// How relay connections are kept ready for bursts; nil for none of it, as by hand without the flag.
    public var relay: RelayTransport?
    /// Whether the agent never sleeps, which takes a core of its own; nil for no.
    public var busyPoll: Bool?
    /// The niceness that the measuring thread asks for; nil leaves it as it is.
    public var niceness: Int?
    /// Extra arguments of `chronyc`; nil when the clock is not to be sampled.
    public var chronyc: [String]?
    /// How often the clock is sampled.
    public var clockInterval: TimeSpan
    /// The age at which a connection to the exchange is replaced; nil for ten minutes less than the 24 hours after which
    /// the exchange closes it.
    ///
    /// Only tests have no day to wait.
    public var renewAfter: TimeSpan?
    /// Also write `results-<path>.json` here in the first design's form; used by hand.
    public var outputFile: String?

    /// A plan from its parts.
    public init(
        runID: String,
        host: String,
        role: Role,
        market: Market,
        streams: [String],
        feedURL: String? = nil,
        caFile: String? = nil,
        connectTo: [String: String] = [:],
        paths: [AgentPath],
        secretFile: String? = nil,
        start: Start,
        warmUp: TimeSpan,
        duration: TimeSpan,
        deadline: TimeSpan,
        reconnect: ReconnectPolicy = ReconnectPolicy(),
        bufferEvents: Int = RelayBuffer().events,
        relay: RelayTransport? = nil,
        busyPoll: Bool? = nil,
        niceness: Int? = nil,
        chronyc: [String]? = nil,
        clockInterval: TimeSpan = .seconds(30),
        outputFile: String? = nil
    ) {
        self.format = Self.currentFormat
        self.runID = runID
        self.host = host
        self.role = role
        self.market = market
        self.streams = streams
        self.feedURL = feedURL
        self.caFile = caFile
        self.connectTo = connectTo
        self.paths = paths
        self.secretFile = secretFile
        self.start = start
        self.warmUp = warmUp
        self.duration = duration
        self.deadline = deadline
        self.reconnect = reconnect
        self.bufferEvents = bufferEvents
        self.relay = relay
        self.busyPoll = busyPoll
        self.niceness = niceness
        self.chronyc = chronyc
        self.clockInterval = clockInterval
        self.outputFile = outputFile
    }
}

/// One path, as an agent sees it.
///
/// Its lanes follow those of the paths before it in the numbering of samples.
public struct AgentPath: Codable, Hashable, Sendable {
    /// The path's name.
    public var name: String
    /// Direct or relayed.
    public var kind: PathSpecification.Kind
    /// The number of lanes.
    public var lanes: Int
    /// The port: the receiver's to listen on, the forwarder's to dial.
    public var port: Int?
    /// The address that the forwarder dials; nil at the receiver.
    public var destination: String?
    /// What carries a relay's events; nil for TCP.
    public var transport: PathTransport?

    /// A path from its parts.
    public init(
        name: String,
        kind: PathSpecification.Kind,
        lanes: Int,
        port: Int? = nil,
        destination: String? = nil,
        transport: PathTransport? = nil
    ) {
        self.name = name
        self.kind = kind
        self.lanes = lanes
        self.port = port
        self.destination = destination
        self.transport = transport
    }
}
