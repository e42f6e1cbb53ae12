/// Samples in ascending order, however they are kept.
public protocol AscendingSamples: Sendable {
    /// The number of samples.
    var count: Int { get }
    /// The sample of this rank, counted from 0.
    subscript(_ rank: Int) -> Double { get }
    /// The number of samples up to and including `value`.
    func countAtMost(_ value: Double) -> Int
    /// The number of samples below zero.
    var negativeCount: Int { get }
    /// The mean, and the sum of the squares of the deviations from it, computed about `centre`; the count is above 0.
    func moments(about centre: Double) -> (mean: Double, squares: Double)
    /// The sample of this rank plus `fraction` of the way to the next one.
    func value(at rank: Int, fraction: Double) -> Double
}

extension AscendingSamples {
    /// The sample of this rank plus `fraction` of the way to the next one.
    public func value(at rank: Int, fraction: Double) -> Double {
        guard rank + 1 < count else { return self[count - 1] }
        return Quantile.interpolate(self[rank], self[rank + 1], fraction)
    }

    /// The summary of these samples; nil without any.
    var summary: Summary? { Summary(self) }

    /// The number of samples below `value`.
    func countBelow(_ value: Double) -> Int {
        var from = 0
        var to = count
        while from < to {
            let middle = (from + to) / 2
            if self[middle] >= value { to = middle } else { from = middle + 1 }
        }
        return from
    }

    /// The quantile of type 7 (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, definition 7); nil
    /// when empty.
    public func quantile(_ probability: Double) -> Double? {
        guard count > 0, (0...1).contains(probability) else { return nil }
        let rank = Double(count - 1) * probability
        let lower = Int(rank.rounded(.down))
        return value(at: lower, fraction: rank - Double(lower))
    }

    /// The value below which this share of the samples lies, half of each sample on either side of it.
    func value(level: Double) -> Double {
        let place = min(max(level * Double(count) - 0.5, 0), Double(count - 1))
        let lower = Int(place)
        return value(at: lower, fraction: place - Double(lower))
    }
}

/// Real numbers in ascending order.
public struct AscendingNumbers: AscendingSamples {
    private let sorted: [Double]

    /// Numbers that are in ascending order already.
    public init(sorted: [Double]) {
        self.sorted = sorted
    }

    /// The number of samples.
    public var count: Int { sorted.count }
    /// The sample of this rank, counted from 0.
    public subscript(_ rank: Int) -> Double { sorted[rank] }
    /// The number of samples up to and including `value`.
    public func countAtMost(_ value: Double) -> Int { sorted.partitionPoint { $0 > value } }
    /// The number of samples below zero.
    public var negativeCount: Int { sorted.partitionPoint { $0 >= 0 } }

    /// Two passes, the first about the centre: a sum of large equal parts would lose the small differences.
    public func moments(about centre: Double) -> (mean: Double, squares: Double) {
        let centredMean = sorted.reduce(0) { $0 + ($1 - centre) } / Double(sorted.count)
        let squares = sorted.reduce(0) { sum, value in
            let deviation = (value - centre) - centredMean
            return sum + deviation * deviation
        }
        return (centre + centredMean, squares)
    }
}
