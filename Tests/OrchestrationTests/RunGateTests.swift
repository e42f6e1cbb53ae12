import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

/// What stops a run, and where.
@Suite("A run's gates", .timeLimit(.minutes(1)))
struct RunGateTests {
    struct Gate: Sendable, CustomTestStringConvertible {
        let name: String
        let frankfurt: @Sendable (inout FakeHost.State) -> Void
        let phase: String
        let status: CommandStatus
        let message: String
        var testDescription: String { name }
    }

    static let gates = [
        Gate(
            name: "an unreachable host",
            frankfurt: { $0.connectError = RemoteHostError(.unreachable, host: "frankfurt", "no route to 192.0.2.1") },
            phase: "connect",
            status: .hostUnusable,
            message: "frankfurt: no route to 192.0.2.1"
        ),
        Gate(
            name: "a changed host key",
            frankfurt: { $0.connectError = RemoteHostError(.hostKeyChanged, host: "frankfurt", "the key changed") },
            phase: "connect",
            status: .hostUnusable,
            message: "the key changed"
        ),
        Gate(
            name: "a missing tool",
            frankfurt: { $0.facts = FakeHost.facts(extra: "missing=flock") },
            phase: "inspect",
            status: .hostUnusable,
            message: "flock missing"
        ),
        Gate(
            name: "a full disk",
            frankfurt: { $0.facts = FakeHost.facts(extra: "disk=1000000") },
            phase: "inspect",
            status: .hostUnusable,
            message: "only 0 MiB are free"
        ),
        Gate(
            name: "an architecture without an agent",
            frankfurt: { $0.facts = FakeHost.facts(architecture: "riscv64") },
            phase: "push",
            status: .hostUnusable,
            message: "no agent for Linux on riscv64"
        ),
        Gate(
            name: "an upload that fails",
            frankfurt: { $0.uploadError = RemoteHostError(.transferFailed, host: "frankfurt", "disk full") },
            phase: "push",
            status: .hostUnusable,
            message: "disk full"
        ),
        Gate(
            name: "an agent of another build",
            frankfurt: { $0.version = "0.0.9" },
            phase: "push",
            status: .hostUnusable,
            message: "not of one build"
        ),
        Gate(
            name: "a clock that is not synchronised",
            frankfurt: { $0.clocks = [FakeHost.badClock] },
            phase: "clock",
            status: .clockUnusable,
            message: "frankfurt: chronyd is not synchronised"
        ),
        Gate(
            name: "a missing chronyc",
            frankfurt: { $0.clocks = [FakeHost.noChrony] },
            phase: "clock",
            status: .clockUnusable,
            message: "install chrony"
        ),
    ]

    @Test("stop it with their exit status, before any agent is started", arguments: gates)
    func stops(_ gate: Gate) async throws {
        let world = try FakeWorld(frankfurt: gate.frankfurt)
        let outcome = try await world.run()
        let error = try #require(outcome.error)
        #expect(outcome.status == gate.status)
        #expect(error.message.contains(gate.message), "\(error.message)")
        let failed = try #require(outcome.record.phases.first { $0.outcome == .failed })
        #expect(failed.name == gate.phase)
        #expect(failed.checks.contains { $0.outcome == .failed })
        #expect(!world.journal.all.contains { $0.contains("launch") || $0.contains("prepare") })
        let next = outcome.record.phases.drop { $0.name != gate.phase }.dropFirst().map(\.name)
        #expect(next == ["clean up"], "nothing but the clean-up comes after the gate")
        #expect(try outcome.directory.loadRecord().outcome == .failed)
    }

    @Test("name both hosts when both fail")
    func bothNamed() async throws {
        let world = try FakeWorld(
            frankfurt: { $0.connectError = RemoteHostError(.unreachable, host: "frankfurt", "no route") },
            tokyo: { $0.connectError = RemoteHostError(.authenticationFailed, host: "tokyo", "no key fits") }
        )
        let error = try #require(try await world.run().error)
        #expect(error.message == "frankfurt: no route\ntokyo: no key fits")
    }

    @Test("refuse a host that is in another region than it claims")
    func region() async throws {
        let world = try FakeWorld(frankfurt: { $0.facts = FakeHost.facts(region: "us-east-1") })
        world.experiment.hosts["frankfurt"]?.region = "eu-central-1"
        let outcome = try await world.run()
        #expect(outcome.status == .hostUnusable)
        #expect(try #require(outcome.error).message.contains("it is in us-east-1"))
    }

    @Test("wait for a clock that becomes good")
    func waitsForClock() async throws {
        let world = try FakeWorld(tokyo: {
            $0.clocks = Array(repeating: FakeHost.badClock, count: 40) + [FakeHost.goodClock]
        })
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        let clock = try #require(outcome.record.phases.first { $0.name == "clock" })
        #expect(try #require(clock.endedSeconds) - clock.beganSeconds == 40)
        #expect(outcome.record.hosts["tokyo"]?.clockBefore?.tracking?.isSynchronised == true)
    }

    @Test("give a bad clock no longer than its wait, and show its sources")
    func clockTimesOut() async throws {
        let world = try FakeWorld(tokyo: { $0.clocks = [FakeHost.badClock] })
        world.experiment.clock.wait = .seconds(30)
        let outcome = try await world.run()
        #expect(outcome.status == .clockUnusable)
        #expect(world.clock.elapsed == .seconds(30))
        #expect(try #require(outcome.error).message.contains("^* 169.254.169.123"))
    }

    @Test("let a bad clock pass with --allow-unsynchronised, marked in the manifest")
    func allowed() async throws {
        let world = try FakeWorld(tokyo: { $0.clocks = [FakeHost.noChrony] })
        world.options = RunOptions(allowsUnsynchronisedClocks: true)
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        #expect(outcome.record.allowUnsynchronised)
        #expect(outcome.record.warnings.contains { $0.hasPrefix("clock not verified on tokyo") })
    }

    @Test("skip the clock with --local, and use this machine for every host")
    func local() async throws {
        let world = try FakeWorld(tokyo: { $0.clocks = [FakeHost.noChrony] })
        world.options = RunOptions(isLocal: true)
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        #expect(outcome.record.phases.first { $0.name == "clock" }?.outcome == .skipped)
        #expect(outcome.record.experiment.hosts.values.allSatisfy { $0.isLocal && $0.ssh == nil })
        #expect(!world.journal.contains("tokyo clock"))
        #expect(world.hosts["tokyo"]?.state.withLock { $0.plan?.chronyc } == nil)
    }

    @Test(
        "A port that something listens on ends the run before anything is put on a host",
        arguments: [
            ("tcp:8080 \n", "something listens there"),
            ("tcp:8080 demo-1-abc\n", "the run demo-1-abc of latexp listens there"),
        ]
    )
    func takenPort(said: String, reason: String) async throws {
        let world = try FakeWorld(frankfurt: { $0.takenPorts = said })
        let outcome = try await world.run()
        #expect(outcome.status == .hostUnusable)
        let message = try #require(outcome.error).message
        #expect(message.contains("frankfurt: TCP port 8080 is taken: \(reason)"), "\(message)")
        #expect(!world.journal.all.contains { $0.contains("upload") || $0.contains("prepare") })
    }

    @Test("What a host says of ports that nobody asked for is not listened to")
    func otherPort() async throws {
        let world = try FakeWorld(frankfurt: { $0.takenPorts = "tcp:22 x\nudp:8080 x\n8080\nrubbish\n" })
        #expect(try await world.run().status == .done)
    }
}
