import ExperimentModel
import LatencyStatistics

/// The samples of one path's lanes, gone over as often as need be.
struct PathSamples {
    /// An event that comes this much later after its send than is usual stands behind a backlog.
    private static let drainToleranceNs: Int64 = 10_000_000
    /// A backlog that is sent stands in the way of new events for this long at most.
    private static let longestDrainNs: Int64 = 10_000_000_000

    private let samples: SampleStream
    /// The path's lanes among those of the whole plan.
    let lanes: Range<Int>
    /// The run's window; nil without one.
    let window: MeasuredWindow?
    /// When each lane's own part of it begins, monotonic.
    private var startsNs: [Int64]
    /// Events before that part which had waited for the relay, or stood behind such.
    private(set) var leftOut = 0
    /// Whether every event had waited, so that nothing could be left out.
    private(set) var allWaited = false

    /// The samples of a path; the leading backlog of a relayed one is left out.
    init(_ samples: SampleStream, lanes: Range<Int>, window: MeasuredWindow?) throws {
        self.samples = samples
        self.lanes = lanes
        self.window = window
        startsNs = [Int64](repeating: window?.start.monotonicNs ?? 0, count: lanes.count)
        try leaveOutBacklog()
    }

    // MARK: The backlog

    /// Begins each lane with its first event that neither waited for the relay nor came behind what had.
    ///
    /// What a forwarder took before the relay stood says nothing of the way; sent at once, it also fills that way for a
    /// moment, and new events stand behind it.
    private mutating func leaveOutBacklog() throws {
        guard let window else { return }
        var first = [Bool?](repeating: nil, count: lanes.count)
        try forEach { sample, _ in
            let lane = Int(sample.lane) - lanes.lowerBound
            if first[lane] == nil { first[lane] = sample.waitedAtForwarder }
        }
        guard first.contains(true) else { return }
        let usual = try StreamedSummary(quantiles: [0.5]) { take in
            try forEach { sample, isMeasured in
                if isMeasured, !sample.waitedAtForwarder, let ns = sample.sendToArrivalNs { take(ns) }
            }
        }
        let limitNs = usual.map { Int64($0.quantiles[0]) + Self.drainToleranceNs } ?? .max
        var drainsSince = [Int64?](repeating: nil, count: lanes.count)
        var begins = [Int64?](repeating: nil, count: lanes.count)
        var before = 0
        try forEach { sample, _ in
            let lane = Int(sample.lane) - lanes.lowerBound
            guard first[lane] == true, begins[lane] == nil, !sample.flags.contains(.duplicate) else { return }
            let atNs = sample.arrivalOnMonotonicNs
            if !sample.waitedAtForwarder {
                let since = drainsSince[lane] ?? atNs
                drainsSince[lane] = since
                let isLate = (sample.sendToArrivalNs ?? 0) > limitNs && atNs - since < Self.longestDrainNs
                if !isLate { begins[lane] = atNs }
            }
            if begins[lane] == nil { before += 1 }
        }
        guard zip(first, begins).allSatisfy({ $0 != true || $1 != nil }) else {
            allWaited = true
            return
        }
        leftOut = before
        for lane in startsNs.indices { startsNs[lane] = max(startsNs[lane], begins[lane] ?? 0) }
        // An event of the read that the window began with may lie before the first that counts.
        startsNs = startsNs.map { min($0, window.end.monotonicNs) }
    }

    /// The path's own part of the window: from its earliest lane on; nil without a window.
    var ownWindow: MeasuredWindow? {
        guard let window, let startNs = startsNs.min() else { return nil }
        return MeasuredWindow(start: window.start.later(by: startNs - window.start.monotonicNs), end: window.end)
    }

    // MARK: Going over them

    /// Hands over every sample of the path, and whether it counts: in the window, and the first of its kind.
    func forEach(_ take: (SampleRecord, Bool) throws -> Void) throws {
        try samples.forEach { sample in
            guard lanes.contains(Int(sample.lane)) else { return }
            try take(sample, isMeasured(sample))
        }
    }

