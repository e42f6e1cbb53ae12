import ExperimentModel

/// Where a run's paths and lanes are in its records, and when it was measured.
struct RunLayout: Sendable {
    /// The paths of the experiment, in its order.
    let paths: [PathRecords]
    /// The measured windows, one a block.
    let windows: [MeasuredWindow]

    init(_ data: RunData) {
        paths = data.record.experiment.paths.map { PathRecords($0, data.blocks) }
        windows = data.blocks.compactMap(\.window)
    }

    /// The windows' length, all blocks together.
    var measuredNs: Int64 {
        windows.reduce(0) { $0 + max(0, $1.end.monotonicNs - $1.start.monotonicNs) }
    }

    /// The direct path, else the first path, against the others: relayed ones first; nil with one path.
    var compared: (baseline: Int, others: [Int])? {
        guard
            paths.count > 1,
            let index = paths.firstIndex(where: { $0.kind == .direct }) ?? paths.indices.first
        else { return nil }
        let rest = paths.indices.filter { $0 != index }
        return (index, rest.filter { paths[$0].kind == .relay } + rest.filter { paths[$0].kind == .direct })
    }
}

/// The records of one path, block after block, in the order of arrival.
struct PathRecords: Sendable {
    /// Where a record's arrival lies.
    enum Place {
        case before, inside, after
    }

    let name: String
    let kind: PathSpecification.Kind
    /// The lanes, of the block that has the most of them.
    let laneCount: Int
    private let parts: [Part]

    private struct Part: Sendable {
        var samples: RecordedSamples
        /// The numbers of this path's lanes among the block's.
        var numbers: Range<Int>
        var inside: Range<Int64>
        /// The lanes of all paths.
        var laneCount: Int
        /// Whether this path counts the records that name a lane which no path has: one of the block's paths does.
        var countsStrays: Bool
        var check: RecordCheck
    }

    init(_ path: PathSpecification, _ blocks: [BlockData]) {
        name = path.name
        kind = path.kind
        var laneCount = 0
        var parts: [Part] = []
        for block in blocks {
            guard let index = block.paths.firstIndex(where: { $0.name == path.name }) else { continue }
            let first = block.paths[..<index].reduce(0) { $0 + $1.lanes }
            laneCount = max(laneCount, block.paths[index].lanes)
            guard let window = block.window else { continue }
            let start = window.start.monotonicNs
            parts.append(
                Part(
                    samples: block.samples,
                    numbers: first..<first + block.paths[index].lanes,
                    inside: start..<max(start, window.end.monotonicNs),
                    laneCount: block.paths.reduce(0) { $0 + $1.lanes },
                    countsStrays: index == 0,
                    check: RecordCheck(block, forwarder: path.via.flatMap { block.forwarders[$0] })
                )
            )
        }
        self.laneCount = laneCount
        self.parts = parts
    }

    /// How many records one lane can be expected to have, to make room for them.
    var expectedPerLane: Int {
        parts.reduce(0) { $0 + $1.samples.count * 9 / (8 * max(1, $1.laneCount)) + 16 }
    }

    /// Calls `body` with each record, its lane in the path, and its place in time; `damaged` for each that no path's
    /// lane can have brought, or that holds what no run can.
    @inline(__always)
    func forEach(damaged: () -> Void = {}, _ body: (Int, SampleRecord, Place) -> Void) {
        for part in parts {
            part.samples.forEach { record in
                let number = Int(record.lane)
                guard part.numbers.contains(number) else {
                    if number >= part.laneCount, part.countsStrays { damaged() }
                    return
                }
                guard part.check.accepts(record) else { return damaged() }
                let arrivalNs = record.arrivalOnMonotonicNs
                let place: Place =
                    arrivalNs < part.inside.lowerBound ? .before : arrivalNs < part.inside.upperBound ? .inside : .after
                body(number - part.numbers.lowerBound, record, place)
            }
        }
    }
}
