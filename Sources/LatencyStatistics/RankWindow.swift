/// A stretch of one lane that a resample contains, as indices of its samples.
struct DrawnBlock {
    var lane: Int
    var start: Int
    var end: Int
}

/// Draws lanes and blocks for one resample after the other.
struct BlockDrawing {
    private let counts: [Int]
    private let blocksPerLane: Int
    private var generator: SplitMix64

    init(lanes: [[Double]], blocksPerLane: Int, seed: UInt64) {
        counts = lanes.map(\.count)
        self.blocksPerLane = max(1, blocksPerLane)
        generator = SplitMix64(seed: seed)
    }

    /// The blocks of the next resample; a block that runs over the end of its lane goes on at the beginning.
    mutating func next() -> [DrawnBlock] {
        let starts = (0..<blocksPerLane).map { _ in generator.unit() }
        var blocks: [DrawnBlock] = []
        blocks.reserveCapacity(counts.count * (blocksPerLane + 2))
        for _ in counts {
            let lane = counts.count == 1 ? 0 : generator.index(below: counts.count)
            append(lane: lane, starts: starts, to: &blocks)
        }
        return blocks
    }

    private func append(lane: Int, starts: [Double], to blocks: inout [DrawnBlock]) {
        let count = counts[lane]
        let length = (count + blocksPerLane - 1) / blocksPerLane
        var remaining = count
        for position in starts where remaining > 0 {
            let start = Int(position * Double(count))
            let taken = min(length, remaining)
            remaining -= taken
            let end = min(count, start + taken)
            blocks.append(DrawnBlock(lane: lane, start: start, end: end))
            let wrapped = taken - (end - start)
            if wrapped > 0 { blocks.append(DrawnBlock(lane: lane, start: 0, end: wrapped)) }
        }
    }
}

/// The samples near a quantile, prepared so that its value in a resample is found without sorting.
struct RankWindow {
    /// One lane: how many of its first i samples are below the window, how many inside, and the codes of those inside.
    private struct Lane {
        var below: [Int32]
        var inside: [Int32]
        var codes: [Int32]
    }

    /// The different values inside, ascending; a sample's code is its value's index here.
    private let values: [Double]
    private let hasAllBelow: Bool
    private let hasAllAbove: Bool
    private let lanes: [Lane]

    /// The window of all samples whose value lies between those of two ranks.
    init(sorted: [Double], lower: Int, upper: Int, lanes: [[Double]]) {
        let low = sorted[lower]
        let high = sorted[upper]
        let first = sorted.partitionPoint { $0 >= low }
        let end = sorted.partitionPoint { $0 > high }
        var values: [Double] = []
        for value in sorted[first..<end] where values.last != value { values.append(value) }
        self.values = values
        hasAllBelow = first == 0
        hasAllAbove = end == sorted.count
        self.lanes = lanes.map { Self.prepare($0, low: low, high: high, values: values) }
    }

    private static func prepare(_ samples: [Double], low: Double, high: Double, values: [Double]) -> Lane {
        var lane = Lane(below: [0], inside: [0], codes: [])
        lane.below.reserveCapacity(samples.count + 1)
        lane.inside.reserveCapacity(samples.count + 1)
        var below: Int32 = 0
        for sample in samples {
            if sample < low {
                below += 1
            } else if sample <= high {
                lane.codes.append(Int32(values.partitionPoint { $0 >= sample }))
            }
            lane.below.append(below)
            lane.inside.append(Int32(lane.codes.count))
        }
        return lane
    }

    /// The type 7 quantile of a resample; nil when it lies outside the window.
    func quantile(_ probability: Double, of blocks: [DrawnBlock]) -> Double? {
        var counts = [Int32](repeating: 0, count: values.count)
        var below = 0
        var total = 0
        for block in blocks {
            below += Int(lanes[block.lane].below[block.end] - lanes[block.lane].below[block.start])
            total += block.end - block.start
            var position = Int(lanes[block.lane].inside[block.start])
            let end = Int(lanes[block.lane].inside[block.end])
            while position < end {
                counts[Int(lanes[block.lane].codes[position])] += 1
                position += 1
            }
        }
        let rank = Double(total - 1) * probability
        let lower = Int(rank.rounded(.down))
        let fraction = rank - Double(lower)
        guard let first = orderStatistic(lower, below: below, counts) else { return nil }
        guard fraction > 0 else { return first }
        guard let second = orderStatistic(lower + 1, below: below, counts) else { return nil }
        return Quantile.interpolate(first, second, fraction)
    }

    private func orderStatistic(_ rank: Int, below: Int, _ counts: [Int32]) -> Double? {
        guard rank >= below else { return nil }
        var passed = below
        for (code, count) in counts.enumerated() where count > 0 {
            passed += Int(count)
            if rank < passed { return values[code] }
        }
        return nil
    }
}
