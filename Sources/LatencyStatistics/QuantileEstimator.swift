/// Quantiles with 95 % intervals, for samples that depend on their neighbours and on the connection that brought them.
///
/// **Time.** Market data is bursty, so n samples tell less than n independent ones would. How much less is found from the
/// series "is this sample at or below the quantile", on which alone the quantile's error depends (Bahadur 1966): windows as
/// long as its dependence (`BlockLength`) give the variance of its mean (`WindowVariance`), and that the number of
/// independent samples which would vary as much. The interval then lies between the order statistics that belong to that
/// number (Woodruff 1952; the effective number with Student's t as in Korn and Graubard 1998), so that it is lopsided where
/// the tail is, and does not exist where the tail was seen too few times.
///
/// **Lanes.** Each connection has a server of its own. With several, the spread of the lanes' own quantiles is added, less
/// what time alone explains of it (the random-effects analysis of variance of two factors, Searle, Casella and McCulloch,
/// "Variance Components", 1992, with Satterthwaite's degrees of freedom). Few lanes therefore give wide intervals: three
/// lanes know their mean to 4.3 standard errors, not 2.
public struct QuantileEstimator: Sendable {
    /// The fewest windows that a variance is taken from.
    private static let fewestWindows = 20
    /// With fewer, windows of the least length (the cube root) do not fit twenty times.
    private static let fewestSamples = 100

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

    private let cells: [Cell]
    private let all: any AscendingSamples
    /// The cells that were up for long enough to say how much lanes differ and how long samples depend.
    private let usable: [Cell]
    /// How long the dependence is that the quartiles show, as a share of the time.
    ///
    /// A tail is seen too seldom to be trusted to show it, and one look alone is too often mistaken.
    private let bodyShare: Double
    /// Whether columns are lanes, too.
    private let isCrossed: Bool

    /// The samples of each lane, in the order of time.
    public init(lanes: [[Double]]) {
        self.init(numbers: lanes.enumerated().map { ($0, 0, $1) }, isCrossed: false)
    }

    /// The samples of each lane, in the order of time.
    public init(lanes: [CompactSeries]) {
        let cells = lanes.enumerated().map { lane, series in SeriesCell(row: lane, series) }
        self.init(cells: cells, isCrossed: false)
    }

    /// One series, in the order of time.
    public init(_ series: [Double]) {
        self.init(lanes: [series])
    }

    /// Differences between each lane of one path and each lane of another: `differences[i][j]`, in the order of time.
    public init(lanePairs differences: [[[Double]]]) {
        let cells = differences.enumerated().flatMap { row, columns in
            columns.enumerated().map { (row, $0, $1) }
        }
        self.init(numbers: cells, isCrossed: true)
    }

    /// Lanes, or pairs of lanes, whose samples in the order of time are made when they are needed.
    ///
    /// - Parameters:
    ///   - cells: the lanes, or the pairs of lanes.
    ///   - isCrossed: whether columns are lanes, too.
    public init(cells: [SeriesCell], isCrossed: Bool) {
        let filled = cells.filter { $0.sorted.count > 0 }
        var all: any AscendingSamples = MergedSeries(filled.map(\.sorted))
        if filled.count == 1 { all = filled[0].sorted }
        self.init(filled.map(Cell.init), all: all, isCrossed: isCrossed)
    }

    private init(numbers: [(row: Int, column: Int, series: [Double])], isCrossed: Bool) {
        let filled = numbers.filter { !$0.series.isEmpty }
        let cells = filled.map { Cell(row: $0.row, column: $0.column, numbers: $0.series) }
        var all: any AscendingSamples = AscendingNumbers(sorted: filled.flatMap(\.series).sorted())
        if cells.count == 1 { all = cells[0].sorted }
        self.init(cells, all: all, isCrossed: isCrossed)
    }

    private init(_ cells: [Cell], all: any AscendingSamples, isCrossed: Bool) {
        self.cells = cells
        self.all = all
        self.isCrossed = isCrossed
        let most = cells.map(\.count).max() ?? 0
        let usable = cells.filter { $0.count * 10 >= most }
        self.usable = usable
        let quartiles = [0.25, 0.5, 0.75].map { Self.quantiles(usable, $0) }
        bodyShare = Self.dependentShares(usable, quartiles).max() ?? 1
    }

