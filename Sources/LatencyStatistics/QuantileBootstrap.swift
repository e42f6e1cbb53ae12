/// Intervals of quantiles by a moving-block bootstrap, for samples that depend on their neighbours.
///
/// Market data is bursty, so a resample keeps stretches of neighbours together (circular blocks, Politis and Romano
/// 1992), as long as `BlockLength` finds for the series "is this sample at or below the quantile", on which alone the
/// quantile's error depends. With several lanes each resample draws lanes with replacement and then blocks; all drawn
/// lanes get blocks of the same times, since what slows the network slows them together.
public struct QuantileBootstrap: Sendable {
    private let lanes: [[Double]]
    private let sorted: [Double]
    private let settings: BootstrapSettings

    /// A bootstrap of the samples of each lane, in the order of time.
    public init(lanes: [[Double]], settings: BootstrapSettings = BootstrapSettings()) {
        self.lanes = lanes.filter { !$0.isEmpty }
        self.sorted = lanes.flatMap { $0 }.sorted()
        self.settings = settings
    }

    /// A bootstrap of one series, in the order of time.
    public init(_ series: [Double], settings: BootstrapSettings = BootstrapSettings()) {
        self.init(lanes: [series], settings: settings)
    }

    /// The summary of all lanes' samples; nil without samples.
    public var summary: Summary? { Summary(sorted: sorted) }

    /// The quantile with its interval; nil without samples.
    public func interval(_ probability: Double) -> QuantileInterval? {
        guard let value = Quantile.type7(sorted, probability) else { return nil }
        switch replicates(probability) {
        case .drawn(let replicates, let blocks):
            return QuantileInterval(probability: probability, value: value, replicates: replicates, blocks: blocks)
        case .withheld(let reason):
            return QuantileInterval(probability: probability, value: value, withheld: reason)
        }
    }

    /// The difference of one quantile between two independent sets of samples, `other` - this one, with its interval.
    ///
    /// Sets that were taken at the same time usually rise and fall together; the interval is then a little too wide.
    public func difference(to other: QuantileBootstrap, _ probability: Double) -> QuantileInterval? {
        guard
            let first = Quantile.type7(sorted, probability),
            let second = Quantile.type7(other.sorted, probability)
        else { return nil }
        let otherSettings = BootstrapSettings(resamples: settings.resamples, seed: ~settings.seed)
        let reseeded = QuantileBootstrap(lanes: other.lanes, settings: otherSettings)
        let value = second - first
        switch (replicates(probability), reseeded.replicates(probability)) {
        case (.drawn(let mine, let myBlocks), .drawn(let theirs, let theirBlocks)):
            let blocks = myBlocks.samples > theirBlocks.samples ? myBlocks : theirBlocks
            var interval = QuantileInterval(
                probability: probability,
                value: value,
                replicates: zip(mine, theirs).map { $1 - $0 },
                blocks: blocks
            )
            interval.isCapped = myBlocks.isCapped || theirBlocks.isCapped
            return interval
        case (.withheld(let reason), _), (_, .withheld(let reason)):
            return QuantileInterval(probability: probability, value: value, withheld: reason)
        }
    }

    private enum Replicates {
        case drawn([Double], BlockLength)
        case withheld(String)
    }

    private func replicates(_ probability: Double) -> Replicates {
        let needed = Quantile.minimumCount(forIntervalOf: probability)
        guard sorted.count >= needed, let value = Quantile.type7(sorted, probability) else {
            return .withheld("needs \(needed) samples, has \(sorted.count)")
        }
        let lengths = lanes.map { lane in BlockLength(for: lane.map { $0 <= value ? 1 : 0 }) }
        let fractions = zip(lengths, lanes).map { Double($0.samples) / Double($1.count) }
        let fraction = fractions.max() ?? 1
        // Two lanes that are short for their dependence still leave something to draw; one lane does not.
        guard fraction <= 1.0 / 3 else {
            return .withheld("samples depend on each other over more than a third of the time")
        }
        let blocks = BlockLength(
            samples: lengths.map(\.samples).max() ?? 1,
            isCapped: lengths.contains { $0.isCapped }
        )
        return .drawn(draw(probability, blocksPerLane: Int((1 / fraction).rounded(.down))), blocks)
    }

    /// The quantile in each resample, exactly.
    ///
    /// Only samples near the quantile are looked at one by one; those below are counted by prefix sums. A resample whose
    /// quantile lies outside that neighbourhood makes it wider, and all are drawn again from the same seed.
    private func draw(_ probability: Double, blocksPerLane: Int) -> [Double] {
        let centre = Int(Double(sorted.count - 1) * probability)
        // Two standard errors for independent samples; most often some doublings follow, each soon found out.
        var reach = max(16, Int(2 * Double(sorted.count).squareRoot()))
        while true {
            let lower = max(0, centre - reach)
            let upper = min(sorted.count - 1, centre + 1 + reach)
            let window = RankWindow(sorted: sorted, lower: lower, upper: upper, lanes: lanes)
            var drawing = BlockDrawing(lanes: lanes, blocksPerLane: blocksPerLane, seed: settings.seed)
            var replicates: [Double] = []
            replicates.reserveCapacity(settings.resamples)
            while replicates.count < settings.resamples {
                guard let value = window.quantile(probability, of: drawing.next()) else { break }
                replicates.append(value)
            }
            if replicates.count == settings.resamples { return replicates }
            reach *= 2
        }
    }
}

extension BlockLength {
    /// A length that was put together from several.
    init(samples: Int, isCapped: Bool) {
        self.samples = samples
        self.isCapped = isCapped
    }
}
