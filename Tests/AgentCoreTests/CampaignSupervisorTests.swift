import ExperimentModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentCore

/// A host whose time passes only while its supervisor waits, and a script in the agent's place.
private final class CampaignWorld {
    let folder: String
    /// Seconds since the first task's planned start.
    var now = -5.0
    var clockIsGood: (Double) -> Bool = { _ in true }
    var endsAt = Double.infinity
    /// A pause that reaches this moment lasts until `wakesAt`: the host sleeps.
    var sleepsAt = Double.infinity
    var wakesAt = 0.0

    static let startNs: Int64 = 1_800_000_000_000_000_000

    init(_ folder: String) { self.folder = folder }

    var surroundings: CampaignSurroundings {
        CampaignSurroundings(
            wallNs: { [self] in Self.startNs + Int64(now * 1e9) },
            pause: { [self] ns in
                now += Double(ns) / 1e9
                if now >= sleepsAt {
                    now = wakesAt
                    sleepsAt = .infinity
                }
                letAgentWork()
            },
            readClock: { [self] _ in reading() },
            isToldToEnd: { [self] in now >= endsAt }
        )
    }

    /// Tasks whose agents leave nothing that one could wait for.
    private var silent: Set<String> = []

    /// The script is a real process: it gets the real time that it needs, in which none of the host's passes.
    private func letAgentWork() {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard let task = folders.filter({ $0.hasSuffix("-b1") }).max(), !silent.contains(task) else { return }
        func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(task)/\(file)") }
        for _ in 0..<1_000 {
            // Its end comes right after its summary.
            if has("summary.json") {
                usleep(20_000)
                return
            }
            if has("status.json"), !has("go") {
                // Told to end it takes a moment, in which the patience of the host must not be over.
                usleep(20_000)
                return
            }
            usleep(1_000)
        }
        silent.insert(task)
    }

    private func reading() -> ClockReading {
        let at = Timestamp(wallNs: Self.startNs + Int64(now * 1e9), monotonicNs: 0)
        let leap = clockIsGood(now) ? "Normal" : "Not synchronised"
        let line =
            "A9FEA97B,169.254.169.123,4,\(Double(at.wallNs) / 1e9 - 8),0.00002,0,0,0,0,0,0.00006,0.0001,16,\(leap)"
        return ClockReading(at: at, tracking: try? ChronyTracking(csv: line))
    }

    /// A plan with `count` tasks, one every ten seconds.
    func plan(_ count: Int, role: AgentPlan.Role = .receive) -> CampaignPlan {
        let tasks = (0..<count).map { index -> CampaignTask in
            let startNs = Self.startNs + Int64(index) * 10_000_000_000
            return CampaignTask(
                slot: index + 1,
                block: 1,
                startWallNs: startNs,
                latestStartWallNs: startNs + 2_000_000_000,
                endWallNs: startNs + 9_500_000_000,
                directory: "s\(index + 1)-b1",
                plan: AgentPlan(
                    runID: "campaign-s\(index + 1)",
                    host: "frankfurt",
                    role: role,
                    market: .usdm,
                    streams: ["btcusdt@bookTicker"],
                    paths: [AgentPath(name: "baseline", kind: .direct, lanes: 1)],
                    start: .whenTold,
                    warmUp: .seconds(1),
                    duration: .seconds(2),
                    deadline: .seconds(60)
                )
            )
        }
        return CampaignPlan(
            campaignID: "campaign",
            host: "frankfurt",
            clock: ClockRequirement(maxError: .milliseconds(1), wait: .seconds(1)),
            allowsUnsynchronisedClocks: false,
            chronyc: [],
            readyLimit: .seconds(5),
            tasks: tasks
        )
    }

