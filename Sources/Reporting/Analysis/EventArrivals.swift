import ExperimentModel
import LatencyStatistics

/// What makes an event of a run's market the same on every lane and connection.
struct EventKey: Hashable, Comparable {
    var stream: UInt16
    var updateID: Int64

    static func < (first: EventKey, second: EventKey) -> Bool {
        (first.stream, first.updateID) < (second.stream, second.updateID)
    }
}

/// When each event first arrived on a lane, or on some lanes, ordered by stream and update id: a column for each fact.
struct EventArrivals: Sendable {
    private(set) var streams: [UInt16] = []
    private(set) var updateIDs: [Int64] = []
    private(set) var monotonicNs: [Int64] = []
    /// End-to-end delays, `SampleRecord.absent` where there is no event time; nil where no event has one.
    private(set) var endToEndNs: CompactSeries?
    /// On the wall clock; empty unless asked for.
    private(set) var wallNs: [Int64] = []

    /// The number of events.
    var count: Int { updateIDs.count }

    func key(_ index: Int) -> EventKey { EventKey(stream: streams[index], updateID: updateIDs[index]) }

    /// The end-to-end delay of an event; nil without event time.
    func endToEnd(_ index: Int) -> Int64? {
        guard let delay = endToEndNs?[index], delay != SampleRecord.absent else { return nil }
        return delay
    }

    /// Leaves out what only first arrivals need.
    mutating func dropDelays() { endToEndNs = nil }

    fileprivate init() {}

    fileprivate mutating func reserve(_ count: Int) {
        streams.reserveCapacity(count)
        updateIDs.reserveCapacity(count)
        monotonicNs.reserveCapacity(count)
        endToEndNs = CompactSeries()
        endToEndNs?.reserveCapacity(count)
    }

    @inline(__always)
    fileprivate mutating func append(_ record: SampleRecord, hasWall: Bool) {
        streams.append(record.stream)
        updateIDs.append(record.updateID)
        monotonicNs.append(record.arrivalOnMonotonicNs)
        endToEndNs?.append(Metric.endToEnd.ns(of: record) ?? SampleRecord.absent)
        if hasWall { wallNs.append(record.arrivalNs) }
    }

    @inline(__always)
    fileprivate mutating func append(_ index: Int, of other: EventArrivals) {
        streams.append(other.streams[index])
        updateIDs.append(other.updateIDs[index])
        monotonicNs.append(other.monotonicNs[index])
        if let delays = other.endToEndNs { endToEndNs?.append(delays[index]) }
        if !other.wallNs.isEmpty { wallNs.append(other.wallNs[index]) }
    }

    /// The soonest arrival of each event on any of the lanes.
    init(soonestOf lanes: [EventArrivals]) {
        if lanes.count == 1 {
            self = lanes[0]
            return
        }
        reserve((lanes.map(\.count).max() ?? 0) + 16)
        if lanes.allSatisfy({ $0.endToEndNs == nil }) { endToEndNs = nil }
        var next = [Int](repeating: 0, count: lanes.count)
        while true {
            var best: (lane: Int, key: EventKey, ns: Int64)?
            for lane in lanes.indices where next[lane] < lanes[lane].count {
                let key = lanes[lane].key(next[lane])
                let ns = lanes[lane].monotonicNs[next[lane]]
                guard let known = best else {
                    best = (lane, key, ns)
                    continue
                }
                if key < known.key || (key == known.key && ns < known.ns) { best = (lane, key, ns) }
            }
            guard let best else { return }
            append(next[best.lane], of: lanes[best.lane])
            for lane in lanes.indices where next[lane] < lanes[lane].count && lanes[lane].key(next[lane]) == best.key {
                next[lane] += 1
            }
        }
    }

