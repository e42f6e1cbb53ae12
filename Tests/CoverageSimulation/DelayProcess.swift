#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A kind of series whose true quantiles are known.
public enum DelayProcess: String, CaseIterable, Sendable {
    /// Independent normal samples.
    case independent = "AR(1), phi 0"
    /// An autoregression of order 1 with the coefficient 0.9, normal.
    case dependent = "AR(1), phi 0.9"
    /// An on-off source: bursts of 40 events on the average, stretches of 10 between them. In a burst delays are
    /// higher, and each stretch has a level of its own, which is all that its events share.
    case bursts = "on-off bursts"
    /// Log-normal with neighbours that resemble each other (0.5), and one sample in a hundred twenty times as large.
    case heavyTail = "log-normal, 1% outliers"

    private static let spread = 0.5
    private static let burstShift = 0.6
    private static let levelSpread = 0.4
    private static let outlierShift = 3.0

    /// A series of this kind.
    public func series(count: Int, seed: UInt64) -> [Double] {
        var random = Gaussian(seed: seed &* 0x9E37_79B9 &+ 17)
        switch self {
        case .independent: return (0..<count).map { _ in random.next() }
        case .dependent: return Self.autoregression(0.9, count, &random)
        case .bursts: return Self.bursts(count, &random)
        case .heavyTail:
            return Self.autoregression(0.5, count, &random).map { level in
                exp(Self.spread * level + (random.unit() < 0.01 ? Self.outlierShift : 0))
            }
        }
    }

    private static func autoregression(_ coefficient: Double, _ count: Int, _ random: inout Gaussian) -> [Double] {
        let innovation = (1 - coefficient * coefficient).squareRoot()
        var value = random.next()
        return (0..<count).map { _ in
            value = coefficient * value + innovation * random.next()
            return value
        }
    }

    private static func bursts(_ count: Int, _ random: inout Gaussian) -> [Double] {
        // An event finds the source as a long observation would: in a burst four times in five.
        var isBurst = random.unit() < 0.8
        var level = levelSpread * random.next()
        return (0..<count).map { _ in
            if random.unit() < (isBurst ? 1.0 / 40 : 1.0 / 10) {
                isBurst.toggle()
                level = levelSpread * random.next()
            }
            return exp((isBurst ? burstShift : 0) + level + spread * random.next())
        }
    }

    /// The true probability of a sample up to `x`.
    public func cumulative(_ x: Double) -> Double {
        switch self {
        case .independent, .dependent: return Gaussian.cumulative(x)
        case .bursts:
            guard x > 0 else { return 0 }
            let deviation = (Self.levelSpread * Self.levelSpread + Self.spread * Self.spread).squareRoot()
            return 0.8 * Gaussian.cumulative((log(x) - Self.burstShift) / deviation)
                + 0.2 * Gaussian.cumulative(log(x) / deviation)
        case .heavyTail:
            guard x > 0 else { return 0 }
            return 0.99 * Gaussian.cumulative(log(x) / Self.spread)
                + 0.01 * Gaussian.cumulative((log(x) - Self.outlierShift) / Self.spread)
        }
    }

    /// The true quantile.
    public func quantile(_ probability: Double) -> Double {
        inverse(probability, from: -40, to: 1_000, of: cumulative)
    }

    /// The true quantile of the difference of two such series that are independent of each other, by the midpoint rule
    /// over 4,000 quantiles of the one.
    public func quantileOfDifference(_ probability: Double) -> Double {
        let parts = 4_000
        let first = (0..<parts).map { quantile((Double($0) + 0.5) / Double(parts)) }
        return inverse(probability, from: -1_000, to: 1_000) { x in
            first.reduce(0) { $0 + cumulative(x + $1) } / Double(parts)
        }
    }
}
