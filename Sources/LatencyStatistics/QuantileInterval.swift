/// A quantile with its 95 % interval, or the reason why there is none.
public struct QuantileInterval: Codable, Hashable, Sendable {
    /// Which quantile: 0.5 is the median.
    public var probability: Double
    /// The quantile of all samples, type 7.
    public var value: Double
    /// The lower end of the interval; nil when withheld.
    public var low: Double?
    /// The upper end of the interval; nil when withheld.
    public var high: Double?
    /// Why there is no interval, in words; nil when there is one.
    public var withheld: String?
    /// The samples of a block that were kept together; nil when withheld.
    public var blockLength: Int?
    /// Whether the samples depend on each other over longer stretches than the blocks hold, so that the interval is
    /// probably too narrow.
    public var isCapped: Bool

    /// Whether the interval lies wholly on one side of zero.
    public var excludesZero: Bool {
        guard let low, let high else { return false }
        return low > 0 || high < 0
    }

    /// A quantile without an interval.
    init(probability: Double, value: Double, withheld: String) {
        self.probability = probability
        self.value = value
        self.withheld = withheld
        self.isCapped = false
    }

    /// A quantile with the interval that replicates of it give.
    init(probability: Double, value: Double, replicates: [Double], blocks: BlockLength) {
        let sorted = replicates.sorted()
        self.probability = probability
        self.value = value
        self.low = Quantile.type7(sorted, 0.025)
        self.high = Quantile.type7(sorted, 0.975)
        self.blockLength = blocks.samples
        self.isCapped = blocks.isCapped
    }
}

/// Settings of the bootstrap, recorded beside every result.
public struct BootstrapSettings: Codable, Hashable, Sendable {
    /// How often the samples are drawn again.
    public var resamples: Int
    /// Seeds the drawing.
    public var seed: UInt64

    /// Settings; the default is 1,000 resamples from seed 1.
    public init(resamples: Int = 1_000, seed: UInt64 = 1) {
        self.resamples = resamples
        self.seed = seed
    }
}
