import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization

@testable import Orchestration

/// A clock on which time passes only while everybody sleeps: then it goes on to the first who wakes.
final class ManualRunClock: RunClock {
    private struct State {
        var now = Duration.zero
        /// The moments at which sleepers wake, by sleeper.
        var wakings: [UInt64: Duration] = [:]
        var nextSleeper: UInt64 = 0
        /// When somebody last fell asleep or woke, in real time.
        var changed = ContinuousClock.now
    }

    private let state = Mutex(State())
    /// Called with the time after each sleep.
    private let afterSleep: Mutex<(@Sendable (Duration) -> Void)?> = Mutex(nil)
    /// When nobody has fallen asleep or woken for so long, nobody is at work: what fakes do takes microseconds.
    private static let quiet = Duration.milliseconds(1)

    var elapsed: Duration { state.withLock { $0.now } }
    var wallSeconds: Double { 1_763_850_000 + elapsed.inSeconds }

    func onSleep(_ action: @escaping @Sendable (Duration) -> Void) { afterSleep.withLock { $0 = action } }

    func sleep(for duration: Duration) async throws {
        let sleeper = state.withLock { state in
            state.nextSleeper += 1
            state.wakings[state.nextSleeper] = state.now + duration
            state.changed = .now
            return state.nextSleeper
        }
        while true {
            await Task.yield()
            if Task.isCancelled {
                state.withLock { state in state.wakings[sleeper] = nil }
                throw CancellationError()
            }
            if let time = state.withLock({ Self.wake(sleeper, &$0) }) {
                afterSleep.withLock { $0 }?(time)
                return
            }
        }
    }

    /// The time at which a sleeper wakes, if that is now.
    private static func wake(_ sleeper: UInt64, _ state: inout State) -> Duration? {
        guard let waking = state.wakings[sleeper], ContinuousClock.now - state.changed >= quiet else { return nil }
        let first = state.wakings.min { ($0.value, $0.key) < ($1.value, $1.key) }
        guard first?.key == sleeper else { return nil }
        state.now = max(state.now, waking)
        state.wakings[sleeper] = nil
        state.changed = .now
        return state.now
    }
}

/// Notes what a run shows.
final class RecordingObserver: RunObserver {
    let lines = Mutex<[String]>([])
    let views = Mutex<[LiveView]>([])

    func phaseBegan(_ name: String) { lines.withLock { $0.append("begin \(name)") } }
    func checked(_ check: CheckRecord) {}
    func waiting(_ text: String) { lines.withLock { $0.append("waiting \(text)") } }
    func unanswered(_ hosts: [String: String], answersAgain host: String?) {}
    func live(_ view: LiveView) { views.withLock { $0.append(view) } }
    func phaseEnded(_ phase: PhaseRecord) {
        lines.withLock { $0.append("end \(phase.name) \(phase.outcome?.rawValue ?? "?")") }
    }
}

/// Says that it has analysed.
struct FakeReporter: RunReporter {
    var isUsable = true
    let journal: Journal

    func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome {
        journal.add("analyse")
        return AnalysisOutcome(verdict: "backbone is sooner", isUsable: isUsable, warnings: [])
    }

    func report(_ directory: RunDirectory) async throws -> [String] {
        journal.add("report")
        return ["report.md"]
    }
}

/// No simulated world.
struct NoLabs: LabSource {
    func start(_ request: LabRequest, in directory: RunDirectory) async throws -> any Lab {
        throw OrchestrationError(.labUnavailable, "there is no laboratory in this test")
    }
}

/// Everything around a run, made of values.
final class FakeWorld {
    let folder: URL
    let journal = Journal()
    let clock = ManualRunClock()
    let observer = RecordingObserver()
    let hosts: [String: FakeHost]
    var experiment: Experiment
    var options = RunOptions()
    var isUsable = true

    init(
        frankfurt: (inout FakeHost.State) -> Void = { _ in },
        tokyo: (inout FakeHost.State) -> Void = { _ in }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "latexp-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("the agent".utf8).write(to: folder.appending(path: "latexp-agent"))
        hosts = [
            "frankfurt": FakeHost("frankfurt", journal, frankfurt),
            "tokyo": FakeHost("tokyo", journal, tokyo),
        ]
        experiment = Experiment(
            name: "test",
            feed: FeedSpecification(streams: ["btcusdt@bookTicker"]),
            hosts: [
                "frankfurt": HostSpecification(ssh: "admin@192.0.2.1", privateAddress: "10.1.1.10"),
                "tokyo": HostSpecification(ssh: "admin@192.0.2.2"),
            ],
            receiver: "frankfurt",
            paths: [
                PathSpecification(name: "baseline", kind: .direct),
                PathSpecification(name: "backbone", kind: .relay, via: "tokyo", to: .privateAddress, port: 8080),
            ],
            schedule: Schedule(duration: .seconds(5), warmUp: .seconds(1), lanesPerPath: 1)
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var agentHash: String { FakeAgents.hash(Array("the agent".utf8)) }
    var remoteAgent: String { RemoteLayout.agent(sha256: agentHash) }

    var environment: RunEnvironment {
        let hosts = hosts
        return RunEnvironment(
            clock: clock,
            makeHost: { name, _, _ in
                guard let host = hosts[name] else {
                    throw RemoteHostError(.invalidArgument, host: name, "no such host in this test")
                }
                return host
            },
            processes: FakeProcesses(),
            agents: FakeAgents(path: folder.appending(path: "latexp-agent").path),
            labs: NoLabs(),
            reporter: FakeReporter(isUsable: isUsable, journal: journal),
            makeSecret: { String(repeating: "5ec3e7", count: 11).prefix(64).description },
            makeSeed: { 7 }
        )
    }

    var store: RunStore { RunStore(path: folder.appending(path: "runs").path) }

    func run(_ extent: RunEngine.Extent = .complete) async throws -> RunOutcome {
        try await engine(extent).run()
    }

    /// What runs the experiment, in a directory of its own.
    func engine(_ extent: RunEngine.Extent = .complete) throws -> RunEngine {
        let directory = try store.create(name: experiment.name, at: clock.wallSeconds)
        return RunEngine(
            experiment,
            supplied: .object([:]),
            directory: directory,
            environment: environment,
            options: options,
            extent: extent,
            observer: observer
        )
    }
}
