import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

extension FakeWorld {
    /// A new campaign of `count` slots.
    func campaign(_ count: Int, every seconds: Int64, isDetached: Bool = false) throws -> CampaignDirectory {
        experiment.schedule.repetitions = count
        experiment.schedule.every = .seconds(seconds)
        return try Campaigns.create(
            ExperimentFile(path: "test.json", experiment: experiment, supplied: .object([:])),
            in: store,
            environment: environment,
            options: options,
            isDetached: isDetached
        )
    }

    /// Goes through it, or on with it.
    func perform(_ directory: CampaignDirectory) async throws -> CampaignOutcome {
        var engine = try CampaignEngine(directory, environment: environment, options: options, observer: observer)
        return try await engine.run()
    }
}

@Suite("A campaign", .timeLimit(.minutes(1)))
struct CampaignEngineTests {
    @Test("does each slot at its time as a run of its own, with a recorded order of its own")
    func allSlots() async throws {
        let world = try FakeWorld()
        world.experiment.schedule.mode = .sequential
        let directory = try world.campaign(3, every: 60)
        let began = world.clock.wallSeconds
        let outcome = try await world.perform(directory)
        #expect(outcome.error == nil)
        #expect(outcome.record.outcome == .done)
        #expect(outcome.record.slots.map(\.state) == [.done, .done, .done])
        for (index, slot) in outcome.record.slots.enumerated() {
            #expect(abs(try #require(slot.beganSeconds) - began - 60 * Double(index)) < 1)
            let run = try #require(directory.run(of: slot)).loadRecord()
            #expect(run.experiment.schedule.seed == slot.seed)
            #expect(run.experiment.schedule.repetitions == nil)
        }
        #expect(Set(outcome.record.slots.map(\.seed)).count == 3)
        // The same seed draws the same again.
        let again = CampaignSchedule.slots(count: 3, every: .seconds(60), from: began, seed: outcome.record.seed)
        #expect(again.map(\.seed) == outcome.record.slots.map(\.seed))
        #expect(try directory.loadRecord() == outcome.record)
        for file in ["analysis.json", "report.md", "report.html", "runs.csv"] { #expect(directory.directory.has(file)) }
    }

    @Test("tells a slot that was cut short from one that was done, and goes on")
    func cutShort() async throws {
        let world = try FakeWorld(frankfurt: { $0.measuredShare = 0.4 })
        let directory = try world.campaign(2, every: 60)
        let outcome = try await world.perform(directory)
        #expect(outcome.error == nil && outcome.record.outcome == .done)
        #expect(outcome.record.slots.map(\.state) == [.cutShort, .cutShort])
        #expect(outcome.record.slots[0].reason == CampaignText.cutShort)
        #expect(outcome.record.progress == "0 of 2 slots done, 2 cut short")
        #expect(try directory.finishedRuns().isEmpty && directory.measuredRuns().count == 2)
    }

    @Test("misses a slot when the run before goes on for too long, and says so")
    func overrun() async throws {
        let bad = Array(repeating: FakeHost.badClock, count: 20)
        let world = try FakeWorld(frankfurt: { $0.clocks = bad + [FakeHost.goodClock] })
        let outcome = try await world.perform(try world.campaign(3, every: 15))
        #expect(outcome.record.slots.map(\.state) == [.done, .missed, .done])
        #expect(outcome.record.slots[1].reason?.hasPrefix("slot 1 went on until") == true)
        #expect(outcome.record.slots[1].run == nil)
    }

    @Test("misses a slot whose host is down or whose clock is bad, with the reason, and goes on")
    func hostDown() async throws {
        let world = try FakeWorld(
            frankfurt: { $0.connectError = RemoteHostError(.unreachable, host: "frankfurt", "no route to host") },
            tokyo: { $0.clocks = [FakeHost.badClock] }
        )
        world.experiment.clock.wait = .seconds(2)
        let (frankfurt, tokyo) = (world.hosts["frankfurt"], world.hosts["tokyo"])
        world.clock.onSleep { now in
            if now > .seconds(30) { frankfurt?.state.withLock { $0.connectError = nil } }
            if now > .seconds(90) { tokyo?.state.withLock { $0.clocks = [FakeHost.goodClock] } }
        }
        let outcome = try await world.perform(try world.campaign(3, every: 60))
        #expect(outcome.record.slots.map(\.state) == [.missed, .missed, .done])
        #expect(outcome.record.slots[0].reason?.contains("no route to host") == true)
        #expect(outcome.record.slots[1].reason?.contains("not synchronised") == true)
        // The evidence of what was tried is kept.
        #expect(outcome.record.slots[1].run != nil)
    }

    @Test("goes on after its latexp was killed: what was due meanwhile is missed, what is to come is done")
    func resumed() async throws {
        let world = try FakeWorld()
        let directory = try world.campaign(4, every: 60)
        var record = try directory.loadRecord()
        record.slots[0].state = .running
        record.slots[0].run = "slots/test-gone"
        // It comes back 100 seconds later.
        for index in record.slots.indices { record.slots[index].plannedSeconds -= 100 }
        try directory.save(record)
        let outcome = try await world.perform(directory)
        #expect(outcome.record.slots.map(\.state) == [.missed, .missed, .done, .done])
        #expect(outcome.record.slots[0].reason == "its latexp was gone before anything was begun")
        #expect(outcome.record.slots[1].reason?.hasPrefix("no latexp worked on the campaign at its time") == true)
    }

    @Test("stays to be gone on with after an interruption")
    func interrupted() async throws {
        let world = try FakeWorld()
        let directory = try world.campaign(3, every: 600)
        let task = Mutex<Task<CampaignOutcome, any Error>?>(nil)
        world.clock.onSleep { now in
            if now > .seconds(100) { task.withLock { $0?.cancel() } }
        }
        let engine = try CampaignEngine(directory, environment: world.environment, options: world.options)
        let work = Task {
            var engine = engine
            return try await engine.run()
        }
        task.withLock { $0 = work }
        let outcome = try await work.value
        #expect(outcome.error?.code == .interrupted)
        #expect(outcome.record.outcome == .interrupted)
        #expect(outcome.record.slots.map(\.state) == [.done, .pending, .pending])
        world.clock.onSleep { _ in }
        let rest = try await world.perform(directory)
        #expect(rest.record.slots.map(\.state) == [.done, .done, .done])
    }

    @Test("ends for good when it is told to stop")
    func stopped() async throws {
        let world = try FakeWorld()
        let directory = try world.campaign(3, every: 600)
        world.clock.onSleep { now in
            if now > .seconds(100) { try? directory.directory.write(Data(), to: CampaignDirectory.stopFile) }
        }
        let outcome = try await world.perform(directory)
        #expect(outcome.error == nil)
        #expect(outcome.record.outcome == .done)
        #expect(outcome.record.slots.map(\.state) == [.done, .missed, .missed])
        #expect(outcome.record.slots[2].reason?.hasPrefix("the campaign was stopped at") == true)
    }

    @Test("is found by name, its runs too, and belongs to one latexp at a time")
    func store() async throws {
        let world = try FakeWorld()
        let directory = try world.campaign(1, every: 60)
        let outcome = try await world.perform(directory)
        #expect(try world.store.find("latest").id == directory.id)
        #expect(try world.store.find("test-campaign").isCampaign)
        let run = try #require(outcome.record.slots[0].run).dropFirst("slots/".count)
        #expect(try world.store.find(String(run)).id == run)
        #expect(world.store.list().map(\.id) == [directory.id])
        let lock = try directory.directory.lock()
        defer { lock.release() }
        await #expect(throws: OrchestrationError.self) { try await world.perform(directory) }
    }
}

@Suite struct CampaignTasksTests {
    private func tasks(_ world: FakeWorld, _ count: Int, every: Int64) throws -> CampaignTasks {
        let directory = try world.campaign(count, every: every, isDetached: true)
        return CampaignTasks(record: try directory.loadRecord(), hostsWithChrony: ["frankfurt"])
    }

