import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

/// Pushing, starting, measuring and collecting.
@Suite("Agents", .timeLimit(.minutes(1)))
struct AgentPhaseTests {
    @Test("are uploaded to a name that carries their hash")
    func uploaded() async throws {
        let world = try FakeWorld()
        let outcome = try await world.run()
        #expect(world.journal.contains("tokyo upload \(world.remoteAgent)"))
        #expect(outcome.record.hosts["tokyo"]?.agentUploaded == true)
        #expect(outcome.record.hosts["tokyo"]?.agentSHA256 == world.agentHash)
    }

    @Test("that are there already are not uploaded again")
    func skipped() async throws {
        let world = try FakeWorld()
        let path = world.remoteAgent
        world.hosts["tokyo"]?.state.withLock { $0.files[path] = Array("the agent".utf8) }
        let outcome = try await world.run()
        #expect(!world.journal.contains("tokyo upload \(path)"))
        #expect(world.journal.contains("frankfurt upload \(path)"))
        #expect(outcome.record.hosts["tokyo"]?.agentUploaded == false)
        let push = try #require(outcome.record.phases.first { $0.name == "push" })
        #expect(push.checks.contains { $0.host == "tokyo" && $0.detail.contains("already there, upload skipped") })
    }

    @Test("that were altered on a host are replaced")
    func replaced() async throws {
        let world = try FakeWorld()
        let path = world.remoteAgent
        world.hosts["tokyo"]?.state.withLock { $0.files[path] = Array("the age".utf8) }
        let outcome = try await world.run()
        #expect(world.journal.contains("tokyo upload \(path)"))
        #expect(world.hosts["tokyo"]?.state.withLock { $0.files[path] } == Array("the agent".utf8))
        let push = try #require(outcome.record.phases.first { $0.name == "push" })
        #expect(push.checks.contains { $0.host == "tokyo" && $0.detail.contains("in place of an altered one") })
    }

    @Test("stay cached when a run's own directory is removed")
    func cached() async throws {
        let world = try FakeWorld()
        _ = try await world.run()
        let files = try #require(world.hosts["tokyo"]?.state.withLock { Array($0.files.keys) })
        #expect(files == [world.remoteAgent])
    }

    @Test("that fail at the start end the run with 5, their reason, their log, and a clean host")
    func failsAtStart() async throws {
        let world = try FakeWorld(frankfurt: {
            $0.statesBeforeGo = [.starting, .failed]
            $0.log = "{\"level\":\"error\",\"message\":\"404 from the exchange\"}"
        })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        let message = try #require(outcome.error).message
        #expect(message.contains("the exchange refused the subscription"))
        #expect(message.contains("404 from the exchange"))
        #expect(!world.journal.contains("tokyo launch forward"), "nothing is started after a failed start")
        #expect(world.journal.contains("frankfurt stop"))
        #expect(world.journal.all.contains { $0.hasPrefix("frankfurt remove") })
    }

    @Test("that never become ready end the run after their limit")
    func neverReady() async throws {
        let world = try FakeWorld(tokyo: { $0.statesBeforeGo = [.starting] })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        #expect(try #require(outcome.error).message.contains("tokyo: not ready after 32 s"))
        #expect(!world.journal.contains("frankfurt go"))
    }

    @Test("whose only stream is unknown to the exchange are told of by its name")
    func unknownStream() async throws {
        let failure = "no data for 5 s on btcusdt@bookTickr: is the stream's name right?"
        let world = try FakeWorld(frankfurt: {
            $0.statesBeforeGo = [.starting]
            $0.laneFailure = failure
        })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        #expect(try #require(outcome.error).message.contains(failure))
    }

    @Test("with one silent stream among others start with a warning that names it")
    func silentStream() async throws {
        let world = try FakeWorld(frankfurt: { $0.silentStreams = ["btcusdt@trad"] })
        let outcome = try await world.run()
        #expect(outcome.status == .done)
        let start = try #require(outcome.record.phases.first { $0.name == "start frankfurt" })
        let check = try #require(start.checks.first { $0.name == "baseline" })
        #expect(check.outcome == .warning)
        #expect(check.detail.hasSuffix("; nothing yet on btcusdt@trad"))
    }

