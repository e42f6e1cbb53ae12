import ExperimentModel
import Testing

@testable import Orchestration

@Suite("Blocks")
struct BlockScheduleTests {
    private func experiment(_ schedule: Schedule) -> Experiment {
        Experiment(
            name: "test",
            feed: FeedSpecification(streams: ["btcusdt@bookTicker"]),
            hosts: [:],
            receiver: "frankfurt",
            paths: ["a", "b", "c"].map { PathSpecification(name: $0, kind: .direct) },
            schedule: schedule
        )
    }

    @Test("are one with every path when all are measured at once")
    func simultaneous() throws {
        let blocks = try BlockSchedule.blocks(for: experiment(Schedule(duration: .seconds(300))), seed: 1)
        #expect(blocks.map { $0.paths.map(\.name) } == [["a", "b", "c"]])
        #expect(blocks[0].duration == .seconds(300))
        #expect(blocks[0].suffix == "")
    }

    @Test("hold each path once a round, together for its whole time")
    func rounds() throws {
        let schedule = Schedule(mode: .sequential, duration: .seconds(100), blockDuration: .seconds(30))
        let blocks = try BlockSchedule.blocks(for: experiment(schedule), seed: 5)
        #expect(blocks.count == 12)
        for round in 0..<4 {
            #expect(Set(blocks[round * 3..<round * 3 + 3].map { $0.paths[0].name }) == ["a", "b", "c"])
        }
        #expect(blocks.allSatisfy { $0.duration == .seconds(25) })
        #expect(blocks[1].suffix == " (block 2 of 12: \(blocks[1].paths[0].name))")
    }

    @Test("come in an order that the seed alone decides, the same on every machine")
    func seeded() throws {
        let schedule = Schedule(mode: .sequential, duration: .seconds(60), blockDuration: .seconds(10))
        func order(_ seed: UInt64) throws -> String {
            try BlockSchedule.blocks(for: experiment(schedule), seed: seed).map { $0.paths[0].name }.joined()
        }
        #expect(try order(1) == order(1))
        #expect(try Set((1...8).map { try order($0) }).count > 4)
    }

    @Test("are refused when there would be too many")
    func limit() {
        let schedule = Schedule(mode: .sequential, duration: .seconds(86_400), blockDuration: .seconds(1))
        let error = #expect(throws: OrchestrationError.self) {
            try BlockSchedule.blocks(for: experiment(schedule), seed: 1)
        }
        #expect(error?.code == .invalidInput)
    }
}
