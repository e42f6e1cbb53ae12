import ExperimentModel
import RemoteHosts
import Synchronization

/// What is known of one agent while it is watched from afar.
struct HostWatch: Sendable {
    let handle: RunSession.Handle
    let placement: Placement
    let processes: any AgentProcesses

    /// The newest status.
    private(set) var status: AgentStatus?
    /// When the newest status came.
    private(set) var statusAt: Duration?
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
            if newest != status { statusAt = now }
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

/// The newest that is known of each agent, shared by those who look and the one who draws.
final class WatchBoard: Sendable {
    /// What is known of one agent, and since when an answer is waited for.
    struct Entry: Sendable {
        var watch: HostWatch
        var waitingSince: Duration?
        /// The looks that came to an end, whether they reached the host or not.
        var looks = 0
        /// Whether the drawer has it.
        var isSeen = false

        /// For how long the host has not been reached; nil when it answers.
        func lostSeconds(at now: Duration) -> Double? {
            if let since = watch.lostSince { return (now - since).inSeconds }
            guard let waitingSince, now - waitingSince >= WatchBoard.patience else { return nil }
            return (now - waitingSince).inSeconds
        }

        /// For how long the agent has said nothing new, though its host answers; nil when it does, or is over.
        func silentSeconds(at now: Duration) -> Double? {
            guard lostSeconds(at: now) == nil, watch.failure == nil, let saidAt = watch.statusAt,
                now - saidAt >= WatchBoard.silence, let state = watch.status?.state,
                ![.finished, .failed].contains(state)
            else { return nil }
            return (now - saidAt).inSeconds
        }
    }

    /// After so long without a new status an agent, which writes one each second, counts as silent.
    static let silence = Duration.seconds(4)
    /// After so long without an answer a host counts as not reached.
    static let patience = Duration.seconds(3)
    /// Between two looks at one agent.
    static let interval = Duration.seconds(1)

    private struct State {
        var entries: [String: Entry] = [:]
        var failure: (any Error)?
    }

    private let state: Mutex<State>

    init(_ watches: [HostWatch]) {
        let pairs = watches.map { ($0.placement.host, Entry(watch: $0)) }
        state = Mutex(State(entries: Dictionary(pairs) { first, _ in first }))
    }

    /// What is known now, by host; it counts as seen then.
    ///
    /// - Throws: what made one of the followers give up.
    func newest() throws -> [String: Entry] {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            for host in state.entries.keys { state.entries[host]?.isSeen = true }
            return state.entries
        }
    }

    /// Looks each second until cancelled; what cannot pass by itself is kept for ``newest()``.
    func follow(_ watch: HostWatch, _ clock: any RunClock) async {
        var watch = watch
        let host = watch.placement.host
        do {
            while true {
                let now = clock.elapsed
                state.withLock { $0.entries[host]?.waitingSince = now }
                try await watch.look(now: now)
                let found = watch
                state.withLock { state in
                    state.entries[host] = Entry(watch: found, looks: (state.entries[host]?.looks ?? 0) + 1)
                }
                // Nothing that was found is overwritten before it was seen.
                repeat { try await clock.sleep(for: Self.interval) } while !isSeen(host)
            }
        } catch is CancellationError {
        } catch {
            state.withLock { $0.failure = error }
        }
    }

    private func isSeen(_ host: String) -> Bool { state.withLock { $0.entries[host]?.isSeen ?? true } }
}
