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

    /// The samples of one lane, or of one pair of lanes, in the order of time.
    struct Cell: Sendable {
        var row: Int
        var column: Int
        var series: [Double]
        var sorted: [Double]

        init(row: Int, column: Int, series: [Double]) {
            self.row = row
            self.column = column
            self.series = series
            sorted = series.sorted()
        }
    }

    private let cells: [Cell]
    private let sorted: [Double]
    /// The cells that were up for long enough to say how much lanes differ and how long samples depend.
    private let usable: [Cell]
    /// How long the dependence is that the quartiles show, as a share of the time.
    ///
    /// A tail is seen too seldom to be trusted to
    /// show it, and one look alone is too often mistaken.
    private let bodyShare: Double
    /// Whether columns are lanes, too.
    private let isCrossed: Bool

    /// The samples of each lane, in the order of time.
    public init(lanes: [[Double]]) {
        self.init(cells: lanes.enumerated().map { ($0, 0, $1) }, isCrossed: false)
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
        self.init(cells: cells, isCrossed: true)
    }

    private init(cells: [(row: Int, column: Int, series: [Double])], isCrossed: Bool) {
        let filled = cells.filter { !$0.series.isEmpty }
        self.cells = filled.map { Cell(row: $0.row, column: $0.column, series: $0.series) }
        sorted = filled.count == 1 ? self.cells[0].sorted : filled.flatMap(\.series).sorted()
        self.isCrossed = isCrossed
        let most = self.cells.map(\.series.count).max() ?? 0
        let usable = self.cells.filter { $0.series.count * 10 >= most }
        self.usable = usable
        bodyShare =
            [0.25, 0.5, 0.75].map { probability in
                Self.dependentShare(Self.indicators(usable, Self.quantiles(usable, probability)))
            }.max() ?? 1
    }

    private static func quantiles(_ cells: [Cell], _ probability: Double) -> [Double] {
        cells.map { Quantile.type7($0.sorted, probability) ?? 0 }
    }

    /// Whether each sample is at or below its lane's quantile.
    private static func indicators(_ cells: [Cell], _ quantiles: [Double]) -> [[Bool]] {
        zip(cells, quantiles).map { cell, quantile in cell.series.map { $0 <= quantile } }
    }

    /// How long samples depend on each other, as a share of the time, by the mean of all lanes: what lanes share shows there,
    /// however weak it is in each.
    private static func dependentShare(_ indicators: [[Bool]]) -> Double {
        let points = min(BlockLength.longestExamined, indicators.map(\.count).max() ?? 0)
        guard points > 0 else { return 1 }
        var means = [Double](repeating: 0, count: points)
        for series in indicators {
            for point in 0..<points {
                let start = point * series.count / points
                let end = max(start + 1, (point + 1) * series.count / points)
                var trues = 0
                for index in start..<end where series[index] { trues += 1 }
                means[point] += Double(trues) / Double(end - start)
            }
        }
        return Double(BlockLength(for: means).samples) / Double(points)
    }

    /// The samples, each event once for each lane of the path that has more: pairs of lanes share lanes.
    private var count: Int {
        guard isCrossed else { return sorted.count }
        return sorted.count / max(1, max(Set(cells.map(\.row)).count, Set(cells.map(\.column)).count))
    }

    /// The fewest samples that an interval of this quantile is given for, even if they were independent.
    ///
    /// 100, since windows of the least length must fit twenty times, and what the ranks need of p99 and beyond.
    public static func minimumCount(forIntervalOf probability: Double) -> Int {
        max(fewestSamples, Quantile.minimumCount(forIntervalOf: probability))
    }

    /// The summary of all samples; nil without samples.
    public var summary: Summary? { Summary(sorted: sorted) }

    /// The quantile with its interval; nil without samples.
    public func interval(_ probability: Double) -> QuantileInterval? {
        guard let value = Quantile.type7(sorted, probability) else { return nil }
        let needed = Self.minimumCount(forIntervalOf: probability)
        func withheld(_ cause: QuantileInterval.Cause, _ text: String) -> QuantileInterval {
            QuantileInterval(probability: probability, value: value, cause: cause, withheld: text)
        }
        let most = usable.map(\.series.count).max() ?? 0
        guard most >= Self.fewestSamples, count >= needed else {
            return withheld(.tooFewSamples, "needs \(needed) samples, has \(most < Self.fewestSamples ? most : count)")
        }
        let quantiles = Self.quantiles(usable, probability)
        let indicators = Self.indicators(usable, quantiles)
        let share = max(bodyShare, Self.dependentShare(indicators))
        let windows = Int(1 / share)
        guard windows >= Self.fewestWindows else {
            return withheld(.dependence, "samples depend on each other over more than a twentieth of the time")
        }
        let variance = WindowVariance(series: indicators, windows: windows)
        let blockLength = Int((share * Double(most)).rounded(.up))
        var parts = Parts(usable, quantiles, probability)
        guard parts.addTime(variance, isCrossed: isCrossed, count: count) else {
            return withheld(
                .dependence,
                "needs \(needed) independent samples; \(count) that depend on each other tell no more than "
                    + "\(Int(parts.effectiveCount))"
            )
        }
        return parts.interval(value, blockLength: blockLength)
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
            timeLow += (quantile - Self.value(cell.sorted, level: levels.low)) / number
            timeHigh += (Self.value(cell.sorted, level: levels.high) - quantile) / number
        }
        return true
    }

    /// The value below which this share of ascending samples lies.
    private static func value(_ sorted: [Double], level: Double) -> Double {
        let place = min(max(level * Double(sorted.count) - 0.5, 0), Double(sorted.count - 1))
        let lower = Int(place)
        guard lower + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return Quantile.interpolate(sorted[lower], sorted[lower + 1], place - Double(lower))
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