    /// Goes through a plan with a script as the agent; gives what is written at the end.
    func run(_ plan: CampaignPlan, agent: String) throws -> [CampaignTaskRecord] {
        let program = folder + "/agent"
        try Data(("#!/bin/sh\n" + agent).utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        try CampaignSupervisor(plan: plan, directory: folder, program: program, around: surroundings).run()
        return try written()
    }

    func written() throws -> [CampaignTaskRecord] {
        let data = try Data(contentsOf: URL(filePath: "\(folder)/\(CampaignPlan.statusFile)"))
        return try JSONDecoder().decode(CampaignHostStatus.self, from: data).tasks
    }

    /// What a script does to be ready.
    ///
    /// The file is there whole or not at all, as the agent's: half of one would be read as none, while the host's time passes.
    static let becomesReady = "cp ../status part && mv part status.json"

    /// An agent that becomes ready, waits to be told to go, and leaves a summary with a window.
    func goodAgent() throws -> String {
        let at = Timestamp(wallNs: 0, monotonicNs: 0)
        let status = AgentStatus(runID: "r", host: "frankfurt", role: .receive, state: .ready, at: at)
        let summary = AgentSummary(
            plan: plan(1).tasks[0].plan,
            agentVersion: LatexpVersion.text,
            state: .finished,
            reason: "the window is over",
            started: at,
            ended: at,
            window: MeasuredWindow(start: at, end: at),
            lanes: [],
            receiveTimeSource: "kernel",
            sampleCount: 0
        )
        try JSONEncoder().encode(status).write(to: URL(filePath: folder + "/status"))
        try JSONEncoder().encode(summary).write(to: URL(filePath: folder + "/summary"))
        return """
            \(CampaignWorld.becomesReady)
            while [ ! -e go ]; do sleep 0.01; done
            cp ../summary part && mv part summary.json
            """
    }
}

@Suite("A campaign's supervisor", .timeLimit(.minutes(1)))
struct CampaignSupervisorTests {
    private func world<Value>(_ body: (CampaignWorld) throws -> Value) throws -> Value {
        try withTemporaryFolder { try body(CampaignWorld($0)) }
    }

    @Test func everyTaskIsDoneAtItsTimeAndToldToGoWhenReady() throws {
        try world { world in
            let records = try world.run(world.plan(3), agent: try world.goodAgent())
            #expect(records.map(\.state) == [.done, .done, .done])
            for (index, record) in records.enumerated() {
                let began = try #require(record.beganWallNs) - CampaignWorld.startNs
                #expect(abs(Double(began) / 1e9 - Double(index) * 10) < 0.001, "\(began)")
                #expect(record.clockBefore?.tracking != nil && record.clockAfter?.tracking != nil)
                #expect(record.reason == nil)
            }
            let arguments = try String(contentsOfFile: world.folder + "/s2-b1/plan.json", encoding: .utf8)
            #expect(arguments.contains("campaign-s2"))
        }
    }

    @Test func aBadClockIsWaitedForAndThenTheTaskIsMissedWithItsReason() throws {
        try world { world in
            // Bad around the second task's time, and at first at the third's.
            world.clockIsGood = { !(9...14).contains($0) && !(20.0...20.5).contains($0) }
            let records = try world.run(world.plan(3), agent: try world.goodAgent())
            #expect(records.map(\.state) == [.done, .missed, .done])
            #expect(records[1].reason?.hasPrefix("clock: chronyd is not synchronised") == true)
            #expect(records[1].beganWallNs == nil)
            #expect(records[1].clockBefore != nil, "the evidence is kept")
        }
    }

    @Test func whatWasDueWhileTheHostSleptIsMissed() throws {
        try world { world in
            world.sleepsAt = 9
            world.wakesAt = 17
            let records = try world.run(world.plan(3), agent: try world.goodAgent())
            #expect(records.map(\.state) == [.done, .missed, .done])
            #expect(records[1].reason?.contains("back 7s after it") == true, "\(records[1].reason ?? "")")
        }
    }

    @Test func anAgentThatIsNeverReadyIsEndedAndItsTaskFails() throws {
        try world { world in
            let at = Timestamp(wallNs: 0, monotonicNs: 0)
            var lane = LaneStatus(path: "baseline", lane: 0, state: .connecting)
            lane.lastFailure = "connection refused"
            let status = AgentStatus(
                runID: "r",
                host: "frankfurt",
                role: .receive,
                state: .starting,
                at: at,
                lanes: [lane]
            )
            try JSONEncoder().encode(status).write(to: URL(filePath: world.folder + "/status"))
            let records = try world.run(world.plan(1), agent: "\(CampaignWorld.becomesReady)\nexec sleep 60")
            #expect(records.map(\.state) == [.failed])
            #expect(records[0].reason == "not ready within 5s; baseline lane 0: connecting: connection refused")
            #expect(records[0].exitStatus == 128 + SIGTERM)
        }
    }

