import Foundation
import LatencyStatistics

/// Random numbers that a seed and what they are for determine.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var generator: SplitMix64

    /// A generator for one purpose; the same seed and purpose give the same numbers on every machine.
    init(seed: UInt64, purpose: String) {
        // FNV-1a over the purpose, so that links and feed do not share their numbers.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in purpose.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        generator = SplitMix64(seed: seed ^ hash)
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 { generator.next() }

    /// A number from 0 up to, but not including, 1.
    mutating func unit() -> Double { generator.unit() }

    /// An exponentially distributed number.
    mutating func exponential(mean: Double) -> Double { -mean * log(1 - unit()) }

    /// A standard normal number (Box and Muller 1958).
    mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }
}
