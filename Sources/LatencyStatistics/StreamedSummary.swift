/// The figures of more whole numbers than memory should hold: they are gone over several times instead.
///
/// Quantiles are exact and of type 7, as `Summary` has them, found by counting in passes (Munro and Paterson,
/// "Selection and sorting with limited storage", 1980); the memory is the same for ten numbers and ten billion.
public struct StreamedSummary: Hashable, Sendable {
    /// Hands every number to what it is given, in any order; each time it is called the same numbers.
    public typealias Pass = ((Int64) -> Void) throws -> Void

    /// The number of samples.
    public private(set) var count = 0
    /// The least sample.
    public private(set) var minimum: Int64 = .max
    /// The greatest sample.
    public private(set) var maximum: Int64 = .min
    /// The arithmetic mean.
    public private(set) var mean = 0.0
    /// The standard deviation with n - 1; nil for one sample.
    public private(set) var standardDeviation: Double?
    /// The quantiles that were asked for, in their order.
    public private(set) var quantiles: [Double] = []

    /// The figures of the numbers that `pass` hands over; nil without any.
    ///
    /// - Parameters:
    ///   - probabilities: of the quantiles wanted, each from 0 to 1.
    ///   - pass: called once, and then once for each twelve bits of the range of the numbers.
    /// - Throws: what `pass` throws.
    public init?(quantiles probabilities: [Double], of pass: Pass) throws {
        try takeMoments(pass)
        guard count > 0 else { return nil }
        let ranks = probabilities.map { Double(count - 1) * $0 }
        let around = ranks.flatMap { [Int($0.rounded(.down)), min(count - 1, Int($0.rounded(.down)) + 1)] }
        let found = try RankSelection(ranks: around, from: minimum, through: maximum).values(of: pass)
        quantiles = ranks.indices.map { index in
            let fraction = ranks[index] - ranks[index].rounded(.down)
            return Quantile.interpolate(Double(found[2 * index]), Double(found[2 * index + 1]), fraction)
        }
    }

    /// One pass by Welford's recurrence (Knuth, The Art of Computer Programming, volume 2, 4.2.2), about the first
    /// number.
    private mutating func takeMoments(_ pass: Pass) throws {
        var count = 0
        var first: Int64 = 0
        var minimum = Int64.max
        var maximum = Int64.min
        var mean = 0.0
        var squares = 0.0
        try pass { value in
            if count == 0 { first = value }
            count += 1
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            let (distance, isTooFar) = value.subtractingReportingOverflow(first)
            let offset = isTooFar ? Double(value) - Double(first) : Double(distance)
            let deviation = offset - mean
            mean += deviation / Double(count)
            squares += deviation * (offset - mean)
        }
        self.count = count
        self.minimum = minimum
        self.maximum = maximum
        self.mean = Double(first) + mean
        if count > 1 { standardDeviation = (squares / Double(count - 1)).squareRoot() }
    }
}

/// Finds order statistics by counting: each pass narrows the range in which one lies by twelve bits.
struct RankSelection {
    private static let bits = 12
    private var searches: [Search]

    /// What is known of one order statistic: it lies in `low...`, `width` wide, and is the one of this rank in there.
    private struct Search {
        var rank: Int
        var low: Int64
        var width: UInt64
        var counts: [Int] = []

        /// How many bits of a number's distance from `low` do not matter in this pass.
        var shift: Int { max(0, UInt64.bitWidth - width.leadingZeroBitCount - RankSelection.bits) }

        mutating func begin() { counts = Array(repeating: 0, count: Int(width >> UInt64(shift)) + 1) }

        mutating func narrow() {
            var bin = 0
            while bin < counts.count - 1, rank >= counts[bin] {
                rank -= counts[bin]
                bin += 1
            }
            let step = UInt64(bin) << UInt64(shift)
            low = low &+ Int64(bitPattern: step)
            width = min((1 << UInt64(shift)) - 1, width - step)
        }
    }

    /// For the numbers of these ranks, counted from 0, among numbers of which the least and the greatest are known.
    init(ranks: [Int], from minimum: Int64, through maximum: Int64) {
        searches = ranks.map { Search(rank: $0, low: minimum, width: UInt64(bitPattern: maximum &- minimum)) }
    }

    /// The order statistics, in the order of the ranks.
    consuming func values(of pass: StreamedSummary.Pass) throws -> [Int64] {
        while searches.contains(where: { $0.width > 0 }) {
            for index in searches.indices { searches[index].begin() }
            var searches = searches
            let shifts = searches.map(\.shift)
            try pass { value in
                for index in searches.indices {
                    let distance = UInt64(bitPattern: value &- searches[index].low)
                    // A number below the range wraps round to a distance far beyond its width.
                    guard distance <= searches[index].width else { continue }
                    searches[index].counts[Int(distance >> UInt64(shifts[index]))] += 1
                }
            }
            for index in searches.indices { searches[index].narrow() }
            self.searches = searches
        }
        return searches.map(\.low)
    }
}