    @Test func anAgentThatEndsWithoutASummaryFailsAndTheNextTaskGoesOn() throws {
        try world { world in
            let agent = "[ $(basename $PWD) = s1-b1 ] && exit 3\n" + (try world.goodAgent())
            let records = try world.run(world.plan(2), agent: agent)
            #expect(records.map(\.state) == [.failed, .done])
            #expect(records[0].reason == "its agent ended with status 3 and left no summary")
        }
    }

    @Test func toldToEndItEndsItsAgentAndLeavesTheRestOpen() throws {
        try world { world in
            let at = Timestamp(wallNs: 0, monotonicNs: 0)
            let status = AgentStatus(runID: "r", host: "frankfurt", role: .receive, state: .ready, at: at)
            try JSONEncoder().encode(status).write(to: URL(filePath: world.folder + "/status"))
            world.endsAt = 3
            let records = try world.run(world.plan(2), agent: "\(CampaignWorld.becomesReady)\nexec sleep 60")
            #expect(records.map(\.state) == [.failed, .waiting])
            #expect(records[0].reason == "stopped")
        }
    }

    @Test func startedAgainItGoesOnWhereTheLastOneWas() throws {
        try world { world in
            let plan = world.plan(4)
            var records = plan.tasks.map { CampaignTaskRecord(slot: $0.slot, block: $0.block) }
            records[0].state = .done
            records[1].state = .running
            records[1].beganWallNs = plan.tasks[1].startWallNs
            let status = CampaignHostStatus(campaignID: "campaign", host: "frankfurt", atWallNs: 0, tasks: records)
            try JSONEncoder().encode(status).write(
                to: URL(filePath: "\(world.folder)/\(CampaignPlan.statusFile)")
            )
            // It comes back after the third task's time; of the second's agent nothing is left.
            world.now = 25
            let found = try world.run(plan, agent: try world.goodAgent())
            #expect(found.map(\.state) == [.done, .failed, .missed, .done])
            #expect(found[1].reason?.contains("the supervisor was ended while this ran") == true)
            #expect(found[2].reason?.hasPrefix("nobody was there at its time") == true)
        }
    }

    @Test func aReceiverIsReadyOnceEveryRelayedLaneHasBroughtAnEvent() {
        var plan = CampaignWorld("").plan(1).tasks[0].plan
        plan.paths.append(AgentPath(name: "backbone", kind: .relay, lanes: 2, port: 8080))
        var lanes = [
            LaneStatus(path: "baseline", lane: 0, state: .streaming),
            LaneStatus(path: "backbone", lane: 0, state: .streaming),
            LaneStatus(path: "backbone", lane: 1, state: .streaming),
        ]
        lanes[1].counts.arrived = 5
        let at = Timestamp(wallNs: 0, monotonicNs: 0)
        var status = AgentStatus(runID: "r", host: "f", role: .receive, state: .ready, at: at, lanes: lanes)
        #expect(!CampaignSupervisor.isReady(status, plan))
        status.lanes[2].counts.arrived = 1
        #expect(CampaignSupervisor.isReady(status, plan))
        status.state = .starting
        #expect(!CampaignSupervisor.isReady(status, plan))
    }

    @Test func aPlanOfAnotherVersionIsRefused() throws {
        try withTemporaryFolder { folder in
            var plan = CampaignWorld(folder).plan(1)
            plan.format += 1
            let file = folder + "/campaign.json"
            try JSONEncoder().encode(plan).write(to: URL(filePath: file))
            let error = #expect(throws: AgentError.self) { try CampaignPlanFile.read(path: file) }
            #expect(error?.code == .badPlan)
            #expect(error?.message.contains("campaign format 2") == true)
        }
    }
}
