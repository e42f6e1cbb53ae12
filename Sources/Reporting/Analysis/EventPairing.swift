import ExperimentModel

/// What makes an event of a run's market the same on every lane and connection.
struct EventKey: Hashable {
    var stream: UInt16
    var updateID: Int64
}

/// When each event first arrived on some lanes, ordered by stream and update id.
struct EventArrivals {
    struct Arrival {
        var stream: UInt16
        var updateID: Int64
        var monotonicNs: Int64
        var wallNs: Int64
        var endToEndNs: Int64?

        /// Whether this event comes before the other in the order of pairing.
        func precedes(_ other: Arrival) -> Bool {
            (stream, updateID) < (other.stream, other.updateID)
        }
    }

    private(set) var arrivals: [Arrival] = []

    init(_ lanes: [MeasuredLane]) {
        var all: [Arrival] = []
        all.reserveCapacity(lanes.reduce(0) { $0 + $1.records.count })
        for lane in lanes {
            for record in lane.records {
                all.append(
                    Arrival(
                        stream: record.stream,
                        updateID: record.updateID,
                        monotonicNs: record.arrivalOnMonotonicNs,
                        wallNs: record.arrivalNs,
                        endToEndNs: Metric.endToEnd.ns(of: record)
                    )
                )
            }
        }
        all.sort { ($0.stream, $0.updateID, $0.monotonicNs) < ($1.stream, $1.updateID, $1.monotonicNs) }
        arrivals.reserveCapacity(all.count / max(1, lanes.count))
        for arrival in all {
            if let last = arrivals.last, last.stream == arrival.stream, last.updateID == arrival.updateID { continue }
            arrivals.append(arrival)
        }
    }
}

/// The same events on two sides, matched by stream and update id, on the receiver's monotonic clock.
struct EventPairing {
    /// arrival(second) - arrival(first) of each event that came on both, in the order of time.
    private(set) var differencesNs: [Double] = []
    /// When the earlier of the two arrived, for each difference.
    private(set) var timesNs: [Int64] = []
    /// The end-to-end delay of the earlier of the two, for those that have event times.
    private(set) var firstEndToEndNs: [Double] = []
    /// Events that came only on the first side.
    private(set) var onlyFirst: [EventArrivals.Arrival] = []
    /// Events that came only on the second side.
    private(set) var onlySecond: [EventArrivals.Arrival] = []

    init(_ first: EventArrivals, _ second: EventArrivals) {
        var pairs: [(timeNs: Int64, differenceNs: Double)] = []
        pairs.reserveCapacity(min(first.arrivals.count, second.arrivals.count))
        var i = 0
        var j = 0
        while i < first.arrivals.count, j < second.arrivals.count {
            let a = first.arrivals[i]
            let b = second.arrivals[j]
            if a.precedes(b) {
                onlyFirst.append(a)
                i += 1
            } else if b.precedes(a) {
                onlySecond.append(b)
                j += 1
            } else {
                pairs.append((min(a.monotonicNs, b.monotonicNs), Double(b.monotonicNs - a.monotonicNs)))
                if let delay = (b.monotonicNs < a.monotonicNs ? b : a).endToEndNs {
                    firstEndToEndNs.append(Double(delay))
                }
                i += 1
                j += 1
            }
        }
        onlyFirst += first.arrivals[i...]
        onlySecond += second.arrivals[j...]
        pairs.sort { $0.timeNs < $1.timeNs }
        differencesNs = pairs.map(\.differenceNs)
        timesNs = pairs.map(\.timeNs)
    }
}
