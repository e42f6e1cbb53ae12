import ExperimentModel
import Foundation

@testable import Orchestration

// The synthetic run that checklists are tried on.
extension ValidationTests {
    /// What a test changes in an otherwise perfect run.
    struct Fault {
        var samples: (inout [SampleRecord]) -> Void = { _ in }
        var forwarder: (inout AgentSummary) -> Void = { _ in }
        var receiver: (inout AgentSummary) -> Void = { _ in }
        var record: (inout RunRecord) -> Void = { _ in }
        var reporter: any RunReporter = StandardReporter()
    }

    /// A reporter whose disk is full.
    struct BrokenReporter: RunReporter {
        func analyse(_ directory: RunDirectory) async throws -> AnalysisOutcome {
            throw OrchestrationError(.storage, "no space left")
        }

        func report(_ directory: RunDirectory) async throws -> [String] { [] }
    }

    private static let count = 200

    /// Events every 10 ms: the exchange, 0.5 ms later Tokyo, 112 ms later Frankfurt.
    private static func samples() -> [SampleRecord] {
        (0..<count).map { index in
            let sentNs: Int64 = 1_763_850_000_000_000_000 + Int64(index) * 10_000_000
            let arrivalNs = sentNs + 112_500_000
            return SampleRecord(
                updateID: 1_000 + Int64(index),
                eventTimeNs: sentNs,
                sequence: UInt64(index + 1),
                sourceKernelNs: sentNs + 500_000,
                sourceUserNs: sentNs + 520_000,
                sourceSendNs: sentNs + 530_000,
                arrivalKernelNs: arrivalNs,
                arrivalWallNs: arrivalNs + 20_000,
                arrivalMonotonicNs: arrivalNs - 1_763_000_000_000_000_000
            )
        }
    }

    private static func summary(_ role: AgentPlan.Role) -> AgentSummary {
        let moment = Timestamp(wallNs: 0, monotonicNs: 0)
        let plan = AgentPlan(
            runID: "r",
            host: role == .receive ? "frankfurt" : "tokyo",
            role: role,
            market: .usdm,
            streams: ["btcusdt@bookTicker"],
            paths: [],
            start: .whenTold,
            warmUp: .seconds(1),
            duration: .seconds(5),
            deadline: .seconds(100)
        )
        var counts = LaneCounts()
        counts.received = count
        counts.arrived = count
        var connections = [ConnectionRecord(purpose: "feed", endpoint: "198.51.100.7:443", began: moment)]
        if role == .forward {
            connections.append(ConnectionRecord(purpose: "relay", endpoint: "10.1.1.10:8080", began: moment))
        }
        for index in connections.indices {
            connections[index].opened = Timestamp(wallNs: 0, monotonicNs: 20_000_000)
            connections[index].streaming = Timestamp(wallNs: 0, monotonicNs: 42_000_000)
        }
        let totals = SenderTotals(
            received: count,
            forwarded: count,
            dropped: 0,
            invalid: 0,
            lastSequence: UInt64(count)
        )
        let lane = LaneSummary(
            path: "backbone",
            lane: 0,
            counts: counts,
            senderTotals: role == .receive ? totals : nil,
            connections: connections
        )
        return AgentSummary(
            plan: plan,
            agentVersion: "1",
            state: .finished,
            reason: "done",
            started: moment,
            ended: moment,
            window: MeasuredWindow(start: moment, end: moment),
            lanes: [lane],
            receiveTimeSource: "kernel",
            sampleCount: count
        )
    }

    /// What a checklist makes of a synthetic run with a fault.
    func judge(_ sequence: ValidationSequence, _ fault: Fault = Fault()) async throws -> [ValidationLine] {
        let world = try FakeWorld()
        world.experiment = try sequence.experiment(from: world.experiment)
        var outcome = try await world.run(.check)
        let reading = outcome.record.hosts["frankfurt"]?.clockBefore
        for host in ["frankfurt", "tokyo"] {
            outcome.record.hosts[host]?.agentSHA256 = world.agentHash
            outcome.record.hosts[host]?.clockBefore = reading
        }
        var phase = PhaseRecord(name: "start frankfurt", beganSeconds: 0)
        phase.checks = [CheckRecord(host: "frankfurt", "listening", .passed, "port 8080 (backbone)")]
        outcome.record.phases.append(phase)
        var block = BlockRecord(number: 1, paths: [])
        block.directories = ["frankfurt": "hosts/frankfurt/block-1", "tokyo": "hosts/tokyo/block-1"]
        outcome.record.blocks = [block]
        var (forwarder, receiver) = (Self.summary(.forward), Self.summary(.receive))
        var samples = Self.samples()
        fault.forwarder(&forwarder)
        fault.receiver(&receiver)
        fault.samples(&samples)
        let directory = outcome.directory
        try directory.write(try JSONEncoder().encode(forwarder), to: "hosts/tokyo/block-1/summary.json")
        try directory.write(try JSONEncoder().encode(receiver), to: "hosts/frankfurt/block-1/summary.json")
        var bytes = SampleFile.header()
        for sample in samples {
            var record = [UInt8](repeating: 0, count: SampleRecord.size)
            record.withUnsafeMutableBytes { if let base = $0.baseAddress { sample.write(to: base) } }
            bytes += record
        }
        try directory.write(Data(bytes), to: "hosts/frankfurt/block-1/samples.bin")
        let selfTest = AgentSelfTest(clockReadNs: 45, kernelToUserP50Us: 20, timerErrorP99Us: 60)
        try directory.write(try JSONEncoder().encode(["tokyo": selfTest, "frankfurt": selfTest]), to: "selftest.json")
        fault.record(&outcome.record)
        try directory.save(outcome.record)
        return await Validation.judge(sequence, outcome, reporter: fault.reporter)
    }
}
