import LatencyStatistics

/// The same events on two sides, matched by stream and update id, on the receiver's monotonic clock.
struct EventPairing: Sendable {
    /// arrival(second) - arrival(first) of each event that came on both, in the order of time.
    private(set) var differencesNs = CompactSeries()
    /// When the earlier of the two arrived, for each difference.
    private(set) var timesNs: [Int64] = []
    /// The end-to-end delay of the earlier of the two, for those that have event times.
    private(set) var firstEndToEndNs = CompactSeries()
    /// Events that came only on the first side, by their index there.
    private(set) var onlyFirst: [Int] = []
    /// Events that came only on the second side, by their index there.
    private(set) var onlySecond: [Int] = []

    init(_ first: EventArrivals, _ second: EventArrivals) {
        var pairs = TimedDifferences(expecting: min(first.count, second.count))
        Self.walk(first, second) { a, b in
            let firstNs = first.monotonicNs[a]
            let secondNs = second.monotonicNs[b]
            pairs.append(firstNs, secondNs)
            if let delay = secondNs < firstNs ? second.endToEnd(b) : first.endToEnd(a) {
                firstEndToEndNs.append(delay)
            }
        } onlyFirst: {
            onlyFirst.append($0)
        } onlySecond: {
            onlySecond.append($0)
        }
        pairs.order()
        timesNs = pairs.timesNs
        differencesNs = pairs.differencesNs
    }

    /// The differences alone, in the order of time.
    static func differences(_ first: EventArrivals, _ second: EventArrivals) -> CompactSeries {
        var differences = CompactSeries()
        differences.reserveCapacity(min(first.count, second.count))
        var lastNs = Int64.min
        var isOrdered = true
        first.monotonicNs.withUnsafeBufferPointer { firstNs in
            second.monotonicNs.withUnsafeBufferPointer { secondNs in
                walk(first, second) { a, b in
                    let timeNs = min(firstNs[a], secondNs[b])
                    if timeNs < lastNs { isOrdered = false }
                    lastNs = timeNs
                    differences.append(secondNs[b] &- firstNs[a])
                } onlyFirst: { _ in
                } onlySecond: { _ in
                }
            }
        }
        // Times are only kept where they are needed: several streams, or datagrams.
        return isOrdered ? differences : EventPairing(first, second).differencesNs
    }

    /// Goes through the events of both sides in the order of their keys.
    @inline(__always)
    private static func walk(
        _ first: EventArrivals,
        _ second: EventArrivals,
        both: (Int, Int) -> Void,
        onlyFirst: (Int) -> Void,
        onlySecond: (Int) -> Void
    ) {
        first.updateIDs.withUnsafeBufferPointer { firstIDs in
            second.updateIDs.withUnsafeBufferPointer { secondIDs in
                first.streams.withUnsafeBufferPointer { firstStreams in
                    second.streams.withUnsafeBufferPointer { secondStreams in
                        var i = 0
                        var j = 0
                        while i < firstIDs.count, j < secondIDs.count {
                            if firstIDs[i] == secondIDs[j], firstStreams[i] == secondStreams[j] {
                                both(i, j)
                                i &+= 1
                                j &+= 1
                            } else if (firstStreams[i], firstIDs[i]) < (secondStreams[j], secondIDs[j]) {
                                onlyFirst(i)
                                i &+= 1
                            } else {
                                onlySecond(j)
                                j &+= 1
                            }
                        }
                        while i < firstIDs.count {
                            onlyFirst(i)
                            i &+= 1
                        }
                        while j < secondIDs.count {
                            onlySecond(j)
                            j &+= 1
                        }
                    }
                }
            }
        }
    }
}

/// Differences that are brought into the order of time, in which they mostly come already.
private struct TimedDifferences {
    private(set) var timesNs: [Int64] = []
    private(set) var differencesNs = CompactSeries()
    private var isOrdered = true

    init(expecting count: Int) {
        timesNs.reserveCapacity(count)
        differencesNs.reserveCapacity(count)
    }

    @inline(__always)
    mutating func append(_ firstNs: Int64, _ secondNs: Int64) {
        let timeNs = min(firstNs, secondNs)
        if let last = timesNs.last, last > timeNs { isOrdered = false }
        timesNs.append(timeNs)
        differencesNs.append(secondNs &- firstNs)
    }

    /// Stable: events of one moment stay in the order of their keys.
    mutating func order() {
        guard !isOrdered else { return }
        let indices = timesNs.indices.sorted { (timesNs[$0], $0) < (timesNs[$1], $1) }
        let unordered = differencesNs
        timesNs = indices.map { timesNs[$0] }
        differencesNs = CompactSeries(indices.lazy.map { unordered[$0] })
    }
}