    private func isMeasured(_ sample: SampleRecord) -> Bool {
        guard let window else { return false }
        let atNs = sample.arrivalOnMonotonicNs
        return atNs >= startsNs[Int(sample.lane) - lanes.lowerBound] && atNs < window.end.monotonicNs
            && !sample.flags.contains(.duplicate)
    }

    /// Hands over a duration of each sample that counts, where it has that.
    func forEach(_ duration: (SampleRecord) -> Int64?, _ take: (Int64) -> Void) throws {
        try forEach { sample, isMeasured in
            if isMeasured, let ns = duration(sample) { take(ns) }
        }
    }

    /// The figures of a duration.
    func figures(_ duration: (SampleRecord) -> Int64?) throws -> LatencyFigures {
        guard let summary = try StreamedSummary(quantiles: [0.5, 0.95, 0.99], of: { try forEach(duration, $0) }) else {
            return LatencyFigures()
        }
        return LatencyFigures(
            averageNs: summary.mean,
            medianNs: summary.quantiles[0],
            p95Ns: summary.quantiles[1],
            p99Ns: summary.quantiles[2],
            minimumNs: Double(summary.minimum),
            maximumNs: Double(summary.maximum),
            standardDeviationNs: summary.standardDeviation
        )
    }

    /// What is counted among the samples that count.
    func count(belowNs leastNs: Int64) throws -> SampleCounts {
        var counts = SampleCounts()
        var recent = RecentEvents()
        try forEach { sample, isMeasured in
            guard isMeasured else { return }
            counts.receiveTimes.add(kernelNs: sample.arrivalKernelNs)
            if lanes.count == 1 || recent.isNew(sample) { counts.distinct += 1 }
            if sample.waitedAtForwarder { counts.waited += 1 }
            if let ns = sample.endToEndNs, ns < leastNs { counts.belowZero += 1 }
            counts.first = min(counts.first ?? .max, sample.arrivalOnMonotonicNs)
            counts.last = max(counts.last ?? .min, sample.arrivalOnMonotonicNs)
        }
        return counts
    }
}

/// What was counted among a path's samples.
struct SampleCounts {
    /// By where their receive times came from.
    var receiveTimes = ReceiveTimeCount()
    /// Events, whichever lanes brought them.
    var distinct = 0
    /// Those that had waited at the forwarder.
    var waited = 0
    /// End-to-end latencies below what can be.
    var belowZero = 0
    /// The first arrival, monotonic; nil without any.
    var first: Int64?
    /// The last.
    var last: Int64?

    /// All samples.
    var samples: Int { receiveTimes.kernel + receiveTimes.user }
}

/// The newest events, to tell what another lane has brought already; lanes are seconds apart at most.
private struct RecentEvents {
    private struct Key: Hashable {
        var updateID: Int64
        var stream: UInt16
    }

    private static let limit = 1 << 17
    private var known: Set<Key> = []
    private var order: [Key] = []
    private var oldest = 0

    mutating func isNew(_ sample: SampleRecord) -> Bool {
        let key = Key(updateID: sample.updateID, stream: sample.stream)
        guard known.insert(key).inserted else { return false }
        if order.count < Self.limit {
            order.append(key)
        } else {
            known.remove(order[oldest])
            order[oldest] = key
            oldest = (oldest + 1) % Self.limit
        }
        return true
    }
}

extension SampleRecord {
    /// From the exchange's event time to the arrival; nil without one.
    var endToEndNs: Int64? { eventTimeNs == Self.absent ? nil : arrivalNs &- eventTimeNs }
    /// From the forwarder's receive time to the arrival; nil on a direct lane.
    var backboneNs: Int64? { sourceNs == Self.absent ? nil : arrivalNs &- sourceNs }
    /// From the forwarder's send to the arrival; nil on a direct lane.
    var sendToArrivalNs: Int64? { sourceSendNs == Self.absent ? nil : arrivalNs &- sourceSendNs }
}
