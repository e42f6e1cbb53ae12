import LatencyStatistics

/// Random numbers that follow from a seed, for tests that can be repeated.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline var generator: SplitMix64

    /// A generator that gives the same numbers for the same seed on every machine.
    public init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
    }

    /// The next 64 random bits.
    @inlinable public mutating func next() -> UInt64 { generator.next() }

    /// A number from 0 up to, and without, `limit`; 0 if there is none.
    public mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
}
