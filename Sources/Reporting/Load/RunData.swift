import ExperimentModel

/// All that a finished run left behind and that its analysis needs.
public struct RunData: Sendable {
    /// The manifest.
    public var record: RunRecord
    /// Each stretch of measuring.
    public var blocks: [BlockData]
    /// What the simulated world knows to be true; nil in a real run.
    public var truth: [LabTruth]?
    /// Amazon's list of its address ranges; nil without one.
    public var addressRanges: AddressRanges?

    /// A run's data from its parts.
    public init(record: RunRecord, blocks: [BlockData], truth: [LabTruth]? = nil) {
        self.record = record
        self.blocks = blocks
        self.truth = truth
    }

    /// The version of the agent that received; nil when it left no summary.
    public var agentVersion: String? { blocks.lazy.compactMap(\.receiver?.agentVersion).first }

    /// How long after the start of the first measured window a block's own began, seconds; 0 for one that never did.
    ///
    /// All that a report says of a moment is counted from the start of the first window.
    func offsetSeconds(of block: BlockData) -> Double {
        let starts = blocks.compactMap { $0.window?.start.monotonicNs }
        guard let first = starts.min(), let start = block.window?.start.monotonicNs else { return 0 }
        return Double(start - first) / 1e9
    }

    /// Where a block's files of the receiver are, relative to the run directory; nil when none came home.
    func receiverFolder(of block: BlockData) -> String? {
        record.blocks.first { $0.number == block.number }?.directories[record.experiment.receiver]
    }
}

/// What one stretch of measuring left behind.
public struct BlockData: Sendable {
    /// Its number, from 1.
    public var number: Int
    /// The paths that it measured, in the order in which lanes are numbered.
    public var paths: [AgentPath]
    /// The streams that samples index.
    public var streams: [String]
    /// The measured window on the receiver's clocks; nil if it never began.
    public var window: MeasuredWindow?
    /// The receiver's account; nil if it left none.
    public var receiver: AgentSummary?
    /// The forwarders' accounts, by host.
    public var forwarders: [String: AgentSummary]
    /// Every record of the receiver, in the order of arrival.
    public var samples: RecordedSamples
    /// Octets of a record that was cut short.
    public var tornBytes: Int
    /// The clock readings of each host's agent.
    public var clocks: [String: [ClockReading]]
    /// What each host's TCP sent again; hosts that were not watched have none.
    public var retransmissions: [String: [Retransmission]]
    /// Files that should be there and are not, relative to the run directory.
    public var missingFiles: [String]
    /// What is wrong with files that are there, each with its name relative to the run directory.
    public var faults: [String]
    /// How long the window would have been, nanoseconds, had the receiver not ended in it without its summary; nil when it
    /// left one.
    public var brokenOffWindowNs: Int64?

    /// An empty block.
    public init(number: Int, paths: [AgentPath], streams: [String], window: MeasuredWindow?) {
        self.number = number
        self.paths = paths
        self.streams = streams
        self.window = window
        self.forwarders = [:]
        self.samples = []
        self.tornBytes = 0
        self.clocks = [:]
        self.retransmissions = [:]
        self.missingFiles = []
        self.faults = []
    }

    /// The path and its lane that a sample's lane number means; nil for a number that no path has.
    public func place(ofLane number: Int) -> (path: AgentPath, lane: Int)? {
        var lane = number
        for path in paths {
            if lane < path.lanes { return (path, lane) }
            lane -= path.lanes
        }
        return nil
    }

    /// The number that samples of a path's lane bear; nil for a lane that the path does not have.
    func number(ofLane lane: Int, of name: String) -> Int? {
        var first = 0
        for path in paths {
            if path.name == name { return lane < path.lanes ? first + lane : nil }
            first += path.lanes
        }
        return nil
    }
}
