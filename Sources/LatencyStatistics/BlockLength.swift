#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many neighbouring samples a block bootstrap must keep together, found from the samples themselves.
///
/// Politis and White, "Automatic block-length selection for the dependent bootstrap" (2004), with the correction of
/// Patton, Politis and White (2009), for the circular bootstrap: autocovariances under a flat-top window up to the lag
/// after which none is significant.
public struct BlockLength: Hashable, Sendable {
    /// The samples of a block.
    public var samples: Int
    /// Whether the dependence reached further than the method may look, so that `samples` is too short to hold it.
    public var isCapped: Bool

    /// Longer series are averaged in groups first, which bounds the work; blocks are far longer than such a group.
    static let longestExamined = 16_384
    /// Averages are not taken over so many samples that fewer than these are left.
    private static let fewestExamined = 250
    /// The length that is best for the error of a variance is too short for an interval's coverage, to which the
    /// variance's bias matters more than its noise (Lahiri, "Resampling Methods for Dependent Data", 2003, 7.2).
    static let lengthening = 2.0

    /// The block length for the mean of `series`.
    ///
    /// Never below the cube root of n, the order that is right for weakly dependent data: longer blocks cost little,
    /// and shorter ones would trust an estimate of no dependence too much. The method looks for dependence over some
    /// sqrt(n) samples; where it reaches further, averages of four samples are looked at instead, and so on.
    public init(for series: [Double]) {
        var group = max(1, (series.count + Self.longestExamined - 1) / Self.longestExamined)
        var found = Self.politisWhite(Self.averaged(series, group))
        while found.isCapped, series.count / (4 * group) >= Self.fewestExamined {
            group *= 4
            found = Self.politisWhite(Self.averaged(series, group))
        }
        let floor = Int(cbrt(Double(series.count)).rounded(.up))
        samples = max(1, floor, min(series.count, Int((Self.lengthening * found.length).rounded(.up)) * group))
        isCapped = found.isCapped
    }

    private static func averaged(_ series: [Double], _ group: Int) -> [Double] {
        guard group > 1 else { return series }
        return stride(from: 0, to: series.count - group + 1, by: group).map { start in
            series[start..<start + group].reduce(0, +) / Double(group)
        }
    }

    /// The optimal length of Politis and White, not rounded.
    static func politisWhite(_ series: [Double]) -> (length: Double, isCapped: Bool) {
        let n = Double(series.count)
        guard series.count > 3 else { return (1, false) }
        let significantRun = max(5, Int(log10(n).squareRoot().rounded(.up)))
        let furthestLag = min(series.count - 1, Int(n.squareRoot().rounded(.up)) + significantRun)
        let longest = min(3 * n.squareRoot(), n / 3).rounded(.up)
        var covariances = Autocovariances(series)
        guard covariances[0] > 0 else { return (1, false) }

        let critical = 2 * (log10(n) / n).squareRoot()
        var lastSignificant = 0
        var lag = 1
        while lag <= furthestLag, lag - lastSignificant <= significantRun {
            if abs(covariances[lag]) / covariances[0] > critical { lastSignificant = lag }
            lag += 1
        }
        let window = min(2 * max(1, lastSignificant), furthestLag)
        var spectrum = covariances[0]
        var slope = 0.0
        for lag in 1...window {
            let position = Double(lag) / Double(window)
            let weight = position <= 0.5 ? 1 : 2 * (1 - position)
            spectrum += 2 * weight * covariances[lag]
            slope += 2 * weight * Double(lag) * covariances[lag]
        }
        guard spectrum != 0 else { return (longest, true) }
        let length = cbrt(2 * slope * slope / (4.0 / 3 * spectrum * spectrum) * n)
        return (min(max(1, length), longest), length > longest || lastSignificant + significantRun > furthestLag)
    }
}

/// Autocovariances of a series with divisor n, computed when first asked for.
private struct Autocovariances {
    private let centred: [Double]
    private var known: [Double] = []

    init(_ series: [Double]) {
        let mean = series.reduce(0, +) / Double(series.count)
        centred = series.map { $0 - mean }
    }

    subscript(lag: Int) -> Double {
        mutating get {
            while known.count <= lag { known.append(covariance(known.count)) }
            return known[lag]
        }
    }

    private func covariance(_ lag: Int) -> Double {
        centred.withUnsafeBufferPointer { values in
            var sum = 0.0
            var index = lag
            while index < values.count {
                sum += values[index] * values[index - lag]
                index += 1
            }
            return sum / Double(values.count)
        }
    }
}
