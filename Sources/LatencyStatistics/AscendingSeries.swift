/// Whole numbers in ascending order, four octets each while they are near each other (`CompactSeries`).
public struct AscendingSeries: AscendingSamples {
    private let base: Int64
    private let codes: [UInt32]
    private let low: [Int64]
    private let high: [Int64]

    /// The numbers of a series, sorted.
    init(_ series: CompactSeries) {
        base = series.base
        codes = RadixSort.sorted(series.codes)
        low = series.low.map(\.value).sorted()
        high = series.high.map(\.value).sorted()
    }

    /// The numbers of several series together.
    public init(_ several: [CompactSeries]) {
        var together = CompactSeries()
        together.reserveCapacity(several.reduce(0) { $0 + $1.count })
        for series in several { series.forEach { together.append($0) } }
        self.init(together)
    }

    /// The number of samples.
    public var count: Int { codes.count }
    /// The sample of this rank, counted from 0.
    public subscript(_ rank: Int) -> Double { Double(whole(rank)) }

    /// The whole number of this rank, counted from 0.
    public func whole(_ rank: Int) -> Int64 {
        if rank < low.count { return low[rank] }
        let fromEnd = codes.count - rank
        if fromEnd <= high.count { return high[high.count - fromEnd] }
        return base + Int64(codes[rank])
    }

    /// The sample of this rank plus `fraction` of the way to the next one; exact also for epoch nanoseconds.
    public func value(at rank: Int, fraction: Double) -> Double {
        guard rank + 1 < count, fraction != 0 else { return self[min(rank, count - 1)] }
        let lower = whole(rank)
        let (step, overflow) = whole(rank + 1).subtractingReportingOverflow(lower)
        guard !overflow else { return Quantile.interpolate(self[rank], self[rank + 1], fraction) }
        return Double(lower) + Double(step) * fraction
    }

    /// The number of samples up to and including `value`.
    public func countAtMost(_ value: Double) -> Int { point { Double($0) > value } }
    /// The number of samples below zero.
    public var negativeCount: Int { point { $0 >= 0 } }
    /// The number of samples up to and including a whole number.
    func countAtMost(whole value: Int64) -> Int { point { $0 > value } }

    private func point(_ isAfter: (Int64) -> Bool) -> Int {
        var from = 0
        var to = count
        while from < to {
            let middle = (from + to) / 2
            if isAfter(whole(middle)) { to = middle } else { from = middle + 1 }
        }
        return from
    }

    /// The quantile of the numbers' sizes, type 7; nil when empty.
    public func quantileOfSize(_ probability: Double) -> Double? {
        guard count > 0, (0...1).contains(probability) else { return nil }
        let rank = Double(count - 1) * probability
        let lower = Int(rank.rounded(.down))
        let first = size(ofRank: lower)
        guard rank > Double(lower), lower + 1 < count else { return Double(first) }
        return Quantile.interpolate(Double(first), Double(size(ofRank: lower + 1)), rank - Double(lower))
    }

    /// The least size up to which more than `rank` numbers are.
    private func size(ofRank rank: Int) -> Int64 {
        func magnitude(_ value: Int64) -> Int64 { value == .min ? .max : abs(value) }
        var from: Int64 = 0
        var to = max(magnitude(whole(0)), magnitude(whole(count - 1)))
        while from < to {
            let middle = from + (to - from) / 2
            if countAtMost(whole: middle) - point({ $0 >= -middle }) > rank { to = middle } else { from = middle + 1 }
        }
        return from
    }

    /// Exact sums of whole numbers, so that they are the same however the samples were split; only numbers far from the
    /// others are added as real ones.
    public func moments(about centre: Double) -> (mean: Double, squares: Double) {
        Sums(of: self, about: Int64(exactly: centre.rounded(.down)) ?? base).moments(count)
    }

    /// Sums of deviations from a whole number near the median, and of their squares.
    struct Sums {
        private let centre: Int64
        private var sum = 0
        /// Squares, as their upper and lower halves.
        private var upperSquares: UInt64 = 0
        private var lowerSquares: UInt64 = 0
        private var farSum = 0.0
        private var farSquares = 0.0

