import ExperimentModel

/// The newest delays of one lane, for the live view only; results come from the samples.
struct LiveDelays {
    private static let capacity = 1_024
    private var values: [Int64] = []
    private var next = 0
    private(set) var total = 0
    private var totalAtLastSecond = 0

    @inline(__always)
    mutating func add(_ delayNs: Int64?) {
        total += 1
        guard let delayNs else { return }
        if values.count < Self.capacity {
            values.append(delayNs)
        } else {
            values[next] = delayNs
            next = (next + 1) % Self.capacity
        }
    }

    /// A quantile of the newest delays, milliseconds; nil without any.
    func quantileMs(_ fraction: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return Double(sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]) / 1e6
    }

    /// Events since the last call, which comes once a second.
    mutating func takeRate() -> Double {
        defer { totalAtLastSecond = total }
        return Double(total - totalAtLastSecond)
    }
}

extension LaneStatus {
    /// Takes what the live view shows of a lane's newest delays; called once a second, for the rate.
    mutating func take(_ delays: inout LiveDelays) {
        ratePerSecond = delays.takeRate()
        medianMs = delays.quantileMs(0.5)
        p99Ms = delays.quantileMs(0.99)
    }
}

/// The running difference between two paths for the live view, from a table of the newest events.
struct LiveDifference {
    private struct Slot {
        var id = Int64.min
        var arrivalNs: Int64 = 0
        var isRelay = false
    }

    private static let slots = 1 << 14
    private var table = [Slot](repeating: Slot(), count: slots)
    private var recent = LiveDelays()

    /// The pairs found so far.
    var pairs: Int { recent.total }
    /// The median of the newest differences (relay - direct), milliseconds.
    var medianMs: Double? { recent.quantileMs(0.5) }

    /// Takes an event of the first direct or the first relayed path's first lane.
    @inline(__always)
    mutating func add(id: Int64, arrivalNs: Int64, isRelay: Bool) {
        let index = Int(truncatingIfNeeded: id) & (Self.slots - 1)
        if table[index].id == id, table[index].isRelay != isRelay {
            let differenceNs = arrivalNs - table[index].arrivalNs
            recent.add(isRelay ? differenceNs : -differenceNs)
            table[index].id = Int64.min
        } else {
            table[index] = Slot(id: id, arrivalNs: arrivalNs, isRelay: isRelay)
        }
    }
}
