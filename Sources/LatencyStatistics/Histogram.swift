/// Counts of samples in bins of one width.
public struct Histogram: Codable, Hashable, Sendable {
    /// The lower edge of the first bin.
    public var lowest: Double
    /// The width of each bin.
    public var binWidth: Double
    /// The samples in each bin.
    public var counts: [Int]
    /// The samples below the first bin.
    public var below: Int
    /// The samples at or above the end of the last bin.
    public var above: Int

    /// A histogram between the quantiles 0.5 % and 99.5 % of ascending samples; nil without a spread between them.
    ///
    /// What lies outside is counted, not drawn: one late sample would squeeze all others into one bin.
    public init?(sorted: [Double], bins: Int) {
        guard
            let low = Quantile.type7(sorted, 0.005), let high = Quantile.type7(sorted, 0.995), high > low, bins > 0
        else { return nil }
        lowest = low
        binWidth = (high - low) / Double(bins)
        counts = Array(repeating: 0, count: bins)
        below = 0
        above = 0
        for sample in sorted {
            if sample < low {
                below += 1
            } else if sample > high {
                above += 1
            } else {
                counts[min(bins - 1, Int((sample - low) / binWidth))] += 1
            }
        }
    }
}
