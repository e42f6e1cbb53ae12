/// The manifest of a campaign, `campaign.json`: one experiment done many times, and what became of each time.
public struct CampaignRecord: Codable, Hashable, Sendable {
    /// The version of this format.
    public static let currentFormat = 1

    /// How a campaign stands.
    public enum Outcome: String, Codable, Sendable {
        /// Slots are still to come, or its latexp is gone.
        case running
        /// Every slot was done, failed or missed.
        case done
        /// The user stopped it with slots to come; it can be resumed.
        case interrupted
        /// It never began: the hosts could not be prepared.
        case failed
    }

    /// The version of this format.
    public var format: Int
    /// The campaign's name: the experiment's, and the UTC time.
    public var id: String
    /// Eight random digits that tell this campaign from another of the same name, begun elsewhere in the same second.
    public var token: String
    /// The version of latexp.
    public var version: String
    /// The command line.
    public var arguments: [String]
    /// When it began, seconds since 1970 UTC, laptop's clock.
    public var beganSeconds: Double
    /// When its last slot was over.
    public var endedSeconds: Double?
    /// How it stands.
    public var outcome: Outcome
    /// Why it is not going on, when there is something to say.
    public var reason: String?
    /// The experiment as the user wrote it.
    public var supplied: JSONValue
    /// The experiment with every default.
    public var experiment: Experiment
    /// From one slot to the next.
    public var every: TimeSpan
    /// Draws each slot's own seed.
    public var seed: UInt64
    /// Whether the hosts go through it by themselves.
    public var isDetached: Bool
    /// Whether bad clocks were allowed.
    public var allowUnsynchronised: Bool
    /// Whether this machine stands for every host, without SSH.
    public var isLocal: Bool
    /// What is known of each host since it was prepared; empty unless detached.
    public var hosts: [String: HostRecord]
    /// Each slot, in order of time.
    public var slots: [CampaignSlot]
    /// What the user should know when reading the results.
    public var warnings: [String]

    /// A campaign that begins.
    public init(
        id: String,
        version: String,
        arguments: [String],
        beganSeconds: Double,
        supplied: JSONValue,
        experiment: Experiment,
        every: TimeSpan,
        seed: UInt64,
        isDetached: Bool,
        allowUnsynchronised: Bool,
        isLocal: Bool,
        slots: [CampaignSlot],
        token: String = RunRecord.randomToken()
    ) {
        self.format = Self.currentFormat
        self.id = id
        self.token = token
        self.version = version
        self.arguments = arguments
        self.beganSeconds = beganSeconds
        self.outcome = .running
        self.supplied = supplied
        self.experiment = experiment
        self.every = every
        self.seed = seed
        self.isDetached = isDetached
        self.allowUnsynchronised = allowUnsynchronised
        self.isLocal = isLocal
        self.hosts = [:]
        self.slots = slots
        self.warnings = []
    }

    /// The campaign's name on its hosts, where campaigns of several laptops may meet.
    public var nameOnHosts: String { "\(id)-\(token)" }

    /// The slots with this state.
    public func count(_ state: CampaignSlot.State) -> Int { slots.count { $0.state == state } }

    /// How it stands in a few words: "3 of 4 slots done, 1 missed".
    public var progress: String {
        let others: [(CampaignSlot.State, String)] = [
            (.cutShort, "cut short"), (.failed, "failed"), (.missed, "missed"), (.running, "running"),
            (.pending, "to come"),
        ]
        let parts = others.compactMap { state, word in
            let number = count(state)
            return number > 0 ? "\(number) \(word)" : nil
        }
        return (["\(count(.done)) of \(slots.count) slots done"] + parts).joined(separator: ", ")
    }
}

/// One time that a campaign's experiment was to be done.
public struct CampaignSlot: Codable, Hashable, Sendable {
    /// What became of it.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Its time has not come, or it is not known yet what its hosts did.
        case pending
        /// It is being done.
        case running
        /// It was measured.
        case done
        /// It was measured, and ended before its time: stopped from elsewhere.
        case cutShort
        /// It was begun and not measured as planned.
        case failed
        /// Nothing was measured.
        case missed

        /// The state as people read it.
        public var words: String { self == .cutShort ? "cut short" : rawValue }
    }

    /// Its number, from 1.
    public var number: Int
    /// When it was to begin, seconds since 1970 UTC: the laptop's clock, or the receiver's of a detached campaign.
    public var plannedSeconds: Double
    /// Draws the order of its sequential blocks.
    public var seed: UInt64
    /// What became of it.
    public var state: State
    /// Why it failed or was missed.
    public var reason: String?
    /// Its run's directory, relative to the campaign's; nil when there is none.
    public var run: String?
    /// When it began.
    public var beganSeconds: Double?
    /// When it was over.
    public var endedSeconds: Double?

    /// A slot whose time has not come.
    public init(number: Int, plannedSeconds: Double, seed: UInt64) {
        self.number = number
        self.plannedSeconds = plannedSeconds
        self.seed = seed
        self.state = .pending
    }

    /// Whether nothing will change any more.
    public var isOver: Bool { state != .pending && state != .running }
    /// Whether there is a run with figures of its own.
    public var isMeasured: Bool { state == .done || state == .cutShort }
}
