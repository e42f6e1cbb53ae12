import ExperimentModel

/// The samples that count: inside the measured window, each event once a lane.
struct MeasuredSamples {
    /// The paths of the experiment, in its order.
    var paths: [MeasuredPath]
    /// The streams; samples of different blocks index the same list.
    var streams: [String]
    /// The measured windows, one a block.
    var windows: [MeasuredWindow]
    /// Records with a lane number that no path has.
    var strayRecords = 0

    init(_ data: RunData) {
        paths = data.record.experiment.paths.map { MeasuredPath(name: $0.name, kind: $0.kind) }
        streams = data.record.experiment.feed.streams
        windows = data.blocks.compactMap(\.window)
        for block in data.blocks { add(block) }
    }

    private mutating func add(_ block: BlockData) {
        // Each lane number's place among the paths of the experiment, looked up once and not for each record.
        var places: [(path: Int, lane: Int)] = []
        for path in block.paths {
            guard let index = paths.firstIndex(where: { $0.name == path.name }) else { continue }
            while paths[index].lanes.count < path.lanes { paths[index].lanes.append(MeasuredLane()) }
            places += (0..<path.lanes).map { (index, $0) }
        }
        guard let window = block.window else { return }
        let inside = window.start.monotonicNs..<max(window.start.monotonicNs, window.end.monotonicNs)
        for record in block.samples {
            guard places.indices.contains(Int(record.lane)) else {
                strayRecords += 1
                continue
            }
            let place = places[Int(record.lane)]
            paths[place.path].add(record, lane: place.lane, inside: inside)
        }
    }

    /// The window's length, all blocks together, of the blocks that measured a path.
    var measuredNs: Int64 {
        windows.reduce(0) { $0 + max(0, $1.end.monotonicNs - $1.start.monotonicNs) }
    }
}

/// One path's samples.
struct MeasuredPath {
    var name: String
    var kind: PathSpecification.Kind
    var lanes: [MeasuredLane] = []
    /// Events that came before a window, in the warm-up.
    var before: Set<EventKey> = []
    /// Events that came after a window.
    var after: Set<EventKey> = []

    mutating func add(_ record: SampleRecord, lane: Int, inside: Range<Int64>) {
        let arrivalNs = record.arrivalOnMonotonicNs
        if arrivalNs < inside.lowerBound {
            before.insert(EventKey(stream: record.stream, updateID: record.updateID))
        } else if arrivalNs >= inside.upperBound {
            after.insert(EventKey(stream: record.stream, updateID: record.updateID))
        }
        lanes[lane].add(record, inside: inside)
    }

    var count: Int { lanes.reduce(0) { $0 + $1.records.count } }

    /// The metric's samples of each lane, in nanoseconds, in the order of arrival.
    func values(_ metric: Metric) -> [[Double]] { lanes.map { $0.values(metric) } }
}

/// One lane's samples.
struct MeasuredLane {
    /// What counts, in the order of arrival.
    var records: [SampleRecord] = []
    var duplicates = 0
    var reordered = 0
    var outsideWindow = 0

    mutating func add(_ record: SampleRecord, inside: Range<Int64>) {
        guard inside.contains(record.arrivalOnMonotonicNs) else {
            outsideWindow += 1
            return
        }
        guard !record.flags.contains(.duplicate) else {
            duplicates += 1
            return
        }
        if record.flags.contains(.reordered) { reordered += 1 }
        records.append(record)
    }

    func values(_ metric: Metric) -> [Double] { records.compactMap { metric.ns(of: $0).map(Double.init) } }
}
