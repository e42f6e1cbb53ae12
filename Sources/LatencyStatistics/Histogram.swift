/// Counts of samples in bins of one width: for pictures only, no figure is computed from it.
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
        self.init(AscendingNumbers(sorted: sorted), bins: bins)
    }

    /// The same of ascending samples however they are kept.
    public init?(_ samples: some AscendingSamples, bins: Int) {
        guard
            let low = samples.quantile(0.005), let high = samples.quantile(0.995), high > low, bins > 0
        else { return nil }
        lowest = low
        binWidth = (high - low) / Double(bins)
        counts = Array(repeating: 0, count: bins)
        let inside = samples.countBelow(low)..<samples.countAtMost(high)
        below = inside.lowerBound
        above = samples.count - inside.upperBound
        for rank in inside { counts[min(bins - 1, Int((samples[rank] - low) / binWidth))] += 1 }
    }
}