    private static func quantiles(_ cells: [Cell], _ probability: Double) -> [Double] {
        cells.map { $0.sorted.quantile(probability) ?? 0 }
    }

    /// How long samples depend on each other, as a share of the time, by the mean of all lanes of the series "is this sample
    /// at or below its lane's quantile": what lanes share shows there, however weak it is in each.
    ///
    /// - Parameter quantiles: one row for each share wanted, with the quantile of each lane.
    private static func dependentShares(_ cells: [Cell], _ quantiles: [[Double]]) -> [Double] {
        let points = min(BlockLength.longestExamined, cells.map(\.count).max() ?? 0)
        guard points > 0 else { return quantiles.map { _ in 1 } }
        var means = quantiles.map { _ in [Double](repeating: 0, count: points) }
        for (number, cell) in cells.enumerated() {
            let series = cell.series()
            for row in quantiles.indices {
                for point in 0..<points {
                    let start = point * series.count / points
                    let end = max(start + 1, (point + 1) * series.count / points)
                    let trues = series.countAtMost(quantiles[row][number], in: start..<end)
                    means[row][point] += Double(trues) / Double(end - start)
                }
            }
        }
        return means.map { Double(BlockLength(for: $0).samples) / Double(points) }
    }

    /// The samples, each event once for each lane of the path that has more: pairs of lanes share lanes.
    private var count: Int {
        guard isCrossed else { return all.count }
        return all.count / max(1, max(Set(cells.map(\.row)).count, Set(cells.map(\.column)).count))
    }

    /// The fewest samples that an interval of this quantile is given for, even if they were independent.
    ///
    /// 100, since windows of the least length must fit twenty times, and what the ranks need of p99 and beyond.
    public static func minimumCount(forIntervalOf probability: Double) -> Int {
        max(fewestSamples, Quantile.minimumCount(forIntervalOf: probability))
    }

    /// The summary of all samples; nil without samples.
    public var summary: Summary? { all.summary }

    /// A quantile of all samples without its interval, type 7; nil without samples.
    public func quantile(_ probability: Double) -> Double? { all.quantile(probability) }

    /// The quantile with its interval; nil without samples.
    public func interval(_ probability: Double) -> QuantileInterval? { intervals([probability]).first }

    /// Quantiles with their intervals, in the order of the probabilities; empty without samples.
    ///
    /// All at once, so that the samples are gone over twice however many there are.
    public func intervals(_ probabilities: [Double]) -> [QuantileInterval] {
        guard all.count > 0 else { return [] }
        var candidates = probabilities.compactMap { probability in
            all.quantile(probability).map { Candidate(probability, $0, Self.quantiles(usable, probability)) }
        }
        let most = usable.map(\.count).max() ?? 0
        for index in candidates.indices {
            let needed = Self.minimumCount(forIntervalOf: candidates[index].probability)
            guard most >= Self.fewestSamples, count >= needed else {
                let text = "needs \(needed) samples, has \(most < Self.fewestSamples ? most : count)"
                candidates[index].withhold(.tooFewSamples, text)
                continue
            }
        }
        let open = candidates.indices.filter { candidates[$0].result == nil }
        let shares = Self.dependentShares(usable, open.map { candidates[$0].quantiles })
        for (index, share) in zip(open, shares) {
            candidates[index].share = max(bodyShare, share)
            if candidates[index].windows < Self.fewestWindows {
                candidates[index].withholdForDependence()
            }
        }
        finish(&candidates)
        return Self.withTailsWithheld(candidates.compactMap(\.result))
    }

    /// From the median outwards an interval is only given where those before it are: the further out, the fewer samples there
    /// are, and one that comes out all the same was lucky, not known.
    private static func withTailsWithheld(_ intervals: [QuantileInterval]) -> [QuantileInterval] {
        let above = intervals.filter { $0.probability >= 0.5 && $0.withheld != nil }
        guard let first = above.min(by: { $0.probability < $1.probability }) else { return intervals }
        return intervals.map { interval in
            guard interval.probability > first.probability, interval.withheld == nil else { return interval }
            return QuantileInterval(
                probability: interval.probability,
                value: interval.value,
                cause: first.cause,
                withheld: first.withheld,
                lengthening: first.lengthening
            )
        }
    }

