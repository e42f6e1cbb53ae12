/// Whole numbers in the order in which they came, four octets each while they are near each other.
///
/// Delays are nanoseconds that differ by less than four seconds, but for few: a number is kept as its distance from a
/// base, and the few that are further away apart from the others. Ten million delays take 40 MB instead of 80 MB.
public struct CompactSeries: Sendable {
    /// A number that is too far from the base, and its place in the series.
    struct Far: Sendable {
        var index: Int
        var value: Int64
    }

    /// The code of numbers that are too far below the base.
    static let lowCode: UInt32 = 0
    /// The code of numbers that are too far above it.
    static let highCode = UInt32.max

    private(set) var base: Int64 = 0
    private(set) var codes: [UInt32] = []
    private(set) var low: [Far] = []
    private(set) var high: [Far] = []

    /// A series without numbers.
    public init() {}

    /// A series of these numbers.
    public init(_ values: some Sequence<Int64>) {
        codes.reserveCapacity(values.underestimatedCount)
        for value in values { append(value) }
    }

    /// The number of samples.
    public var count: Int { codes.count }

    /// Makes room for this many numbers; memory that is never written costs nothing.
    public mutating func reserveCapacity(_ count: Int) { codes.reserveCapacity(count) }

    /// Takes the next number.
    @inline(__always)
    public mutating func append(_ value: Int64) {
        if codes.isEmpty { base = value < Int64.min + 0x8000_0000 ? Int64.min : value - 0x8000_0000 }
        let (distance, overflow) = value.subtractingReportingOverflow(base)
        if !overflow, distance > 0, distance < Int64(Self.highCode) {
            codes.append(UInt32(truncatingIfNeeded: distance))
        } else {
            appendFar(value)
        }
    }

    @inline(never)
    private mutating func appendFar(_ value: Int64) {
        if value <= base {
            low.append(Far(index: codes.count, value: value))
            codes.append(Self.lowCode)
        } else {
            high.append(Far(index: codes.count, value: value))
            codes.append(Self.highCode)
        }
    }

    /// The number at this place.
    public subscript(_ index: Int) -> Int64 {
        let code = codes[index]
        guard code == Self.lowCode || code == Self.highCode else { return base + Int64(code) }
        let far = code == Self.lowCode ? low : high
        return far[far.partitionPoint { $0.index >= index }].value
    }

    /// Calls `body` with each number, in their order.
    @inline(__always)
    public func forEach(_ body: (Int64) -> Void) {
        guard !low.isEmpty || !high.isEmpty else {
            for code in codes { body(base + Int64(code)) }
            return
        }
        var nextLow = 0
        var nextHigh = 0
        for code in codes {
            if code == Self.lowCode {
                body(low[nextLow].value)
                nextLow += 1
            } else if code == Self.highCode {
                body(high[nextHigh].value)
                nextHigh += 1
            } else {
                body(base + Int64(code))
            }
        }
    }

    /// The sizes of the numbers; the least of all numbers has none that fits and becomes the greatest.
    public var magnitudes: CompactSeries {
        var result = CompactSeries()
        result.reserveCapacity(count)
        forEach { result.append($0 == .min ? .max : abs($0)) }
        return result
    }

    /// The numbers up to `value`.
    public func countAtMost(_ value: Double) -> Int { countAtMost(value, in: 0..<count) }

    /// The numbers in ascending order.
    public func sorted() -> AscendingSeries { AscendingSeries(self) }
}

extension CompactSeries: SampleSeries {
    /// The numbers up to `threshold` among those in `range`.
    func countAtMost(_ threshold: Double, in range: Range<Int>) -> Int {
        guard !range.isEmpty else { return 0 }
        // Beyond what fits, every number is on one side.
        guard threshold < 0x1p63 else { return range.count }
        guard threshold >= -0x1p63 else { return 0 }
        let whole = Int64(threshold.rounded(.down))
        let (distance, overflow) = whole.subtractingReportingOverflow(base)
        let limit = overflow ? (whole < base ? -1 : Int64.max) : distance
        let low = low.isEmpty ? 0 : Self.count(low, range) { $0 <= whole }
        guard limit > 0 else { return low }
        guard limit < Int64(Self.highCode) else {
            let farAbove = high.isEmpty ? 0 : Self.count(high, range) { $0 > whole }
            return range.count - farAbove
        }
        // All that are far below are counted by their code.
        return codes.withUnsafeBufferPointer { codes in
            let most = UInt32(limit)
            var count: UInt32 = 0
            var total = 0
            var index = range.lowerBound
            while index < range.upperBound {
                // 32-bit counters in stretches that cannot overflow: twice as many at once.
                let end = min(range.upperBound, index + 1 << 30)
                count = 0
                while index < end {
                    count &+= codes[index] <= most ? 1 : 0
                    index &+= 1
                }
                total += Int(count)
            }
            return total
        }
    }

    private static func count(_ far: [Far], _ range: Range<Int>, _ holds: (Int64) -> Bool) -> Int {
        let start = far.partitionPoint { $0.index >= range.lowerBound }
        let end = far.partitionPoint { $0.index >= range.upperBound }
        return far[start..<end].count { holds($0.value) }
    }
}

/// Samples in the order of time, of which only counts are asked for.
protocol SampleSeries: Sendable {
    var count: Int { get }
    /// The samples up to `threshold` among those in `range`.
    func countAtMost(_ threshold: Double, in range: Range<Int>) -> Int
}

/// Real numbers in the order of time.
struct NumberSeries: SampleSeries {
    let values: [Double]
    var count: Int { values.count }

    func countAtMost(_ threshold: Double, in range: Range<Int>) -> Int {
        values.withUnsafeBufferPointer { values in
            var count = 0
            for index in range { count &+= values[index] <= threshold ? 1 : 0 }
            return count
        }
    }
}
