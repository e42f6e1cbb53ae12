import LatencyStatistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Normally distributed numbers from a seed.
public struct Gaussian {
    private var generator: SplitMix64
    private var spare: Double?

    /// The same numbers for the same seed.
    public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// A number from 0 up to, and without, 1.
    public mutating func unit() -> Double { generator.unit() }

    /// The next number of mean 0 and variance 1, by Marsaglia's polar method.
    public mutating func next() -> Double {
        if let number = spare {
            spare = nil
            return number
        }
        while true {
            let x = 2 * generator.unit() - 1
            let y = 2 * generator.unit() - 1
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            spare = y * factor
            return x * factor
        }
    }

    /// The probability of a number up to `x`.
    public static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
}

/// The value that an ascending probability reaches, between two limits.
func inverse(_ probability: Double, from low: Double, to high: Double, of cumulative: (Double) -> Double) -> Double {
    var low = low
    var high = high
    for _ in 0..<200 where high - low > 1e-12 * max(1, abs(high)) {
        let middle = (low + high) / 2
        if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
