#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
    /// Why there is no interval; nil when there is one.
    public var cause: Cause?
    /// How many times as long one would have to measure for an interval, as far as these samples tell; nil when there
    /// is one, and where too few samples are the reason.
    public var lengthening: Double?
    /// The samples that were kept together since they depend on each other; nil when withheld.
    public var blockLength: Int?
    /// The standard error behind the wider half of the interval; nil when withheld.
    public var standardError: Double?
    /// How many independent parts that standard error comes from, less one; nil when withheld.
    public var degreesOfFreedom: Double?

    /// Reasons for withholding an interval.
    public enum Cause: String, Codable, Sendable {
        /// Too few samples, even if they were independent.
        case tooFewSamples
        /// The samples depend on each other so much that they tell too little.
        case dependence
    }

    /// Whether the interval lies wholly on one side of zero.
    public var excludesZero: Bool {
        guard let low, let high else { return false }
        return low > 0 || high < 0
    }

    /// The size that a true difference must have for data like these to show it nine times in ten; nil when withheld.
    ///
    /// The minimum detectable effect (Bloom 1995): Student's quantiles for 97.5 % and 90 %, standard errors each. Where
    /// the degrees of freedom are few, that is short of the noncentral distribution's answer; the factor makes it right
    /// to 1 %.
    public var leastDetectable: Double? {
        guard let standardError, let degreesOfFreedom else { return nil }
        let shown = StudentDistribution.quantile(0.975, degreesOfFreedom: degreesOfFreedom)
        let power = StudentDistribution.quantile(0.9, degreesOfFreedom: degreesOfFreedom)
        return (shown + power) * (1 + 0.33 * pow(degreesOfFreedom, -1.75)) * standardError
    }

    /// A quantile without an interval.
    init(probability: Double, value: Double, cause: Cause?, withheld: String?, lengthening: Double? = nil) {
        self.probability = probability
        self.value = value
        self.cause = cause
        self.withheld = withheld
        self.lengthening = lengthening
    }

    /// A quantile with its interval.
    init(
        probability: Double,
        value: Double,
        low: Double,
        high: Double,
        standardError: Double,
        degreesOfFreedom: Double,
        blockLength: Int?
    ) {
        self.probability = probability
        self.value = value
        self.low = low
        self.high = high
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
        self.blockLength = blockLength
    }

    /// The difference of two independent estimates, second - first.
    ///
    /// The interval of a difference from the intervals of its two sides (Zou and Donner, "Construction of confidence
    /// limits about effect measures", 2008).
    public init(difference first: QuantileInterval, _ second: QuantileInterval) {
        self.init(
            probability: first.probability,
            value: second.value - first.value,
            cause: first.cause ?? second.cause,
            withheld: first.withheld ?? second.withheld,
            lengthening: [first.lengthening, second.lengthening].compactMap { $0 }.max()
        )
        guard let firstLow = first.low, let firstHigh = first.high, let secondLow = second.low,
            let secondHigh = second.high
        else { return }
        func length(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
        low = value - length(second.value - secondLow, firstHigh - first.value)
        high = value + length(secondHigh - second.value, first.value - firstLow)
        blockLength = [first.blockLength, second.blockLength].compactMap { $0 }.max()
        guard let firstError = first.standardError, let secondError = second.standardError,
            let firstDegrees = first.degreesOfFreedom, let secondDegrees = second.degreesOfFreedom
        else { return }
        let error = length(firstError, secondError)
        standardError = error
        let squares = firstError.power(4) / firstDegrees + secondError.power(4) / secondDegrees
        degreesOfFreedom = squares > 0 ? error.power(4) / squares : min(firstDegrees, secondDegrees)
    }
}

extension Double {
    fileprivate func power(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * self } }
}
