import ExperimentModel
import LatencyStatistics

/// One path's samples that count, inside the measured window and each event once a lane, as series of metrics.
struct MeasuredPath: Sendable {
    let name: String
    let kind: PathSpecification.Kind
    private(set) var lanes: [MeasuredLane]
    /// Where arrival times came from.
    private(set) var sources = ReceiveTimeCount()
    /// What the event times are rounded down to, nanoseconds: a millisecond unless some show finer digits.
    private(set) var truncationNs = 1_000_000.0
    /// Records that are damaged: left out of everything else.
    private(set) var damaged = 0

    /// Goes through a path's records once.
    init(_ records: PathRecords, metrics: [Metric]) {
        name = records.name
        kind = records.kind
        var lanes = [MeasuredLane](repeating: MeasuredLane(), count: records.laneCount)
        var sources = ReceiveTimeCount()
        var damaged = 0
        var hasMicroseconds = false
        var hasNanoseconds = false
        // Flat: one series a lane and metric.
        var series = [CompactSeries](repeating: CompactSeries(), count: lanes.count * metrics.count)
        for index in series.indices { series[index].reserveCapacity(records.expectedPerLane) }
        series.withUnsafeMutableBufferPointer { series in
            records.forEach {
                damaged += 1
            } _: { lane, record, place in
                guard place == .inside else {
                    lanes[lane].outsideWindow += 1
                    return
                }
                guard !record.flags.contains(.duplicate) else {
                    lanes[lane].duplicates += 1
                    return
                }
                lanes[lane].count += 1
                if record.flags.contains(.reordered) { lanes[lane].reordered += 1 }
                sources.add(kernelNs: record.arrivalKernelNs)
                if record.eventTimeNs != SampleRecord.absent {
                    if record.eventTimeNs % 1_000 != 0 {
                        hasNanoseconds = true
                    } else if record.eventTimeNs % 1_000_000 != 0 {
                        hasMicroseconds = true
                    }
                }
                let first = lane * metrics.count
                for index in metrics.indices {
                    if let ns = metrics[index].ns(of: record) { series[first + index].append(ns) }
                }
            }
        }
        for lane in lanes.indices {
            for (index, metric) in metrics.enumerated() {
                lanes[lane].series[metric] = series[lane * metrics.count + index]
            }
        }
        self.lanes = lanes
        self.sources = sources
        self.damaged = damaged
        truncationNs = hasNanoseconds ? 1 : hasMicroseconds ? 1_000 : 1_000_000
    }

    /// The samples, all lanes together.
    var count: Int { lanes.reduce(0) { $0 + $1.count } }

    /// The metric's samples of each lane, in nanoseconds, in the order of arrival.
    func series(_ metric: Metric) -> [CompactSeries] { lanes.map { $0.series[metric] ?? CompactSeries() } }
}

/// One lane's samples.
struct MeasuredLane: Sendable {
    /// The samples that count.
    var count = 0
    var duplicates = 0
    var reordered = 0
    var outsideWindow = 0
    /// Each metric of those samples that have it, nanoseconds, in the order of arrival.
    var series: [Metric: CompactSeries] = [:]
}
