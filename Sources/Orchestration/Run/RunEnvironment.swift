import ExperimentModel
import Foundation
import RemoteHosts

/// Everything that a run takes from its surroundings, so that a test can be the world.
public struct RunEnvironment: Sendable {
    /// The laptop's clock.
    public var clock: any RunClock
    /// Makes a host from its name and specification; connecting comes later.
    ///
    /// The host tells its notices while somebody waits for it.
    public var makeHost: MakeHost
    /// Starts, watches and stops agents.
    public var processes: any AgentProcesses
    /// Finds the agent for an architecture.
    public var agents: any AgentSource
    /// Brings up a simulated world.
    public var labs: any LabSource
    /// Analyses and reports.
    public var reporter: any RunReporter
    /// Makes a run's secret: 64 hexadecimal digits that nobody can guess.
    public var makeSecret: @Sendable () -> String
    /// Makes a seed for an order that the experiment leaves open.
    public var makeSeed: @Sendable () -> UInt64

    /// What makes a host.
    public typealias MakeHost =
        @Sendable (
            _ name: String, _ specification: HostSpecification, _ notice: @escaping @Sendable (HostNotice) -> Void
        ) async throws -> any RemoteHost

    /// An environment from its parts.
    public init(
        clock: any RunClock,
        makeHost: @escaping MakeHost,
        processes: any AgentProcesses,
        agents: any AgentSource,
        labs: any LabSource,
        reporter: any RunReporter,
        makeSecret: @escaping @Sendable () -> String = RunEnvironment.randomSecret,
        makeSeed: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 0..<1 << 53) }
    ) {
        self.clock = clock
        self.makeHost = makeHost
        self.processes = processes
        self.agents = agents
        self.labs = labs
        self.reporter = reporter
        self.makeSecret = makeSecret
        self.makeSeed = makeSeed
    }

    /// The real world.
    ///
    /// - Parameters:
    ///   - agentFile: the agent to use for every host, when the user named one.
    ///   - folders: where agents and the laboratory are looked for, in order.
    ///   - labFile: the laboratory's executable, when the user named one.
    ///   - passphrase: asks for a private key's passphrase; nil to refuse such keys.
    ///   - patience: for how long a host is tried that cannot be reached.
    public static func system(
        agentFile: String?,
        folders: [String],
        labFile: String?,
        passphrase: (@Sendable (String) -> String?)? = nil,
        patience: RetryingHost.Patience = .ofARun
    ) -> RunEnvironment {
        // One for all hosts: a key that several use is asked for once.
        let passphrases = passphrase.map { PassphraseStore($0) }
        return RunEnvironment(
            clock: SystemRunClock(),
            makeHost: { name, specification, notice in
                if specification.isLocal { return LocalHost(name: name) }
                let target = try await SSHTarget.resolve(
                    specification.ssh ?? "",
                    host: name,
                    identityFile: specification.identityFile,
                    knownHosts: specification.knownHosts,
                    hostKey: specification.hostKey
                )
                var options = SSHOptions()
                options.passphrases = passphrases
                options.notice = notice
                let host = try SSHHost(name: name, target: target, options: options)
                return RetryingHost(host, patience: patience, notice: notice)
            },
            processes: DetachedAgents(),
            agents: AgentLocator(explicitFile: agentFile, folders: folders),
            labs: LabLocator(explicitFile: labFile, folders: folders),
            reporter: StandardReporter()
        )
    }

    /// 256 bits from the system's generator.
    public static func randomSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Agents as detached processes of the host's own.
struct DetachedAgents: AgentProcesses {
    func launch(on host: any RemoteHost, directory: String, command: [String], maximumSeconds: Int) async throws {
        let process = DetachedProcess(host: host)
        let outcome: DetachedProcess.LaunchOutcome
        do {
            outcome = try await process.launch(directory: directory, command: command, maximumSeconds: maximumSeconds)
        } catch let error as RemoteHostError where error.isTransportFailure {
            // Whether it was started before the connection broke, the host knows; what was not will not be, since a
            // connection that is given up delivers nothing any more.
            guard case .absent = try await process.state(directory: directory) else { return }
            outcome = try await process.launch(directory: directory, command: command, maximumSeconds: maximumSeconds)
        }
        guard outcome != .alreadyRunning else {
            throw OrchestrationError(
                .hostUnusable,
                "\(host.name): an agent already runs in \(directory); end it with `latexp stop RUN`"
            )
        }
    }

    func state(on host: any RemoteHost, directory: String) async throws -> AgentProcessState {
        switch try await DetachedProcess(host: host).state(directory: directory) {
        case .running: .running
        case .exited(let code): .exited(code)
        case .lost: .lost
        case .absent: .absent
        }
    }

    func stop(on host: any RemoteHost, directory: String, grace: Duration) async throws {
        try await DetachedProcess(host: host).stop(directory: directory, grace: grace)
    }
}
