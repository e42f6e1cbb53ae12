#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The beta distribution, on which the ranks of order statistics and Student's t rest.
public enum BetaDistribution {
    /// The probability of a value up to `x`: the regularised incomplete beta function I_x(a, b); nan unless `a`, `b` >
    /// 0.
    ///
    /// By the continued fraction of NIST's Digital Library of Mathematical Functions, 8.17.22, with Lentz's evaluation.
    public static func cumulative(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard a > 0, b > 0, !x.isNaN else { return .nan }
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        let logFront = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
        // The fraction converges quickly on one side of the mean; the other side is its mirror image.
        guard x < (a + 1) / (a + b + 2) else { return 1 - exp(logFront) * fraction(1 - x, b, a) / b }
        return exp(logFront) * fraction(x, a, b) / a
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / away(1 - (a + b) * x / (a + 1))
        var result = d
        // As many steps as the square root of the larger parameter are needed.
        let most = 500 + Int(8 * max(a, b).squareRoot())
        for step in 1...most {
            let m = Double(step)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / away(1 + even * d)
            c = away(1 + even / c)
            result *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / away(1 + odd * d)
            c = away(1 + odd / c)
            result *= d * c
            if abs(d * c - 1) < 1e-15 { break }
        }
        return result
    }
}

/// Finds where an ascending function reaches a value, by halving the stretch in which it does.
func bisect(from low: Double, to high: Double, until reached: (Double) -> Bool) -> Double {
    var low = low
    var high = high
    while true {
        let middle = low + (high - low) / 2
        guard middle > low, middle < high, high - low > 1e-13 * max(abs(low), abs(high)) else { return middle }
        if reached(middle) { high = middle } else { low = middle }
    }
}
