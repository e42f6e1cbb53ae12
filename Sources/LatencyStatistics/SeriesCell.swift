/// Whole numbers of one lane, or of one pair of lanes, for `QuantileEstimator`.
public struct SeriesCell: Sendable {
    /// The lane, or the first lane of the pair.
    public var row: Int
    /// The second lane of the pair; 0 without one.
    public var column: Int
    /// The samples in ascending order.
    public var sorted: AscendingSeries
    /// Gives the samples in the order of time, the same each time; called twice.
    public var series: @Sendable () -> CompactSeries

    /// A cell that makes its samples when they are needed.
    public init(row: Int, column: Int, sorted: AscendingSeries, series: @escaping @Sendable () -> CompactSeries) {
        self.row = row
        self.column = column
        self.sorted = sorted
        self.series = series
    }

    /// A lane that has its samples.
    public init(row: Int, _ series: CompactSeries) {
        self.init(row: row, column: 0, sorted: series.sorted()) { series }
    }
}

extension QuantileEstimator {
    /// The samples of one lane, or of one pair of lanes.
    struct Cell: Sendable {
        var row: Int
        var column: Int
        var sorted: any AscendingSamples
        /// The samples in the order of time, made when asked for: of many pairs of lanes they would not all fit.
        var series: @Sendable () -> any SampleSeries

        var count: Int { sorted.count }

        init(row: Int, column: Int, numbers: [Double]) {
            self.row = row
            self.column = column
            sorted = AscendingNumbers(sorted: numbers.sorted())
            series = { NumberSeries(values: numbers) }
        }

        init(_ cell: SeriesCell) {
            row = cell.row
            column = cell.column
            sorted = cell.sorted
            let make = cell.series
            series = { make() }
        }
    }
}
