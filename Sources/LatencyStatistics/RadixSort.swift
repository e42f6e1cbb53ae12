/// Sorts numbers by their digits, from the last to the first (Knuth, The Art of Computer Programming, volume 3, 5.2.5).
enum RadixSort {
    private static let bits: UInt32 = 11
    private static let buckets = 1 << 11
    private static let digits = 3
    /// Fewer numbers are sorted quicker by comparing them.
    private static let fewest = 1_000

    /// The numbers in ascending order.
    static func sorted(_ values: [UInt32]) -> [UInt32] {
        guard values.count >= fewest else { return values.sorted() }
        var from = values
        var counts = histograms(values)
        var spare: [UInt32] = []
        for digit in 0..<digits {
            let shift = UInt32(digit) * bits
            let first = Int((values[0] >> shift) & UInt32(buckets - 1))
            // All have the same digit: nothing moves.
            guard counts[digit * buckets + first] < values.count else { continue }
            var next = 0
            for bucket in digit * buckets..<(digit + 1) * buckets {
                let count = counts[bucket]
                counts[bucket] = next
                next += count
            }
            if spare.isEmpty { spare = [UInt32](unsafeUninitializedCapacity: values.count) { $1 = values.count } }
            distribute(from, into: &spare, shift, &counts, digit * buckets)
            swap(&from, &spare)
        }
        return from
    }

    private static func histograms(_ values: [UInt32]) -> [Int] {
        var counts = [Int](repeating: 0, count: digits * buckets)
        counts.withUnsafeMutableBufferPointer { counts in
            for value in values {
                counts[Int(value & UInt32(buckets - 1))] &+= 1
                counts[buckets + Int((value >> bits) & UInt32(buckets - 1))] &+= 1
                counts[2 * buckets + Int(value >> (2 * bits))] &+= 1
            }
        }
        return counts
    }

    private static func distribute(
        _ from: [UInt32],
        into to: inout [UInt32],
        _ shift: UInt32,
        _ places: inout [Int],
        _ first: Int
    ) {
        from.withUnsafeBufferPointer { from in
            to.withUnsafeMutableBufferPointer { to in
                places.withUnsafeMutableBufferPointer { places in
                    for value in from {
                        let bucket = first + Int((value >> shift) & UInt32(buckets - 1))
                        to[places[bucket]] = value
                        places[bucket] &+= 1
                    }
                }
            }
        }
    }
}
