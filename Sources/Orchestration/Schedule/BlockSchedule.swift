import ExperimentModel
import LatencyStatistics

/// One stretch of measuring, before it begins.
public struct BlockPlan: Hashable, Sendable {
    /// Its number, from 1.
    public var number: Int
    /// How many there are.
    public var count: Int
    /// The paths that it measures.
    public var paths: [PathSpecification]
    /// The measured time, without the warm-up.
    public var duration: TimeSpan

    /// The hosts that forward in this block.
    public var forwarders: [String] {
        var names: [String] = []
        for path in paths {
            if let via = path.via, !names.contains(via) { names.append(via) }
        }
        return names
    }

    /// What is added to a phase's name when there are several blocks.
    var suffix: String {
        count == 1 ? "" : " (block \(number) of \(count): \(paths.map(\.name).joined(separator: ", ")))"
    }
}

/// Divides an experiment's time into blocks.
public enum BlockSchedule {
    /// The most blocks that a run may have.
    public static let limit = 1_000

    /// The blocks of `experiment` in the order in which they are measured.
    ///
    /// Simultaneous: one block with every path. Sequential: rounds in which each path gets one block, in an order that
    /// is shuffled anew for each round; the same seed gives the same order on every machine.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when there would be more than `limit`.
    public static func blocks(for experiment: Experiment, seed: UInt64) throws -> [BlockPlan] {
        let schedule = experiment.schedule
        guard schedule.mode == .sequential else {
            return [BlockPlan(number: 1, count: 1, paths: experiment.paths, duration: schedule.duration)]
        }
        let longest = schedule.blockDuration ?? schedule.duration
        let rounds = Int((schedule.duration.ns + longest.ns - 1) / longest.ns)
        let count = rounds * experiment.paths.count
        guard count <= limit else {
            throw OrchestrationError(
                .invalidInput,
                "schedule: \(schedule.duration) in blocks of \(longest) makes \(count) blocks, more than \(limit); "
                    + "use a longer blockDuration"
            )
        }
        let duration = TimeSpan(ns: schedule.duration.ns / Int64(rounds))
        var generator = SplitMix64(seed: seed)
        var order: [PathSpecification] = []
        for _ in 0..<rounds { order += shuffled(experiment.paths, with: &generator) }
        return order.enumerated().map { index, path in
            BlockPlan(number: index + 1, count: count, paths: [path], duration: duration)
        }
    }

    /// Fisher and Yates' shuffle, written out since the standard library's order may change between versions.
    private static func shuffled(_ paths: [PathSpecification], with generator: inout SplitMix64) -> [PathSpecification]
    {
        var paths = paths
        for index in stride(from: paths.count - 1, to: 0, by: -1) {
            paths.swapAt(index, Int(generator.next() % UInt64(index + 1)))
        }
        return paths
    }
}