    @Test func bothHostsHaveTheSameTimesAndTheirOwnPlans() throws {
        let tasks = try tasks(FakeWorld(), 3, every: 3_600)
        let (frankfurt, tokyo) = (try tasks.plan(for: "frankfurt"), try tasks.plan(for: "tokyo"))
        #expect(frankfurt.tasks.map(\.startWallNs) == tokyo.tasks.map(\.startWallNs))
        #expect(frankfurt.tasks.map(\.plan.role) == [.receive, .receive, .receive])
        #expect(tokyo.tasks.map(\.plan.role) == [.forward, .forward, .forward])
        #expect(Set(frankfurt.tasks.map(\.plan.runID)).count == 3)
        #expect(frankfurt.tasks.map(\.plan.runID) == tokyo.tasks.map(\.plan.runID))
        #expect(tokyo.tasks[0].plan.paths[0].port == 8080)
        #expect(frankfurt.chronyc == [] && tokyo.chronyc == nil)
        #expect(frankfurt.tasks[1].startWallNs - frankfurt.tasks[0].startWallNs == 3_600_000_000_000)
        // A slot is over long before the next, and none begins when the others have given up.
        for task in frankfurt.tasks {
            #expect(task.endWallNs - task.startWallNs < 300_000_000_000)
            #expect(task.latestStartWallNs - task.startWallNs < frankfurt.readyLimit.ns)
        }
    }

    @Test func sequentialBlocksFollowEachOtherInTheSlotsOwnOrder() throws {
        let world = try FakeWorld()
        world.experiment.schedule.mode = .sequential
        world.experiment.schedule.blockDuration = .seconds(1)
        let tasks = try tasks(world, 4, every: 3_600)
        let plan = try tasks.plan(for: "frankfurt")
        // Five rounds of two blocks a slot; Tokyo has no part in the direct ones.
        #expect(plan.tasks.count == 40)
        #expect(try tasks.plan(for: "tokyo").tasks.count == 20)
        for (task, next) in zip(plan.tasks, plan.tasks.dropFirst()) { #expect(task.endWallNs < next.startWallNs) }
        let orders = (1...4).map { slot in
            plan.tasks.filter { $0.slot == slot }.map { $0.plan.paths.map(\.name).joined() }
        }
        #expect(Set(orders).count > 1, "the order is drawn anew for each slot")
        #expect(Set(plan.tasks.map(\.directory)).count == 40)
    }

    @Test func slotsCloseTogetherShareWhatTimeThereIs() throws {
        let tasks = try tasks(FakeWorld(), 2, every: 10)
        let plan = try tasks.plan(for: "frankfurt")
        #expect(plan.tasks[0].endWallNs == plan.tasks[1].startWallNs - 500_000_000)
        // Nothing comes after the last.
        #expect(plan.tasks[1].endWallNs - plan.tasks[1].startWallNs > 30_000_000_000)
    }
}