    /// A quantile whose interval is being found.
    private struct Candidate {
        let probability: Double
        let value: Double
        /// The quantile of each usable lane.
        let quantiles: [Double]
        var share = 1.0
        var result: QuantileInterval?
        /// Of each usable lane, the samples up to its quantile between the places of windows.
        var counts: [[Int]] = []

        init(_ probability: Double, _ value: Double, _ quantiles: [Double]) {
            self.probability = probability
            self.value = value
            self.quantiles = quantiles
        }

        var windows: Int { Int(1 / share) }

        mutating func withhold(_ cause: QuantileInterval.Cause, _ text: String, lengthening: Double? = nil) {
            result = QuantileInterval(
                probability: probability,
                value: value,
                cause: cause,
                withheld: text,
                lengthening: lengthening
            )
        }

        /// An interval needs some stretches of time that tell something new; a longer run has more of them.
        mutating func withholdForDependence() {
            let times = Double(QuantileEstimator.fewestWindows) * share
            let percent = (1_000 * share).rounded(.up) / 10
            withhold(
                .dependence,
                "samples depend on each other over stretches of \(percent) % of the time, and an interval needs "
                    + "\(QuantileEstimator.fewestWindows) such stretches",
                lengthening: times
            )
        }
    }

    private func finish(_ candidates: inout [Candidate]) {
        let open = candidates.indices.filter { candidates[$0].result == nil }
        guard !open.isEmpty else { return }
        for (number, cell) in usable.enumerated() {
            let series = cell.series()
            for index in open {
                let places = WindowVariance.places(count: series.count, windows: candidates[index].windows)
                let quantile = candidates[index].quantiles[number]
                candidates[index].counts.append(
                    zip(places, places.dropFirst()).map { series.countAtMost(quantile, in: $0..<$1) }
                )
            }
        }
        let most = usable.map(\.count).max() ?? 0
        for index in open {
            let candidate = candidates[index]
            let variance = WindowVariance(
                counts: candidate.counts,
                lengths: usable.map(\.count),
                windows: candidate.windows
            )
            var parts = Parts(usable, candidate.quantiles, candidate.probability)
            guard parts.addTime(variance, isCrossed: isCrossed, count: count) else {
                let needed = Self.minimumCount(forIntervalOf: candidate.probability)
                candidates[index].withhold(
                    .dependence,
                    "needs \(needed) independent samples; \(count) that depend on each other tell no more than "
                        + "\(Int(parts.effectiveCount))",
                    lengthening: Double(needed) / max(1, parts.effectiveCount)
                )
                continue
            }
            let blockLength = Int((candidate.share * Double(most)).rounded(.up))
            candidates[index].result = parts.interval(candidate.value, blockLength: blockLength)
        }
    }

    /// The difference of one quantile between two independent sets of samples, `other` - this one, with its interval.
    ///
    /// The interval of a difference from the intervals of its two sides (Zou and Donner, "Construction of confidence limits
    /// about effect measures", 2008). Sets that were taken at the same time usually rise and fall together; the interval is
    /// then a little too wide.
    public func difference(to other: QuantileEstimator, _ probability: Double) -> QuantileInterval? {
        guard let first = interval(probability), let second = other.interval(probability) else { return nil }
        return QuantileInterval(difference: first, second)
    }
}

/// What an interval is put together from.
private struct Parts {
    let cells: [QuantileEstimator.Cell]
    let quantiles: [Double]
    let probability: Double
    /// The independent samples that would tell as much.
    private(set) var effectiveCount = 0.0
    /// How far below and above the quantile time alone may have put it, with 95 % certainty.
    private var timeLow = 0.0
    private var timeHigh = 0.0
    private var timeDegrees = 1.0
    /// The share of time's variance that lanes have in common.
    private var commonShare = 1.0
    /// The variances of the mean over the lanes, and their degrees of freedom.
    private var lanes: [(variance: Double, degrees: Double)] = []

