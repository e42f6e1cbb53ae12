import ExperimentModel

/// Tells records that a run cannot have made from those that it may have: what a disk, a copy or a fault of memory
/// changed.
///
/// Times are held against the beginning and the end of the agents that took them, widely enough for clocks that are
/// off: a record is only called damaged when nothing that was measured can look like it.
struct RecordCheck: Sendable {
    /// How far outside of its agent's life a monotonic time may be: a receiver that was started anew knows only its
    /// own.
    private static let monotonicSlackNs: Int64 = 3_600_000_000_000
    /// The same for wall clocks, which may be set while they are read.
    private static let wallSlackNs: Int64 = 86_400_000_000_000
    /// How far the exchange's clock may be from the receiver's: a host without a time server may be weeks off.
    private static let exchangeSlackNs: Int64 = 30 * 86_400_000_000_000
    /// No clock of this century reads more, and the difference of any two such times fits 64 bits.
    static let mostNs: Int64 = 4_100_000_000_000_000_000

    private let streams: Int
    private let monotonic: ClosedRange<Int64>
    private let wall: ClosedRange<Int64>
    private let source: ClosedRange<Int64>
    private let event: ClosedRange<Int64>

    /// The check of one path's records in one block.
    init(_ block: BlockData, forwarder: AgentSummary?) {
        streams = block.streams.count
        // The times of an earlier receiver are not known, whose records come first.
        let isKnown = !RunIntegrity.followsAnother(block.receiver)
        let began = isKnown ? block.receiver?.started ?? block.window?.start : nil
        let ended = isKnown ? block.receiver?.ended ?? block.window?.end : nil
        monotonic = Self.range(began?.monotonicNs, ended?.monotonicNs, Self.monotonicSlackNs)
        wall = Self.wallRange(block.receiver, began, ended)
        event = Self.range(wall.lowerBound, wall.upperBound, Self.exchangeSlackNs)
        source = Self.wallRange(forwarder, forwarder?.started, forwarder?.ended)
    }

    private static func wallRange(_ host: AgentSummary?, _ began: Timestamp?, _ ended: Timestamp?)
        -> ClosedRange<Int64>
    {
        let steps = (host?.clockSteps ?? []).reduce(UInt64(0)) { sum, step in
            min(UInt64(mostNs), sum + min(UInt64(mostNs), step.stepNs.magnitude))
        }
        return range(began?.wallNs, ended?.wallNs, wallSlackNs + Int64(clamping: steps))
    }

    /// From the earlier of two moments to the later one, with some time before and after; any time where one is
    /// unknown.
    private static func range(_ first: Int64?, _ second: Int64?, _ slackNs: Int64) -> ClosedRange<Int64> {
        guard let first, let second else { return 0...mostNs }
        let low = max(0, min(mostNs, min(first, second)) &- slackNs)
        let high = min(mostNs, max(0, max(first, second)) &+ slackNs)
        return min(low, high)...max(low, high)
    }

    /// Whether the run may have made the record, apart from its lane.
    @inline(__always)
    func accepts(_ record: SampleRecord) -> Bool {
        monotonic.contains(record.arrivalMonotonicNs) && wall.contains(record.arrivalWallNs)
            && Self.holds(record.arrivalKernelNs, wall) && Self.holds(record.eventTimeNs, event)
            && Self.holds(record.sourceKernelNs, source) && Self.holds(record.sourceUserNs, source)
            && Self.holds(record.sourceSendNs, source) && Int(record.stream) < streams
            && record.flags.isSubset(of: [.duplicate, .reordered])
    }

    @inline(__always)
    private static func holds(_ timeNs: Int64, _ range: ClosedRange<Int64>) -> Bool {
        timeNs == SampleRecord.absent || range.contains(timeNs)
    }
}
