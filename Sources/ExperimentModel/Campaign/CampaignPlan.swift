/// All that a host's campaign supervisor needs to know, sent to it as a file before it starts.
///
/// The supervisor is the agent's own program in its `campaign` mode. It waits for each task's moment on its host's wall clock,
/// looks at the clock, runs the task's agent and writes down what came of it. Hosts do not talk to each other before an agent does.
public struct CampaignPlan: Codable, Hashable, Sendable {
    /// The version of this format; a supervisor refuses another.
    public static let currentFormat = 1
    /// The supervisor's file of what came of its tasks, in its directory.
    public static let statusFile = "tasks.json"

    /// The version of this format.
    public var format: Int
    /// The campaign's name on its hosts.
    public var campaignID: String
    /// The host's name in the experiment.
    public var host: String
    /// How good the clock must be at each task.
    public var clock: ClockRequirement
    /// Whether tasks go on with a bad clock.
    public var allowsUnsynchronisedClocks: Bool
    /// Extra arguments of `chronyc`; nil when the clock is not looked at.
    public var chronyc: [String]?
    /// How long an agent may take to become ready.
    public var readyLimit: TimeSpan
    /// What is to be done, in order of time.
    public var tasks: [CampaignTask]

    /// A plan from its parts.
    public init(
        campaignID: String,
        host: String,
        clock: ClockRequirement,
        allowsUnsynchronisedClocks: Bool,
        chronyc: [String]?,
        readyLimit: TimeSpan,
        tasks: [CampaignTask]
    ) {
        self.format = Self.currentFormat
        self.campaignID = campaignID
        self.host = host
        self.clock = clock
        self.allowsUnsynchronisedClocks = allowsUnsynchronisedClocks
        self.chronyc = chronyc
        self.readyLimit = readyLimit
        self.tasks = tasks
    }
}

/// One block of one run of a campaign, as one host does it.
public struct CampaignTask: Codable, Hashable, Sendable {
    /// The run's number in the campaign, from 1.
    public var slot: Int
    /// The block's number in its run, from 1.
    public var block: Int
    /// When its agent is started, host's wall clock.
    public var startWallNs: Int64
    /// After this it is not begun any more.
    public var latestStartWallNs: Int64
    /// By then it must be over: the next task begins.
    public var endWallNs: Int64
    /// The agent's directory, below the supervisor's.
    public var directory: String
    /// What the agent does.
    public var plan: AgentPlan

    /// A task from its parts.
    public init(
        slot: Int,
        block: Int,
        startWallNs: Int64,
        latestStartWallNs: Int64,
        endWallNs: Int64,
        directory: String,
        plan: AgentPlan
    ) {
        self.slot = slot
        self.block = block
        self.startWallNs = startWallNs
        self.latestStartWallNs = latestStartWallNs
        self.endWallNs = endWallNs
        self.directory = directory
        self.plan = plan
    }
}

/// What a supervisor says of itself and its tasks (written whole, then renamed).
public struct CampaignHostStatus: Codable, Hashable, Sendable {
    /// The campaign's name on its hosts.
    public var campaignID: String
    /// The host's name.
    public var host: String
    /// When this was written, host's wall clock.
    public var atWallNs: Int64
    /// Each task, in the plan's order.
    public var tasks: [CampaignTaskRecord]

    /// A status from its parts.
    public init(campaignID: String, host: String, atWallNs: Int64, tasks: [CampaignTaskRecord]) {
        self.campaignID = campaignID
        self.host = host
        self.atWallNs = atWallNs
        self.tasks = tasks
    }

    /// What came of one task.
    public func task(slot: Int, block: Int) -> CampaignTaskRecord? {
        tasks.first { $0.slot == slot && $0.block == block }
    }
}

/// What came of one task on its host.
public struct CampaignTaskRecord: Codable, Hashable, Sendable {
    /// How far a task is.
    public enum State: String, Codable, Sendable {
        /// Its time has not come.
        case waiting
        /// Its agent runs.
        case running
        /// Its agent came to its planned end.
        case done
        /// Its agent was started and did not do what it should.
        case failed
        /// No agent was started.
        case missed
    }

    /// The run's number in the campaign, from 1.
    public var slot: Int
    /// The block's number, from 1.
    public var block: Int
    /// How far it is.
    public var state: State
    /// Why it failed or was missed, or what else is to be said.
    public var reason: String?
    /// When its agent was started, host's wall clock.
    public var beganWallNs: Int64?
    /// When it was over.
    public var endedWallNs: Int64?
    /// The agent's exit status; 128 + n after signal n.
    public var exitStatus: Int32?
    /// The clock before the agent was started.
    public var clockBefore: ClockReading?
    /// The clock after it had ended.
    public var clockAfter: ClockReading?

    /// A task whose time has not come.
    public init(slot: Int, block: Int) {
        self.slot = slot
        self.block = block
        self.state = .waiting
    }

    /// Whether nothing will change any more.
    public var isOver: Bool { state != .waiting && state != .running }
}
