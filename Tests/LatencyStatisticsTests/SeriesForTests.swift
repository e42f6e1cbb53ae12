import LatencyStatistics

/// Series that Python can make again: an autoregression of order 1 over SplitMix64, as in this script.
///
/// ```python
/// import numpy as np
/// M = (1 << 64) - 1
/// class SplitMix:
///     def __init__(self, seed): self.s = seed
///     def unit(self):
///         self.s = (self.s + 0x9E3779B97F4A7C15) & M; z = self.s
///         z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
///         z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
///         return ((z ^ (z >> 31)) >> 11) * 2.0**-53
/// def series(phi, n, seed):
///     g, x, out = SplitMix(seed), 0.0, []
///     for _ in range(n):
///         x = phi * x + (g.unit() - 0.5); out.append(x)
///     return np.array(out)
/// ```
func autoregression(_ phi: Double, count: Int, seed: UInt64) -> [Double] {
    var generator = SplitMix64(seed: seed)
    var value = 0.0
    return (0..<count).map { _ in
        value = phi * value + (generator.unit() - 0.5)
        return value
    }
}

/// Delays around 118 ms in nanoseconds: Python's `series(0.5, 1000, 42) * 1e6 + 118e6`.
let delaysNs = autoregression(0.5, count: 1_000, seed: 42).map { $0 * 1e6 + 118e6 }

/// Whether two numbers agree to a relative error.
func agree(_ first: Double?, _ second: Double, within relative: Double = 1e-12) -> Bool {
    guard let first else { return false }
    return abs(first - second) <= relative * max(abs(second), 1e-300)
}