    init(_ cells: [QuantileEstimator.Cell], _ quantiles: [Double], _ probability: Double) {
        self.cells = cells
        self.quantiles = quantiles
        self.probability = probability
    }

    /// Takes the variance over time; false when it leaves no interval.
    mutating func addTime(_ time: WindowVariance, isCrossed: Bool, count: Int) -> Bool {
        let binomial = probability * (1 - probability)
        let ofMean = time.ofMean
        timeDegrees = time.degreesOfFreedom
        let student = StudentDistribution.quantile(0.975, degreesOfFreedom: timeDegrees)
        let normal = 1.959963984540054
        addLanes(time, isCrossed: isCrossed)
        // All equal, or never different at the same time: only lanes are left to differ.
        guard ofMean > 0 else {
            effectiveCount = Double(count)
            commonShare = 0
            return true
        }
        effectiveCount = min(Double(count), binomial / ofMean) * (normal / student) * (normal / student)
        guard let levels = OrderStatistics.levels(effectiveCount: effectiveCount, probability: probability) else {
            return false
        }
        let number = Double(cells.count)
        for (cell, quantile) in zip(cells, quantiles) {
            timeLow += (quantile - cell.sorted.value(level: levels.low)) / number
            timeHigh += (cell.sorted.value(level: levels.high) - quantile) / number
        }
        return true
    }

    private mutating func addLanes(_ time: WindowVariance, isCrossed: Bool) {
        let sides = isCrossed ? [\QuantileEstimator.Cell.row, \.column] : [\.row]
        var apart = 0.0
        var spread: (variance: Double, degrees: Double)?
        for side in sides {
            let groups = Dictionary(grouping: cells.indices) { cells[$0][keyPath: side] }.values.sorted {
                $0[0] < $1[0]
            }
            guard groups.count > 1 else { continue }
            let means = groups.map { group in group.reduce(0) { $0 + quantiles[$1] } / Double(group.count) }
            let deviation = Summary(means)?.standardDeviation ?? 0
            spread = (deviation * deviation, Double(groups.count - 1))
            lanes.append((deviation * deviation / Double(groups.count), Double(groups.count - 1)))
            apart += time.ofMeanApart(groups: groups)
        }
        // A path of one lane beside a path of several: its lane, too, is a connection to the same exchange.
        if isCrossed, lanes.count == 1, let spread { lanes.append(spread) }
        let ofMean = time.ofMean
        if ofMean > 0, !lanes.isEmpty { commonShare = min(1, max(0, 1 - apart / ofMean)) }
    }

    func interval(_ value: Double, blockLength: Int) -> QuantileInterval {
        // The quantile of all samples is not the mean of the lanes' quantiles when lanes are far apart; how far it is from
        // that mean is uncertain, too.
        let apart = value - quantiles.reduce(0, +) / Double(quantiles.count)
        let low = half(timeLow, apart * apart)
        let high = half(timeHigh, apart * apart)
        return QuantileInterval(
            probability: probability,
            value: value,
            low: value - low.width,
            high: value + high.width,
            standardError: max(low.error, high.error),
            degreesOfFreedom: min(low.degrees, high.degrees),
            blockLength: blockLength
        )
    }

    /// One half of the interval: its width, the standard error behind it and its degrees of freedom.
    private func half(_ timeWidth: Double, _ apart: Double) -> (width: Double, error: Double, degrees: Double) {
        let student = StudentDistribution.quantile(0.975, degreesOfFreedom: timeDegrees)
        let time = (timeWidth / student) * (timeWidth / student)
        let common = commonShare * time
        let all = lanes.reduce(common + apart) { $0 + $1.variance }
        guard !lanes.isEmpty, all > time else { return (timeWidth, timeWidth / student, timeDegrees) }
        // Satterthwaite 1946: the degrees of freedom of a sum of variances.
        let fewest = lanes.map(\.degrees).min() ?? timeDegrees
        let squares = lanes.reduce(common * common / timeDegrees + apart * apart / fewest) { sum, lane in
            sum + lane.variance * lane.variance / lane.degrees
        }
        let degrees = all * all / squares
        let error = all.squareRoot()
        return (StudentDistribution.quantile(0.975, degreesOfFreedom: degrees) * error, error, degrees)
    }
}

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
