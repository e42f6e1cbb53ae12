import LatencyStatistics

/// What the plots show, reduced to a few hundred numbers.
public struct PlotData: Codable, Hashable, Sendable {
    /// What the distributions and the time series are of: end-to-end delays, or differences where there is no event
    /// time.
    public var subject: String
    /// The distribution of each path.
    public var distributions: [DistributionPlot]
    /// The differences between the first two paths; nil without pairs.
    public var differences: Histogram?
    /// The difference of the first arrivals over time; nil without pairs.
    public var differenceOverTime: TimeSeriesPlot?
    /// Each path's delay over time.
    public var timeSeries: [TimeSeriesPlot]
    /// What happened beside the delays; nil when nothing was measured.
    public var timeline: Timeline?
}

/// One path's quantiles, from which an ECDF is drawn.
public struct DistributionPlot: Codable, Hashable, Sendable {
    /// The path's name.
    public var path: String
    /// Probabilities, ascending, denser towards 1.
    public var probabilities: [Double]
    /// The quantile at each, nanoseconds.
    public var valuesNs: [Double]

    /// Hundredths, then thousandths and finer where the tail is; none finer than the samples can tell.
    init(path: String, count: Int, quantile: (Double) -> Double) {
        let body: [Double] = (0...99).map { Double($0) / 100 }
        let thousandths: [Double] = (991...999).map { Double($0) / 1_000 }
        let finer: [Double] = (9_991...9_999).map { Double($0) / 10_000 }
        let finest = 1 - 1 / Double(max(1, count))
        self.path = path
        probabilities = (body + thousandths + finer).filter { $0 <= finest } + [1]
        valuesNs = probabilities.map(quantile)
    }
}

/// One path's delays in equal pieces of the window.
public struct TimeSeriesPlot: Codable, Hashable, Sendable {
    /// One piece.
    public struct Bin: Codable, Hashable, Sendable {
        /// The piece's middle, seconds from the start.
        public var seconds: Double
        /// The 5th percentile, nanoseconds.
        public var p05Ns: Double
        /// The 25th percentile, nanoseconds; nil where it was not computed.
        public var p25Ns: Double?
        /// The median.
        public var medianNs: Double
        /// The 75th percentile, nanoseconds; nil where it was not computed.
        public var p75Ns: Double?
        /// The 95th percentile.
        public var p95Ns: Double
        /// The greatest.
        public var maximumNs: Double
    }

    /// The path's name.
    public var path: String
    /// The pieces that have samples.
    public var bins: [Bin]
}