    /// Brings events that were appended as they arrived into the order of their keys, each once.
    fileprivate mutating func order() {
        if (endToEndNs?.count).map({ count in endToEndNs?.countOf(SampleRecord.absent) == count }) ?? true {
            endToEndNs = nil
        }
        guard !isOrdered else { return }
        let order = sortedIndices()
        var result = EventArrivals()
        result.reserve(count)
        if endToEndNs == nil { result.endToEndNs = nil }
        for index in order {
            let isSame =
                result.count > 0 && result.streams[result.count - 1] == streams[index]
                && result.updateIDs[result.count - 1] == updateIDs[index]
            if !isSame { result.append(index, of: self) }
        }
        self = result
    }

    /// Whether keys ascend, none twice: so they do on a connection with one stream.
    private var isOrdered: Bool {
        guard count > 1 else { return true }
        for index in 1..<count {
            guard streams[index] == streams[index - 1] else {
                guard streams[index] > streams[index - 1] else { return false }
                continue
            }
            guard updateIDs[index] > updateIDs[index - 1] else { return false }
        }
        return true
    }

    /// By stream first, which is mostly enough: each stream's ids ascend as they come.
    private func sortedIndices() -> [Int] {
        var byStream: [UInt16: [Int]] = [:]
        for index in 0..<count { byStream[streams[index], default: []].append(index) }
        return byStream.keys.sorted().flatMap { stream -> [Int] in
            guard var indices = byStream[stream] else { return [] }
            let ascend = zip(indices, indices.dropFirst()).allSatisfy { updateIDs[$0] < updateIDs[$1] }
            if !ascend {
                indices.sort { (updateIDs[$0], monotonicNs[$0], $0) < (updateIDs[$1], monotonicNs[$1], $1) }
            }
            return indices
        }
    }
}

extension CompactSeries {
    fileprivate func countOf(_ value: Int64) -> Int {
        var found = 0
        forEach { if $0 == value { found += 1 } }
        return found
    }
}

/// The arrivals of one path's events.
struct PathArrivals: Sendable {
    let name: String
    let kind: PathSpecification.Kind
    /// Of each lane.
    private(set) var lanes: [EventArrivals]
    /// Of all lanes together.
    private(set) var soonest: EventArrivals
    /// Events that came before a window, in the warm-up, in ascending order.
    let before: [EventKey]
    /// Events that came after a window, in ascending order.
    let after: [EventKey]

    /// Goes through a path's records once.
    ///
    /// - Parameter hasWall: whether arrivals on the wall clock are wanted, too.
    init(_ records: PathRecords, hasWall: Bool) {
        name = records.name
        kind = records.kind
        var lanes = [EventArrivals](repeating: EventArrivals(), count: records.laneCount)
        for lane in lanes.indices { lanes[lane].reserve(records.expectedPerLane) }
        var before: [EventKey] = []
        var after: [EventKey] = []
        lanes.withUnsafeMutableBufferPointer { lanes in
            records.forEach { lane, record, place in
                switch place {
                case .inside where record.flags.contains(.duplicate): break
                case .inside: lanes[lane].append(record, hasWall: hasWall)
                case .before: before.append(EventKey(stream: record.stream, updateID: record.updateID))
                case .after: after.append(EventKey(stream: record.stream, updateID: record.updateID))
                }
            }
            for lane in lanes.indices { lanes[lane].order() }
        }
        self.lanes = lanes
        self.before = before.sorted()
        self.after = after.sorted()
        soonest = lanes.isEmpty ? EventArrivals() : EventArrivals(soonestOf: lanes)
    }

    /// Leaves out what only first arrivals and plots need.
    mutating func dropDelays() {
        for lane in lanes.indices { lanes[lane].dropDelays() }
    }

    /// Leaves out first arrivals when they have been looked at.
    mutating func dropSoonest() { soonest = EventArrivals() }

    /// Whether an event came before a window.
    func cameBefore(_ key: EventKey) -> Bool { Self.contains(before, key) }
    /// Whether an event came after a window.
    func cameAfter(_ key: EventKey) -> Bool { Self.contains(after, key) }

    private static func contains(_ sorted: [EventKey], _ key: EventKey) -> Bool {
        let place = sorted.partitionPoint { !($0 < key) }
        return place < sorted.count && sorted[place] == key
    }
}
