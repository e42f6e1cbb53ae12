import ExperimentModel
import Foundation
import RemoteHosts

/// A run while it goes on: what its phases share, and the manifest that is saved after each change.
public actor RunSession {
    /// One host of the run, for work that goes on beside the session.
    struct Handle: Sendable {
        let name: String
        let specification: HostSpecification
        let host: any RemoteHost
    }

    /// The surroundings.
    nonisolated let environment: RunEnvironment
    /// Where everything is saved.
    nonisolated let directory: RunDirectory
    /// What the user asked for.
    nonisolated let options: RunOptions
    private let observer: any RunObserver
    /// The hosts that do not answer just now.
    nonisolated let troubles: HostTroubles

    /// The manifest.
    private(set) var record: RunRecord
    /// The simulated world, if there is one.
    var lab: (any Lab)?
    /// The hosts that were made, by name.
    var hosts: [String: any RemoteHost] = [:]
    /// The agent of each host.
    var agents: [String: AgentFile] = [:]
    /// The stretches of measuring, in order.
    var blocks: [BlockPlan] = []
    /// The agents that were prepared and whose traces are still on their hosts.
    var placements: [Placement] = []
    /// The secret that all agents of the run share; it is never saved.
    let secret: String

    /// The hosts that did not answer when the run was to end.
    var unreachable: Set<String> = []

    /// What the analysis found.
    var analysis: AnalysisOutcome?

    private var phaseIndex: Int?

    /// A run that begins, in a directory made for it.
    init(
        environment: RunEnvironment,
        directory: RunDirectory,
        record: RunRecord,
        options: RunOptions,
        observer: any RunObserver
    ) {
        self.environment = environment
        self.directory = directory
        self.record = record
        self.options = options
        self.observer = observer
        self.troubles = HostTroubles(clock: environment.clock, observer: observer)
        self.secret = environment.makeSecret()
    }

    /// The experiment as it is run.
    var experiment: Experiment { record.experiment }

    // MARK: Phases

    /// Goes through one phase: recorded with start, end, checks and outcome, whatever happens.
    func perform(_ phase: some RunPhase) async throws {
        let name = phase.name(for: experiment)
        record.phases.append(PhaseRecord(name: name, beganSeconds: environment.clock.wallSeconds))
        phaseIndex = record.phases.count - 1
        observer.phaseBegan(name)
        do {
            try save()
            try await phase.perform(in: self)
            endPhase(nil)
        } catch {
            endPhase(error)
            throw error
        }
        try save()
    }

    private func endPhase(_ error: (any Error)?) {
        guard let index = phaseIndex else { return }
        let checks = record.phases[index].checks
        if let error {
            // The reason stands in the phase even when no check has said it.
            if !checks.contains(where: { $0.outcome == .failed }) {
                let reason = error is CancellationError ? "interrupted" : "\(error)"
                note(CheckRecord(record.phases[index].name, .failed, reason))
            }
            record.phases[index].outcome = .failed
        } else {
            let outcomes = checks.map(\.outcome)
            record.phases[index].outcome =
                outcomes.contains(.warning) || outcomes.contains(.failed)
                ? .warning : !outcomes.isEmpty && outcomes.allSatisfy { $0 == .skipped } ? .skipped : .passed
        }
        record.phases[index].endedSeconds = environment.clock.wallSeconds
        phaseIndex = nil
        observer.phaseEnded(record.phases[index])
        if error != nil { try? save() }
    }

    /// Records a line of evidence in the phase that runs.
    func note(_ check: CheckRecord) {
        if let index = phaseIndex { record.phases[index].checks.append(check) }
        observer.checked(check)
    }

    /// Records what the reader of the results must know.
    func warn(_ text: String) {
        if !record.warnings.contains(text) { record.warnings.append(text) }
    }

    /// Shows what a phase waits for.
    func show(waiting text: String) { observer.waiting(text) }

    /// Shows a look at the agents.
    func show(_ view: LiveView) { observer.live(view) }

    // MARK: The manifest

    /// Changes the manifest and saves it.
    func update(_ change: (inout RunRecord) throws -> Void) throws {
        try change(&record)
        try save()
    }

    /// Changes what is known of a host and saves it.
    func updateHost(_ name: String, _ change: @Sendable (inout HostRecord) -> Void) throws {
        var host = record.hosts[name] ?? HostRecord()
        change(&host)
        record.hosts[name] = host
        try save()
    }

    private func save() throws { try directory.save(record) }

    // MARK: Hosts

    /// The host with this name, which must have been made.
    func handle(_ name: String) throws -> Handle {
        guard let host = hosts[name] else {
            throw OrchestrationError(.hostUnusable, "\(name): there is no connection to this host")
        }
        return Handle(name: name, specification: experiment.hosts[name] ?? HostSpecification(), host: host)
    }

    /// Does the same on several hosts at once, and gathers every failure, not only the first.
    ///
    /// - Parameters:
    ///   - names: the hosts.
    ///   - what: names the failed check.
    ///   - code: what a failure is that has no code of its own.
    func onEachHost<Value: Sendable>(
        _ names: [String],
        _ what: String,
        failure code: OrchestrationError.Code,
        _ work: @escaping @Sendable (Handle) async throws -> Value
    ) async throws -> [String: Value] {
        var values: [String: Value] = [:]
        var failures: [(host: String, error: OrchestrationError)] = []
        let handles = try names.map { try handle($0) }
        await withTaskGroup(of: (String, Result<Value, any Error>).self) { group in
            for handle in handles {
                group.addTask {
                    do { return (handle.name, .success(try await work(handle))) } catch {
                        return (handle.name, .failure(error))
                    }
                }
            }
            for await (name, result) in group {
                switch result {
                case .success(let value): values[name] = value
                case .failure(let error):
                    if error is CancellationError { continue }
                    let failure = Self.failure(error, host: name, code: code)
                    note(CheckRecord(host: name, what, .failed, Self.withoutHost(failure.message, name)))
                    failures.append((name, failure))
                }
            }
        }
        try Task.checkCancellation()
        let ordered = failures.sorted { (names.firstIndex(of: $0.host) ?? 0) < (names.firstIndex(of: $1.host) ?? 0) }
        guard let first = ordered.first else {
            // Somebody gave up although nobody asked: that is no success.
            guard values.count == handles.count else { throw CancellationError() }
            return values
        }
        throw OrchestrationError(
            first.error.code,
            ordered.map(\.error.message).joined(separator: "\n"),
            cause: first.error
        )
    }

    /// A failure on a host with a code of ours, and the host's name in front.
    static func failure(_ error: any Error, host: String, code: OrchestrationError.Code) -> OrchestrationError {
        if let error = error as? OrchestrationError { return error }
        let text = "\(error)"
        return OrchestrationError(code, text.hasPrefix("\(host): ") ? text : "\(host): \(text)", cause: error)
    }

    private static func withoutHost(_ message: String, _ host: String) -> String {
        message.hasPrefix("\(host): ") ? String(message.dropFirst(host.count + 2)) : message
    }
}

/// An agent's place on a host, from the moment that something of it is there.
struct Placement: Hashable, Sendable {
    /// The host.
    let host: String
    /// The block.
    let block: Int
    /// The directory on the host.
    let directory: String
    /// What the agent does there.
    let role: AgentPlan.Role
    /// Whether its files are on the laptop.
    var isCollected = false
}

/// A named step of a run.
protocol RunPhase: Sendable {
    /// The name, with the real names of hosts in it.
    func name(for experiment: Experiment) -> String
    /// Does the work; what it finds goes to `session.note`, and what ends the run is thrown.
    func perform(in session: isolated RunSession) async throws
}
