import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

@Suite("A run", .timeLimit(.minutes(1)))
struct RunEngineTests {
    @Test("goes through all phases in order, with the hosts' own names in them")
    func happyPath() async throws {
        let world = try FakeWorld()
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        #expect(outcome.status == .done)
        #expect(
            outcome.record.phases.map(\.name) == [
                "plan", "connect", "inspect", "push", "clock", "start frankfurt", "start tokyo", "measure", "collect",
                "clock after", "clean up", "analyse", "report",
            ]
        )
        #expect(outcome.record.phases.allSatisfy { $0.endedSeconds != nil && $0.outcome != .failed })
        let saved = try outcome.directory.loadRecord()
        #expect(saved == outcome.record)
        #expect(saved.outcome == .done)
        #expect(saved.exitStatus == 0)
    }

    @Test("starts the receiver before the forwarder, tells both to go, and cleans up after collecting")
    func order() async throws {
        let world = try FakeWorld()
        _ = try await world.run()
        let entries = world.journal.all
        func position(_ text: String) throws -> Int { try #require(entries.firstIndex { $0.hasPrefix(text) }) }
        #expect(try position("frankfurt launch receive") < position("tokyo launch forward"))
        #expect(try position("tokyo launch forward") < position("tokyo go"))
        #expect(try position("frankfurt go") < position("frankfurt download summary.json"))
        #expect(try position("frankfurt download samples.bin") < position("frankfurt remove"))
        #expect(try position("tokyo download summary.json") < position("tokyo remove"))
        #expect(try position("tokyo remove") < position("analyse"))
    }

    @Test("brings each agent's files home and knows where they are")
    func collected() async throws {
        let world = try FakeWorld()
        let outcome = try await world.run()
        let block = try #require(outcome.record.blocks.first)
        #expect(block.directories == ["frankfurt": "hosts/frankfurt/block-1", "tokyo": "hosts/tokyo/block-1"])
        #expect(block.window != nil)
        #expect(outcome.directory.has("hosts/frankfurt/block-1/samples.bin"))
        #expect(outcome.directory.has("hosts/tokyo/block-1/summary.json"))
    }

    @Test("sends the secret on standard input only, the same to both, and never saves it")
    func secret() async throws {
        let world = try FakeWorld(frankfurt: { $0.statesAfterGo = [.failed] })
        let outcome = try await world.run()
        let secret = world.environment.makeSecret()
        #expect(!world.journal.all.contains { $0.contains(secret) })
        for file in outcome.directory.listFiles() {
            let text = (try? String(contentsOf: outcome.directory.file(file), encoding: .utf8)) ?? ""
            #expect(!text.contains(secret), "\(file)")
        }
    }

    @Test("gives the forwarder the receiver's private address and port, and all lanes the same plan")
    func plans() async throws {
        let world = try FakeWorld()
        _ = try await world.run()
        let receiver = try #require(world.hosts["frankfurt"]?.state.withLock { $0.plan })
        let forwarder = try #require(world.hosts["tokyo"]?.state.withLock { $0.plan })
        #expect(receiver.paths.map(\.name) == ["baseline", "backbone"])
        #expect(receiver.paths.map(\.port) == [nil, 8080])
        #expect(
            forwarder.paths == [
                AgentPath(name: "backbone", kind: .relay, lanes: 1, port: 8080, destination: "10.1.1.10")
            ]
        )
        #expect(forwarder.secretFile == "secret")
        #expect(receiver.deadline > TimeSpan.seconds(6))
    }

    @Test("gives the forwarder the accelerator's name when the path leads there")
    func acceleratorPlan() async throws {
        let world = try FakeWorld()
        world.experiment.hosts["frankfurt"]?.acceleratorAddress = "a1.example"
        world.experiment.paths[1].to = .acceleratorAddress
        _ = try await world.run()
        let forwarder = try #require(world.hosts["tokyo"]?.state.withLock { $0.plan })
        #expect(forwarder.paths.map(\.destination) == ["a1.example"])
    }

    @Test("that was measured but whose verdict cannot be used ends with 1")
    func unusableVerdict() async throws {
        let world = try FakeWorld()
        world.isUsable = false
        let outcome = try await world.run()
        #expect(outcome.status == .verdictUnusable)
        #expect(outcome.record.exitStatus == 1)
    }

    @Test("whose agents were stopped from elsewhere has results and counts as interrupted")
    func cutShort() async throws {
        let world = try FakeWorld(frankfurt: { $0.measuredShare = 0.4 })
        let outcome = try await world.run()
        #expect(outcome.error == nil && world.journal.contains("analyse"))
        #expect(outcome.status == .interrupted && outcome.record.exitStatus == 130)
        #expect(outcome.record.outcome == .interrupted)
    }

    @Test("that only checks puts nothing on any host")
    func checkOnly() async throws {
        let world = try FakeWorld()
        let outcome = try await world.run(.check)
        #expect(outcome.status == .done)
        #expect(outcome.record.phases.map(\.name) == ["plan", "connect", "inspect", "reach", "clock"])
        #expect(
            !world.journal.all.contains { $0.contains("upload") || $0.contains("launch") || $0.contains("prepare") }
        )
    }

    @Test("that only checks refuses what a run would refuse", arguments: ["aarch64", "noexec"])
    func checkRefuses(what: String) async throws {
        let facts =
            what == "noexec" ? FakeHost.facts(extra: "noexec=/home") : FakeHost.facts(architecture: "aarch64")
        let world = try FakeWorld(tokyo: { $0.facts = facts })
        let outcome = try await world.run(.check)
        #expect(outcome.status == .hostUnusable)
        let message = try #require(outcome.error?.message)
        #expect(message.contains(what), "\(message)")
        #expect(!world.journal.all.contains { $0.contains("upload") })
    }

    @Test("interrupted while a host does not answer: done in seconds, and says which host, and how to go on")
    func interruptedWhileCut() async throws {
        let world = try FakeWorld(frankfurt: { $0.statesAfterGo = [.measuring] })
        let engine = try world.engine()
        let task = Task { try await engine.run() }
        let cancelled = Mutex<Duration?>(nil)
        let tokyo = try #require(world.hosts["tokyo"])
        world.clock.onSleep { time in
            guard time > .seconds(3), cancelled.withLock({ $0 }) == nil else { return }
            cancelled.withLock { $0 = time }
            tokyo.state.withLock { $0.isSilent = true }
            task.cancel()
        }
        let outcome = try await task.value
        let cancelledAt = cancelled.withLock { $0 }
        let took = world.clock.elapsed - (try #require(cancelledAt))
        #expect(took < .seconds(10), "\(took)")
        #expect(outcome.status == .interrupted)
        let message = try #require(outcome.error?.message)
        #expect(message.contains("tokyo (not reached)") && message.contains("`latexp resume "), "\(message)")
        #expect(message.contains("end by themselves at their deadline"), "\(message)")
        #expect(world.journal.contains("frankfurt download samples.bin"))
        #expect(!world.journal.contains("tokyo stop"))
    }

    @Test("tolerates a lost connection while measuring, and says that it is lost")
    func lostConnection() async throws {
        let world = try FakeWorld(frankfurt: { $0.lostLooks = 4 })
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        let longest = world.observer.views.withLock { $0.compactMap { $0.unreachable["frankfurt"] }.max() }
        #expect(try #require(longest) >= 7, "pauses of 1, 2 and 4 s lie between the attempts")
    }

    @Test("measures what is left when a forwarder dies, and warns")
    func forwarderDies() async throws {
        let world = try FakeWorld(tokyo: { $0.statesAfterGo = [.failed] })
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        #expect(outcome.record.warnings.contains { $0.contains("the forwarder on tokyo failed: the exchange refused") })
    }

    @Test("interrupted: stops the agents, brings home what exists, cleans up and ends with 130")
    func interrupted() async throws {
        let world = try FakeWorld(frankfurt: { $0.statesAfterGo = [.measuring] })
        let engine = try world.engine()
        let task = Task { try await engine.run() }
        world.clock.onSleep { time in if time > .seconds(3) { task.cancel() } }
        let outcome = try await task.value
        #expect(outcome.status == .interrupted)
        #expect(outcome.record.outcome == .interrupted)
        #expect(outcome.record.exitStatus == 130)
        #expect(world.journal.contains("frankfurt stop"))
        #expect(world.journal.contains("frankfurt download samples.bin"))
        #expect(world.journal.all.contains { $0.hasPrefix("tokyo remove") })
        #expect(!world.journal.contains("analyse"))
        let collect = try #require(outcome.record.phases.first { $0.name == "collect" })
        #expect(collect.outcome != .failed)
    }
}