    @Test("count as started only when the first relayed event has been seen")
    func firstRelayedEvent() async throws {
        let world = try FakeWorld(frankfurt: { $0.arrivesBeforeGo = false })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        #expect(try #require(outcome.error).message.contains("waiting for the first relayed event"))
        let failed = outcome.record.phases.first { $0.outcome == .failed }
        #expect(failed?.name == "start tokyo")
    }

    @Test("that die without a word while measuring are noticed, and their files brought home")
    func dies() async throws {
        let world = try FakeWorld(frankfurt: { $0.statesAfterGo = [.failed] })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        #expect(try #require(outcome.error).message.contains("frankfurt: the receiver failed"))
        #expect(world.journal.contains("frankfurt download samples.bin"))
        #expect(world.journal.contains("analyse"), "what came home is analysed all the same")
    }

    @Test("whose files cannot be brought home keep them, and the message says how to get them")
    func downloadFails() async throws {
        let world = try FakeWorld(tokyo: {
            $0.downloadError = RemoteHostError(.connectionLost, host: "tokyo", "the connection broke")
        })
        let outcome = try await world.run()
        #expect(outcome.status == .measurementFailed)
        #expect(!world.journal.all.contains { $0.hasPrefix("tokyo remove") })
        #expect(world.journal.all.contains { $0.hasPrefix("frankfurt remove") })
        #expect(
            outcome.record.warnings.contains {
                $0.contains("`latexp resume /") && $0.contains("/\(outcome.record.id)`")
            }
        )
    }

    @Test("left by a lost laptop are collected by a resumed run")
    func resumed() async throws {
        let world = try FakeWorld(tokyo: {
            $0.downloadError = RemoteHostError(.connectionLost, host: "tokyo", "the connection broke")
        })
        let first = try await world.run()
        world.hosts["tokyo"]?.state.withLock { $0.downloadError = nil }
        let attachment = try RunAttachment(first.directory, environment: world.environment)
        let second = try await attachment.resume()
        #expect(second.error == nil)
        #expect(second.status == .done)
        #expect(second.directory.has("hosts/tokyo/block-1/summary.json"))
        #expect(world.journal.all.contains { $0.hasPrefix("tokyo remove") })
        let error = await #expect(throws: OrchestrationError.self) {
            try await RunAttachment(first.directory, environment: world.environment).resume()
        }
        #expect(error?.code == .invalidInput, "there is nothing left to fetch")
    }

    @Test("that were never started, since latexp was killed before, are said to be so")
    func resumedBeforeTheStart() async throws {
        let world = try FakeWorld(tokyo: {
            $0.downloadError = RemoteHostError(.connectionLost, host: "tokyo", "the connection broke")
        })
        let first = try await world.run()
        world.hosts["tokyo"]?.state.withLock { $0.process = .absent }
        let second = try await RunAttachment(first.directory, environment: world.environment).resume()
        #expect(second.error?.message.contains("ended before tokyo's agent was started") == true)
        #expect(world.journal.all.contains { $0.hasPrefix("tokyo remove") })
    }

    @Test("of a sequential run measure one path a block, in the order of the seed")
    func sequential() async throws {
        let world = try FakeWorld()
        world.experiment.schedule = Schedule(
            mode: .sequential,
            duration: .seconds(4),
            warmUp: .seconds(1),
            lanesPerPath: 1,
            blockDuration: .seconds(2),
            seed: 3
        )
        let outcome = try await world.run()
        #expect(outcome.error == nil)
        let expected = try BlockSchedule.blocks(for: world.experiment, seed: 3).map { $0.paths.map(\.name) }
        #expect(outcome.record.blocks.map(\.paths) == expected)
        #expect(outcome.record.blocks.count == 4)
        let names = outcome.record.phases.map(\.name)
        #expect(names.contains { $0 == "measure (block 4 of 4: \(expected[3][0]))" })
        #expect(outcome.directory.has("hosts/frankfurt/block-4/samples.bin"))
    }
}