        init(of samples: AscendingSeries, about centre: Int64) {
            self.centre = centre
            let near = samples.low.count..<samples.codes.count - samples.high.count
            for value in samples.low { addFar(value) }
            let (offset, overflow) = centre.subtractingReportingOverflow(samples.base)
            if !overflow, 0...Int64(UInt32.max) ~= offset {
                addNear(samples.codes, near, offset)
            } else {
                for rank in near { addFar(samples.whole(rank)) }
            }
            for value in samples.high { addFar(value) }
        }

        private mutating func addNear(_ codes: [UInt32], _ range: Range<Int>, _ offset: Int64) {
            codes.withUnsafeBufferPointer { codes in
                var sum: Int64 = 0
                var upper: UInt64 = 0
                var lower: UInt64 = 0
                for index in range {
                    let deviation = Int64(codes[index]) &- offset
                    let size = UInt64(bitPattern: deviation < 0 ? 0 &- deviation : deviation)
                    let square = size &* size
                    sum &+= deviation
                    upper &+= square >> 32
                    lower &+= square & 0xFFFF_FFFF
                }
                self.sum += Int(sum)
                upperSquares += upper
                lowerSquares += lower
            }
        }

        private mutating func addFar(_ value: Int64) {
            let deviation = Double(value) - Double(centre)
            farSum += deviation
            farSquares += deviation * deviation
        }

        /// Adds what was summed of others about the same centre.
        mutating func add(_ other: Sums) {
            sum += other.sum
            upperSquares += other.upperSquares
            lowerSquares += other.lowerSquares
            farSum += other.farSum
            farSquares += other.farSquares
        }

        func moments(_ count: Int) -> (mean: Double, squares: Double) {
            let offset = (Double(sum) + farSum) / Double(count)
            let squares = Double(upperSquares) * 0x1p32 + Double(lowerSquares) + farSquares
            // The median is within a standard deviation of the mean, so that at most half of the digits' last one is
            // lost.
            return (Double(centre) + offset, max(0, squares - Double(count) * offset * offset))
        }
    }
}

/// Several ascending series as if they were one; nothing is copied.
struct MergedSeries: AscendingSamples {
    private let parts: [AscendingSeries]
    let count: Int

    init(_ parts: [AscendingSeries]) {
        self.parts = parts
        count = parts.reduce(0) { $0 + $1.count }
    }

    subscript(_ rank: Int) -> Double { Double(whole(rank)) }

    /// The whole number of this rank: the least below or at which more than `rank` numbers lie.
    private func whole(_ rank: Int) -> Int64 {
        let filled = parts.filter { $0.count > 0 }
        guard var low = filled.map({ $0.whole(0) }).min(), var high = filled.map({ $0.whole($0.count - 1) }).max()
        else { return 0 }
        while low < high {
            // Half way, without an overflow.
            let middle = low + Int64(UInt64(bitPattern: high &- low) / 2)
            if filled.reduce(0, { $0 + $1.countAtMost(whole: middle) }) > rank {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }

    func value(at rank: Int, fraction: Double) -> Double {
        guard rank + 1 < count, fraction != 0 else { return self[min(rank, count - 1)] }
        let lower = whole(rank)
        let (step, overflow) = whole(rank + 1).subtractingReportingOverflow(lower)
        guard !overflow else { return Quantile.interpolate(self[rank], self[rank + 1], fraction) }
        return Double(lower) + Double(step) * fraction
    }

    func countAtMost(_ value: Double) -> Int { parts.reduce(0) { $0 + $1.countAtMost(value) } }
    var negativeCount: Int { parts.reduce(0) { $0 + $1.negativeCount } }

    func moments(about centre: Double) -> (mean: Double, squares: Double) {
        let whole = Int64(exactly: centre.rounded(.down)) ?? 0
        var parts = parts.map { AscendingSeries.Sums(of: $0, about: whole) }
        guard var sums = parts.popLast() else { return (centre, 0) }
        for part in parts { sums.add(part) }
        return sums.moments(count)
    }
}
