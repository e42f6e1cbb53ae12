import ExperimentModel
import Foundation
import RemoteHosts
import Testing

@testable import Orchestration

/// Checklists, judged on what a synthetic run left.
@Suite("A checklist", .timeLimit(.minutes(1)))
struct ValidationTests {
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
