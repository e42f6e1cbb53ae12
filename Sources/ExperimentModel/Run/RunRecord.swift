/// The manifest of a run, `run.json`: what was asked, what was done, on which hosts, and how it ended.
public struct RunRecord: Codable, Hashable, Sendable {
    /// The version of this format.
    public static let currentFormat = 1

    /// How a run ended, or that it has not.
    public enum Outcome: String, Codable, Sendable {
        /// It is running, or its laptop is gone.
        case running
        /// All phases passed.
        case done
        /// A phase failed.
        case failed
        /// The user stopped it.
        case interrupted
    }

    /// The version of this format.
    public var format: Int
    /// The run's name: the experiment's, and the UTC time.
    public var id: String
    /// Eight random digits that tell this run from another of the same name, begun elsewhere in the same second.
    public var token: String
    /// The version of latexp.
    public var version: String
    /// The command line.
    public var arguments: [String]
    /// When it began, seconds since 1970 UTC, laptop's clock.
    public var beganSeconds: Double
    /// When it ended.
    public var endedSeconds: Double?
    /// How it ended.
    public var outcome: Outcome
    /// The exit status of the command.
    public var exitStatus: Int32?
    /// The experiment as the user wrote it.
    public var supplied: JSONValue
    /// The experiment with every default, as it was run.
    public var experiment: Experiment
    /// Whether bad clocks were allowed.
    public var allowUnsynchronised: Bool
    /// Each host.
    public var hosts: [String: HostRecord]
    /// Each phase, in order.
    public var phases: [PhaseRecord]
    /// Each stretch of measuring; one unless the run is sequential.
    public var blocks: [BlockRecord]
    /// What the user should know when reading the results.
    public var warnings: [String]

    /// A run that begins.
    public init(
        id: String,
        version: String,
        arguments: [String],
        beganSeconds: Double,
        supplied: JSONValue,
        experiment: Experiment,
        allowUnsynchronised: Bool = false,
        token: String = randomToken()
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
        self.allowUnsynchronised = allowUnsynchronised
        self.hosts = [:]
        self.phases = []
        self.blocks = []
        self.warnings = []
    }

    /// The run's name on its hosts, where runs of several laptops may meet.
    public var nameOnHosts: String { "\(id)-\(token)" }

    /// Eight hexadecimal digits from the system's generator.
    public static func randomToken() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// What a run knows of one host.
public struct HostRecord: Codable, Hashable, Sendable {
    /// How it was reached: address, host key, how that was trusted.
    public var connection: String?
    /// What it is.
    public var facts: HostFacts?
    /// The agent's SHA-256 on the host, verified there.
    public var agentSHA256: String?
    /// Whether the agent was uploaded in this run, or was there already.
    public var agentUploaded: Bool?
    /// The run's directory on the host.
    public var directory: String?
    /// The clock before the measurement.
    public var clockBefore: ClockReading?
    /// The clock after the measurement.
    public var clockAfter: ClockReading?

    /// Nothing known yet.
    public init() {}
}

/// What a host is, as it says itself.
public struct HostFacts: Codable, Hashable, Sendable {
    /// `uname -srm`.
    public var kernel: String
    /// `x86_64`, `aarch64`.
    public var architecture: String
    /// The distribution's name.
    public var system: String?
    /// The C library and its version.
    public var libc: String?
    /// Processors.
    public var cpus: Int
    /// Free memory, octets.
    public var freeMemoryBytes: Int64?
    /// Free disk where the agent lives, octets.
    public var freeDiskBytes: Int64?
    /// chrony's version; nil when chronyc is missing.
    public var chronyVersion: String?
    /// The instance type, on EC2.
    public var instanceType: String?
    /// The region, on EC2.
    public var region: String?
    /// The availability zone's id, on EC2.
    public var zone: String?

    /// Facts from their parts.
    public init(kernel: String, architecture: String, cpus: Int) {
        self.kernel = kernel
        self.architecture = architecture
        self.cpus = cpus
    }
}

/// One phase of a run: what was checked, and how it came out.
public struct PhaseRecord: Codable, Hashable, Sendable {
    /// The phase's name.
    public var name: String
    /// How it came out; nil while it runs.
    public var outcome: CheckRecord.Outcome?
    /// When it began, seconds since 1970 UTC, laptop's clock.
    public var beganSeconds: Double
    /// When it ended.
    public var endedSeconds: Double?
    /// What was checked.
    public var checks: [CheckRecord]

    /// A phase that begins.
    public init(name: String, beganSeconds: Double) {
        self.name = name
        self.beganSeconds = beganSeconds
        self.checks = []
    }
}

/// One line of evidence.
public struct CheckRecord: Codable, Hashable, Sendable {
    /// How a check came out.
    public enum Outcome: String, Codable, Sendable {
        /// As it should be.
        case passed
        /// Usable, but the user should know.
        case warning
        /// Not usable.
        case failed
        /// Not looked at, and why stands in the detail.
        case skipped
    }

    /// The host it is about; nil for the run as a whole.
    public var host: String?
    /// What was checked.
    public var name: String
    /// How it came out.
    public var outcome: Outcome
    /// The evidence: figures, or the reason.
    public var detail: String

    /// A line of evidence.
    public init(host: String? = nil, _ name: String, _ outcome: Outcome, _ detail: String) {
        self.host = host
        self.name = name
        self.outcome = outcome
        self.detail = detail
    }
}

/// One stretch of measuring.
public struct BlockRecord: Codable, Hashable, Sendable {
    /// Its number, from 1.
    public var number: Int
    /// The names of the paths that it measured.
    public var paths: [String]
    /// Where each host's files of this block are, relative to the run directory.
    public var directories: [String: String]
    /// The measured window on the receiver's clocks.
    public var window: MeasuredWindow?

    /// A block that begins.
    public init(number: Int, paths: [String]) {
        self.number = number
        self.paths = paths
        self.directories = [:]
    }
}
