/// Quantiles with 95 % intervals, for samples that depend on their neighbours and on the connection that brought them.
///
/// **Time.** Market data is bursty, so n samples tell less than n independent ones would. How much less is found from
/// the series "is this sample at or below the quantile", on which alone the quantile's error depends (Bahadur 1966):
/// windows as long as its dependence (`BlockLength`) give the variance of its mean (`WindowVariance`), and that the
/// number of independent samples which would vary as much. The interval then lies between the order statistics that
/// belong to that number (Woodruff 1952; the effective number with Student's t as in Korn and Graubard 1998), so that
/// it is lopsided where the tail is, and does not exist where the tail was seen too few times.
///
/// **Lanes.** Each connection has a server of its own. With several, the spread of the lanes' own quantiles is added,
/// less what time alone explains of it (the random-effects analysis of variance of two factors, Searle, Casella and
/// McCulloch, "Variance Components", 1992, with Satterthwaite's degrees of freedom), and put together with time's as Zou and
/// Donner (2008) combine intervals. Few lanes therefore give wide
/// intervals: three lanes know their mean to 4.3 standard errors, not 2.
public struct QuantileEstimator: Sendable {
    /// The fewest windows that a variance is taken from.
    static let fewestWindows = 20
    /// With fewer, what bursts of some tens of events make of a series cannot be told from chance: of 150 such samples
    /// the intervals of one series in five were wrong, of 400 those of one in twenty-five (`infra/bench/coverage`).
    private static let fewestSamples = 400

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
        let means = Self.sharesAtMost(usable, quartiles)
        // Which quarter a sample is in tells more than one yes or no of it: a weak dependence shows in that, too.
        let quarters = (means.first ?? []).indices.map { point in means.reduce(0) { $0 + $1[point] } }
        bodyShare = (means + [quarters]).map(Self.dependentShare).max() ?? 1
    }

    private static func quantiles(_ cells: [Cell], _ probability: Double) -> [Double] {
        cells.map { $0.sorted.quantile(probability) ?? 0 }
    }

    /// The mean over all lanes of the series "is this sample at or below its lane's quantile", at points of time: what
    /// lanes share shows there, however weak it is in each.
    ///
    /// - Parameter quantiles: one row for each series wanted, with the quantile of each lane.
    private static func sharesAtMost(_ cells: [Cell], _ quantiles: [[Double]]) -> [[Double]] {
        let points = min(BlockLength.longestExamined, cells.map(\.count).max() ?? 0)
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
        return means
    }

    /// How long samples depend on each other, as a share of the time, by such a series.
    private static func dependentShare(_ means: [Double]) -> Double {
        guard !means.isEmpty else { return 1 }
        return Double(BlockLength(for: means).samples) / Double(means.count)
    }

    /// The samples, each event once for each lane of the path that has more: pairs of lanes share lanes.
    private var count: Int {
        guard isCrossed else { return all.count }
        return all.count / max(1, max(Set(cells.map(\.row)).count, Set(cells.map(\.column)).count))
    }

    /// The fewest samples that an interval of this quantile is given for, even if they were independent.
    ///
    /// 400, below which bursts are not seen as such, and what the ranks need of p99.9.
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
            all.quantile(probability).map {
                QuantileCandidate(probability, $0, Self.quantiles(usable, probability), usable)
            }
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
        let thresholds = open.flatMap { index in candidates[index].thresholds.map { (index, $0) } }
        for index in open { candidates[index].share = bodyShare }
        for ((index, _), means) in zip(thresholds, Self.sharesAtMost(usable, thresholds.map(\.1))) {
            candidates[index].share = max(candidates[index].share, Self.dependentShare(means))
        }
        for index in open {
            if candidates[index].windows < Self.fewestWindows {
                candidates[index].withholdForDependence()
            }
        }
        finish(&candidates)
        return Self.withTailsWithheld(candidates.compactMap(\.result))
    }

    /// From the median outwards an interval is only given where those before it are: the further out, the fewer samples
    /// there are, and one that comes out all the same was lucky, not known.
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

    /// Gives every candidate that is still open its interval, or the reason why it has none.
    private func finish(_ candidates: inout [QuantileCandidate]) {
        let open = candidates.indices.filter { candidates[$0].result == nil }
        guard !open.isEmpty else { return }
        for (number, cell) in usable.enumerated() {
            let series = cell.series()
            for index in open {
                let places = WindowVariance.places(count: series.count, windows: candidates[index].windows)
                for (row, thresholds) in candidates[index].thresholds.enumerated() {
                    candidates[index].counts[row].append(
                        zip(places, places.dropFirst()).map { series.countAtMost(thresholds[number], in: $0..<$1) }
                    )
                }
            }
        }
        let most = usable.map(\.count).max() ?? 0
        for index in open {
            let candidate = candidates[index]
            let variances = candidate.counts.map {
                WindowVariance(counts: $0, lengths: usable.map(\.count), windows: candidate.windows)
            }
            var parts = IntervalParts(usable, candidate.quantiles, candidate.probability)
            guard parts.addTime(variances, isCrossed: isCrossed, count: count) else {
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
    /// The interval of a difference from the intervals of its two sides (Zou and Donner, "Construction of confidence
    /// limits about effect measures", 2008). Sets that were taken at the same time usually rise and fall together; the
    /// interval is then a little too wide.
    public func difference(to other: QuantileEstimator, _ probability: Double) -> QuantileInterval? {
        guard let first = interval(probability), let second = other.interval(probability) else { return nil }
        return QuantileInterval(difference: first, second)
    }
}
