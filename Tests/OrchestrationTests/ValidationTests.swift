import ExperimentModel
import Foundation
import RemoteHosts
import Synchronization
import Testing

@testable import Orchestration

/// Checklists, judged on what a synthetic run left.
@Suite("A checklist", .timeLimit(.minutes(1)))
struct ValidationTests {
    /// What a test changes in an otherwise perfect run.
    struct Fault {
        var samples: (inout [SampleRecord]) -> Void = { _ in }
        var forwarder: (inout AgentSummary) -> Void = { _ in }
        var receiver: (inout AgentSummary) -> Void = { _ in }
        var record: (inout RunRecord) -> Void = { _ in }
        var reporter: any RunReporter = StandardReporter()
    }

    /// A reporter whose disk is full.
    private struct BrokenReporter: RunReporter {
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

    private func judge(_ sequence: ValidationSequence, _ fault: Fault = Fault()) async throws -> [ValidationLine] {
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

    @Test("of a good run passes every line, each with its evidence")
    func good() async throws {
        let tokyo = try await judge(.tokyo)
        #expect(tokyo.map(\.outcome) == Array(repeating: .passed, count: 7), "\(tokyo)")
        #expect(tokyo.map(\.number) == Array(1...7))
        #expect(tokyo[2].detail == "198.51.100.7:443 brought data after 42 ms")
        #expect(tokyo[4].detail.contains("taken 0.500 ms after it"))
        #expect(tokyo[6].detail.contains("a stamp costs 45 ns, kernel to user 20.0 us"))
        let frankfurt = try await judge(.frankfurt)
        #expect(frankfurt.map(\.outcome) == Array(repeating: .passed, count: 5), "\(frankfurt)")
        #expect(frankfurt[2].detail.hasSuffix("= 112500000 ns = 112.500000 ms"))
        let backbone = try await judge(.backbone)
        #expect(backbone.map(\.outcome) == [.passed, .passed, .passed, .passed, .warning, .passed], "\(backbone)")
        #expect(backbone[5].detail == "end to end 112.500 ms, backbone 112.000 ms (median of 200)")
    }

    @Test("sees a missing number")
    func gap() async throws {
        let lines = try await judge(.tokyo, Fault(samples: { $0.remove(at: 100) }))
        #expect(lines[5].outcome == .failed)
        #expect(lines[5].detail.hasPrefix("1 breaks in the numbers"))
    }

    @Test("sees messages that could not be used")
    func invalid() async throws {
        let lines = try await judge(
            .tokyo,
            Fault(forwarder: { $0.lanes[0].counts.invalid = ["no update id": 100] })
        )
        #expect(lines[3].outcome == .failed)
        #expect(lines[3].detail.contains("100 no update id"))
    }

    @Test("sees a connection that brought nothing")
    func connection() async throws {
        let lines = try await judge(
            .tokyo,
            Fault(forwarder: {
                $0.lanes[0].connections[0].opened = nil
                $0.lanes[0].connections[0].streaming = nil
                $0.lanes[0].connections.removeLast()
                $0.lanes[0].connections[0].reason = "TLS: certificate expired"
            })
        )
        #expect(lines[2].outcome == .failed)
        #expect(lines[2].detail.contains("certificate expired"))
    }

    @Test("sees times that cannot be")
    func times() async throws {
        let lines = try await judge(.tokyo, Fault(samples: { $0[5].eventTimeNs += 3_600_000_000_000 }))
        #expect(lines[4].outcome == .failed)
    }

    @Test("judges damaged samples instead of trapping at them")
    func damagedSamples() async throws {
        let wild: [Int64] = [.max, .min + 1, -1, 1 << 62, -(1 << 62)]
        let fault = Fault(samples: { samples in
            for (index, value) in wild.enumerated() {
                samples[10 + index].eventTimeNs = value
                samples[20 + index].arrivalKernelNs = value
                samples[30 + index].arrivalWallNs = value
                samples[40 + index].arrivalMonotonicNs = value
                samples[50 + index].sourceKernelNs = value
                samples[60 + index].sequence = UInt64(bitPattern: value)
            }
        })
        for sequence in ValidationSequence.allCases {
            let lines = try await judge(sequence, fault)
            #expect(lines.contains { $0.outcome == .failed }, "\(sequence): \(lines)")
        }
    }

    @Test("sees sums that do not come out, and a goodbye that never came")
    func accounting() async throws {
        let lost = try await judge(.backbone, Fault(receiver: { $0.lanes[0].counts.arrived -= 3 }))
        #expect(lost[4].outcome == .failed)
        #expect(lost[4].detail.contains("lost on the way 3"))
        let silent = try await judge(.backbone, Fault(receiver: { $0.lanes[0].senderTotals = nil }))
        #expect(silent[4].outcome == .failed)
    }

    /// A line, a fault just there, how the line comes out, and what it says.
    struct Break: CustomTestStringConvertible {
        var sequence: ValidationSequence
        var line: Int
        var says: String
        var outcome = CheckRecord.Outcome.failed
        var fault: Fault
        var testDescription: String { "\(sequence.rawValue) \(line)" }
    }

    private static func badClock(_ host: String) -> Fault {
        Fault(record: { $0.hosts[host]?.clockBefore?.tracking?.rootDispersionSeconds = 0.5 })
    }

    private static var neverReached: Fault {
        Fault(forwarder: { summary in
            for index in summary.lanes[0].connections.indices {
                summary.lanes[0].connections[index].endpoint = nil
                summary.lanes[0].connections[index].opened = nil
                summary.lanes[0].connections[index].streaming = nil
                summary.lanes[0].connections[index].reason = "no route to host"
            }
        })
    }

    static var breaks: [Break] {
        [
            Break(sequence: .tokyo, line: 1, says: "more than maxError", fault: badClock("tokyo")),
            Break(
                sequence: .tokyo,
                line: 2,
                says: "nothing to judge",
                fault: Fault(record: { $0.hosts["tokyo"]?.agentSHA256 = nil })
            ),
            Break(sequence: .tokyo, line: 3, says: "no route to host", fault: neverReached),
            Break(
                sequence: .tokyo,
                line: 4,
                says: "no event came",
                fault: Fault(forwarder: { $0.lanes[0].counts.received = 0 })
            ),
            Break(
                sequence: .tokyo,
                line: 5,
                says: "1 of 200 events have no update id",
                fault: Fault(samples: { $0[3].updateID = 0 })
            ),
            Break(
                sequence: .tokyo,
                line: 6,
                says: "breaks in the numbers",
                fault: Fault(samples: { $0[7].sequence += 1 })
            ),
            Break(
                sequence: .tokyo,
                line: 7,
                says: "200 of 200 events without the kernel's time",
                fault: Fault(samples: { for index in $0.indices { $0[index].sourceKernelNs = SampleRecord.absent } })
            ),
            Break(sequence: .frankfurt, line: 1, says: "more than maxError", fault: badClock("frankfurt")),
            Break(
                sequence: .frankfurt,
                line: 2,
                says: "certificate expired",
                fault: Fault(receiver: {
                    $0.lanes[0].connections[0].opened = nil
                    $0.lanes[0].connections[0].streaming = nil
                    $0.lanes[0].connections[0].reason = "TLS: certificate expired"
                })
            ),
            Break(
                sequence: .frankfurt,
                line: 3,
                says: "the wall clock jumped 1 times",
                fault: Fault(samples: {
                    for index in $0.indices.suffix(50) { $0[index].arrivalWallNs += 3_600_000_000_000 }
                })
            ),
            Break(
                sequence: .frankfurt,
                line: 5,
                says: "no space left",
                fault: Fault(reporter: BrokenReporter())
            ),
            Break(sequence: .backbone, line: 1, says: "was not reached: no route to host", fault: neverReached),
            Break(
                sequence: .backbone,
                line: 2,
                says: "nothing to judge",
                fault: Fault(record: { record in
                    for index in record.phases.indices {
                        record.phases[index].checks.removeAll { $0.name == "listening" }
                    }
                })
            ),
            Break(
                sequence: .backbone,
                line: 3,
                says: "the receiver let no connection in: no route",
                fault: neverReached
            ),
            Break(
                sequence: .backbone,
                line: 4,
                says: "no event arrived",
                fault: Fault(receiver: { $0.lanes[0].counts.arrived = 0 })
            ),
            Break(
                sequence: .backbone,
                line: 5,
                says: "the sums do not come out",
                fault: Fault(receiver: { $0.lanes[0].counts.arrived -= 1 })
            ),
            Break(
                sequence: .backbone,
                line: 6,
                says: "no event carries the forwarder's time",
                fault: Fault(samples: { samples in
                    for index in samples.indices {
                        samples[index].sourceKernelNs = SampleRecord.absent
                        samples[index].sourceUserNs = SampleRecord.absent
                    }
                })
            ),
        ]
    }

    @Test("has for each line a fault that it sees, with the reason", arguments: breaks.indices)
    func everyLine(_ index: Int) async throws {
        let broken = Self.breaks[index]
        let line = try await judge(broken.sequence, broken.fault)[broken.line - 1]
        #expect(line.outcome == broken.outcome, "\(broken.testDescription): \(line)")
        #expect(line.detail.contains(broken.says), "\(broken.testDescription): \(line)")
    }

    @Test("proves the account of a reconnection by one that was provoked")
    func provoked() async throws {
        let lines = try await judge(
            .backbone,
            Fault(forwarder: { summary in
                let moment = Timestamp(wallNs: 0, monotonicNs: 3_000_000_000)
                summary.lanes[0].connections[1].reason = ConnectionRecord.wasToldToReconnect
                var again = ConnectionRecord(purpose: "relay", endpoint: "10.1.1.10:8080", began: moment)
                again.opened = Timestamp(wallNs: 0, monotonicNs: 3_150_000_000)
                again.streaming = Timestamp(wallNs: 0, monotonicNs: 3_200_000_000)
                summary.lanes[0].connections.append(again)
            })
        )
        #expect(lines[4].outcome == .passed, "\(lines[4])")
        #expect(lines[4].detail.hasSuffix("across a reconnection that was provoked"))
        #expect(lines[2].outcome == .passed, "a connection more, but that was wanted: \(lines[2])")
    }

    @Test("computes its known numbers itself, and sees a wrong one")
    func knownNumbers() {
        #expect(KnownNumbers.check().outcome == .passed)
        let wrong = KnownNumbers.check((1...100).map { $0 == 50 ? 51 : Double($0) })
        #expect(wrong.outcome == .failed)
        #expect(wrong.detail.contains("mean is 50.51, not 50.5"), "\(wrong.detail)")
    }

    @Test("names the phase that kept a line from being judged")
    func notReached() async throws {
        let world = try FakeWorld(frankfurt: {
            $0.connectError = RemoteHostError(.unreachable, host: "frankfurt", "no route to 192.0.2.1")
        })
        world.experiment = try ValidationSequence.tokyo.experiment(from: world.experiment)
        let outcome = try await world.run(.validation)
        let lines = await Validation.judge(.tokyo, outcome, reporter: StandardReporter())
        #expect(lines.count == 7)
        #expect(lines.allSatisfy { $0.outcome == .skipped })
        #expect(lines[3].detail == "not reached: 'connect' failed: no route to 192.0.2.1")
        #expect(Validation.status(lines, outcome) == .hostUnusable)
    }

    @Test("that needs a relayed path says so when there is none")
    func noRelay() throws {
        let world = try FakeWorld()
        world.experiment.paths.removeLast()
        let error = #expect(throws: OrchestrationError.self) {
            try ValidationSequence.backbone.experiment(from: world.experiment)
        }
        #expect(error?.code == .invalidInput)
        #expect(throws: Never.self) { try ValidationSequence.frankfurt.experiment(from: world.experiment) }
    }

    @Test("lists as many titles as it judges lines", arguments: ValidationSequence.allCases)
    func titles(_ sequence: ValidationSequence) async throws {
        #expect(try await judge(sequence).map(\.title) == sequence.titles)
    }
}
