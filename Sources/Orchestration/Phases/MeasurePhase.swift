import ExperimentModel
import Foundation
import RemoteHosts

/// Tells the agents to begin, and watches until the receiver has finished.
///
/// The laptop only watches: a lost connection is tried again, with growing pauses, until the agents' own deadline.
struct MeasurePhase: RunPhase {
    let block: BlockPlan

    func name(for experiment: Experiment) -> String { "measure" + block.suffix }

    func perform(in session: isolated RunSession) async throws {
        let placements = session.placements.filter { $0.block == block.number }
        try await tellToGo(placements, in: session)
        let end = try await watch(placements, in: session)
        for path in block.paths {
            let lanes = end.lanes.filter { $0.path == path.name }
            let arrived = lanes.reduce(0) { $0 + $1.counts.arrived }
            let connections = lanes.reduce(0) { $0 + $1.connections }
            let again = connections > lanes.count ? ", \(connections - lanes.count) reconnections" : ""
            session.note(
                CheckRecord(
                    host: end.host,
                    path.name,
                    arrived > 0 ? .passed : .warning,
                    "\(arrived) events on \(lanes.count) \(lanes.count == 1 ? "lane" : "lanes")\(again)"
                )
            )
        }
    }

    /// Creates the file `go` everywhere; again does no harm, so a resumed run may do it, too.
    private func tellToGo(_ placements: [Placement], in session: isolated RunSession) async throws {
        let directories = Dictionary(placements.map { ($0.host, $0.directory) }) { first, _ in first }
        _ = try await session.onEachHost(Array(directories.keys).sorted(), "go", failure: .measurementFailed) {
            handle in
            let command = RemoteCommand(
                HostScripts.go,
                arguments: [directories[handle.name] ?? ""],
                isIdempotent: true
            )
            try await handle.host.run(command).checked(host: handle.name, command: command)
        }
    }

    /// Looks each second; returns the receiver's last status.
    private func watch(_ placements: [Placement], in session: isolated RunSession) async throws -> AgentStatus {
        let clock = session.environment.clock
        let schedule = session.experiment.schedule
        let begin = clock.elapsed
        let limit =
            AgentPlans.deadline(warmUp: schedule.warmUp, duration: block.duration).duration + .seconds(60)
        var watches: [String: HostWatch] = [:]
        for placement in placements {
            watches[placement.host] = HostWatch(
                handle: try session.handle(placement.host),
                placement: placement,
                processes: session.environment.processes
            )
        }
        var view = LiveView(
            phase: name(for: session.experiment),
            elapsedSeconds: 0,
            totalSeconds: schedule.warmUp.seconds + block.duration.seconds,
            paths: block.paths.map(\.name)
        )
        while true {
            let now = clock.elapsed
            watches = try await look(watches, now: now)
            view.receiver = watches.values.first { $0.placement.role == .receive }?.status
            view.elapsedSeconds =
                Self.elapsed(view.receiver, warmUp: schedule.warmUp).map { min($0, view.totalSeconds) }
                ?? (now - begin).inSeconds
            view.unreachable = watches.compactMapValues { $0.lostSince.map { (now - $0).inSeconds } }
            session.show(view)
            for watch in watches.values.sorted(by: { $0.placement.host < $1.placement.host }) {
                try judge(watch, in: session)
            }
            if let status = view.receiver, status.state == .finished { return status }
            guard now - begin < limit else {
                throw OrchestrationError(
                    .measurementFailed,
                    "the receiver did not finish within \(Int(limit.inSeconds)) s; `latexp resume \(session.record.id)` "
                        + "looks again"
                )
            }
            try await clock.sleep(for: .seconds(1))
        }
    }

    /// The time since the warm-up began by the receiver's own clock, which a resumed run has not seen begin.
    private static func elapsed(_ status: AgentStatus?, warmUp: TimeSpan) -> Double? {
        guard let status, let window = status.window else { return nil }
        return Double(status.at.monotonicNs - window.start.monotonicNs) / 1e9 + warmUp.seconds
    }

    /// Asks all hosts at once.
    private func look(_ watches: [String: HostWatch], now: Duration) async throws -> [String: HostWatch] {
        try await withThrowingTaskGroup(of: (String, HostWatch).self) { group in
            for (name, watch) in watches {
                group.addTask {
                    var watch = watch
                    try await watch.look(now: now)
                    return (name, watch)
                }
            }
            var next: [String: HostWatch] = [:]
            for try await (name, watch) in group { next[name] = watch }
            return next
        }
    }

    /// Ends the phase when the receiver failed; a forwarder's end is said, and the rest goes on.
    private func judge(_ watch: HostWatch, in session: isolated RunSession) throws {
        guard let reason = watch.failure else { return }
        let host = watch.placement.host
        if watch.placement.role == .receive {
            throw OrchestrationError(.measurementFailed, "\(host): the receiver \(reason)")
        }
        let text = "the forwarder on \(host) \(reason); its paths bring nothing any more"
        if !session.record.warnings.contains(text) {
            session.note(CheckRecord(host: host, "forwarder", .warning, text))
            session.warn(text)
        }
    }
}

/// What is known of one agent while it is watched from afar.
struct HostWatch: Sendable {
    let handle: RunSession.Handle
    let placement: Placement
    let processes: any AgentProcesses

    /// The newest status.
    private(set) var status: AgentStatus?
    /// Since when the host cannot be reached; nil when it can.
    private(set) var lostSince: Duration?
    /// Why the agent brings nothing any more, in words that follow its name; nil while it is fine.
    private(set) var failure: String?

    private var nextLook = Duration.zero
    private var pause = Duration.seconds(1)
    private var unchangedLooks = 0

    /// The longest pause between attempts to reach a lost host.
    static let longestPause = Duration.seconds(30)
    /// After so many looks at the same status, the process itself is looked at.
    static let patience = 5

    init(handle: RunSession.Handle, placement: Placement, processes: any AgentProcesses) {
        self.handle = handle
        self.placement = placement
        self.processes = processes
    }

    /// Reads the status, unless a pause after a failure is on; a failure to reach the host is noted, not thrown.
    mutating func look(now: Duration) async throws {
        guard now >= nextLook, failure == nil else { return }
        do {
            let newest = try await AgentFiles(host: handle.host, directory: placement.directory).status()
            lostSince = nil
            pause = .seconds(1)
            unchangedLooks = newest == status ? unchangedLooks + 1 : 0
            status = newest ?? status
            if status?.state == .failed { failure = "failed: \(status?.message ?? "no reason given")" }
            if unchangedLooks >= Self.patience, status?.state != .finished { try await lookAtProcess() }
        } catch let error as RemoteHostError where Self.isPassing(error) {
            if lostSince == nil { lostSince = now }
            nextLook = now + pause
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// A status that stands still: the agent may be gone.
    private mutating func lookAtProcess() async throws {
        unchangedLooks = 0
        let state = try await processes.state(on: handle.host, directory: placement.directory)
        guard state != .running else { return }
        // Its last words may have come after the last look.
        status = try await AgentFiles(host: handle.host, directory: placement.directory).status() ?? status
        if status?.state != .finished { failure = "\(state)" }
    }

    private static func isPassing(_ error: RemoteHostError) -> Bool {
        error.isTransportFailure || error.code == .timedOut || error.code == .commandNotRun
    }
}
