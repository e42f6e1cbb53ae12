/// What an interval of a quantile is put together from: how far time alone may have put it, and what lanes differ by.
struct IntervalParts {
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

    /// Takes the variances over time; false when they leave no interval.
    ///
    /// They are of the share of samples up to the quantile, and of that below it where many are equal to it: the one
    /// that tells less counts.
    mutating func addTime(_ times: [WindowVariance], isCrossed: Bool, count: Int) -> Bool {
        let known = times.compactMap { time in Self.effectiveCount(time, count).map { (time: time, count: $0) } }
        guard let least = known.min(by: { $0.count < $1.count }) else {
            // All equal, or never different at the same time: only lanes are left to differ.
            if let time = times.first { addLanes(time, isCrossed: isCrossed) }
            timeDegrees = times.first?.degreesOfFreedom ?? 1
            effectiveCount = Double(count)
            commonShare = 0
            return true
        }
        timeDegrees = least.time.degreesOfFreedom
        addLanes(least.time, isCrossed: isCrossed)
        effectiveCount = least.count
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

    /// How many independent samples would vary as much; nil where nothing varies.
    ///
    /// The variance of a share of independent samples is binomial. Without ties the share is the quantile's own
    /// probability, with ties it is not.
    private static func effectiveCount(_ time: WindowVariance, _ count: Int) -> Double? {
        let ofMean = time.ofMean
        guard ofMean > 0 else { return nil }
        let normal = 1.959963984540054
        let student = StudentDistribution.quantile(0.975, degreesOfFreedom: time.degreesOfFreedom)
        return min(Double(count), time.share * (1 - time.share) / ofMean) * (normal / student) * (normal / student)
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
        // A path of one lane beside a path of several: its lane, too, is a connection to the same exchange. Both variances
        // are one estimate, so that they have its degrees of freedom together, not each its own.
        if isCrossed, lanes.count == 1, let spread {
            lanes = [(lanes[0].variance + spread.variance, spread.degrees)]
        }
        let ofMean = time.ofMean
        if ofMean > 0, !lanes.isEmpty { commonShare = min(1, max(0, 1 - apart / ofMean)) }
    }

    func interval(_ value: Double, blockLength: Int) -> QuantileInterval {
        // The quantile of all samples is not the mean of the lanes' quantiles when lanes are far apart; how far it is
        // from that mean is uncertain, too.
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
        // Satterthwaite 1946: the degrees of freedom of a sum of variances, here of the lanes'.
        let ofLanes = lanes.reduce(apart) { $0 + $1.variance }
        let fewest = lanes.map(\.degrees).min() ?? timeDegrees
        let squares = lanes.reduce(apart * apart / fewest) { $0 + $1.variance * $1.variance / $1.degrees }
        let lanesDegrees = squares > 0 ? ofLanes * ofLanes / squares : fewest
        // Time's is added as Zou and Donner (2008) do it, each with its own quantile of Student's. In one sum, lanes that
        // happen to be alike would lend time's many degrees to what two lanes know.
        let lanesStudent = StudentDistribution.quantile(0.975, degreesOfFreedom: lanesDegrees)
        let width = (student * student * common + lanesStudent * lanesStudent * ofLanes).squareRoot()
        let error = all.squareRoot()
        // Those of one sum that would give this width.
        let degrees = bisect(from: min(lanesDegrees, timeDegrees), to: max(lanesDegrees, timeDegrees)) {
            StudentDistribution.quantile(0.975, degreesOfFreedom: $0) * error <= width
        }
        return (width, error, degrees)
    }
}
