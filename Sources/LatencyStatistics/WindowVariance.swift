/// How much means over stretches of time vary, for series that go through the same time.
///
/// The variance of a mean of dependent samples by overlapping windows (Meketon and Schmeiser, "Overlapping batch
/// means", 1984), closed to a ring; it is the limit that the moving-block bootstrap of a mean (Künsch 1989) comes to
/// with more and more resamples, without the drawing.
struct WindowVariance {
    /// A window begins each quarter of its length, which loses nearly nothing against each sample (Welch 1987).
    private static let overlap = 4

    /// The windows that fit side by side.
    let windows: Int
    /// The share of trues, mean over the series.
    let share: Double
    /// What a window's mean deviates from the mean of all of them: one row a series.
    private let deviations: [[Double]]

    /// The windows of series that share their time; each is cut by shares of its own length.
    ///
    /// - Parameter counts: of each series, the trues between the neighbours of `places(count:windows:)`.
    init(counts: [[Int]], lengths: [Int], windows: Int) {
        self.windows = windows
        let shares = zip(counts, lengths).map { Double($0.reduce(0, +)) / Double(max(1, $1)) }
        share = shares.reduce(0, +) / Double(max(1, shares.count))
        deviations = zip(counts, lengths).map { Self.deviations($0, length: $1, starts: windows * Self.overlap) }
    }

    /// The windows of series of yes and no.
    init(series: [[Bool]], windows: Int) {
        let counts = series.map { values in
            let places = Self.places(count: values.count, windows: windows)
            return zip(places, places.dropFirst()).map { start, end in values[start..<end].count { $0 } }
        }
        self.init(counts: counts, lengths: series.map(\.count), windows: windows)
    }

    /// Where in a series of this length windows begin and end, from 0 through its length.
    static func places(count: Int, windows: Int) -> [Int] {
        let starts = windows * overlap
        return (0...starts).map { $0 * count / starts }
    }

    private static func deviations(_ counts: [Int], length: Int, starts: Int) -> [Double] {
        let places = (0...starts).map { $0 * length / starts }
        // The trues before each of the places where windows begin and end.
        var before: [Int] = [0]
        before.reserveCapacity(starts + 1)
        for count in counts { before.append(before[before.count - 1] + count) }
        let count = before[starts]
        let overall = Double(count) / Double(max(1, length))
        return (0..<starts).map { start in
            let end = start + overlap
            var trues = before[min(end, starts)] - before[start]
            var samples = places[min(end, starts)] - places[start]
            if end > starts {
                trues += before[end - starts]
                samples += places[end - starts]
            }
            return samples == 0 ? 0 : Double(trues) / Double(samples) - overall
        }
    }

    /// The degrees of freedom of `ofMean`: 1.5 for each window of normal means (Meketon and Schmeiser), fewer where a
    /// few windows have most of the variance, as when a tail was seen in a few bursts (2 V^2 / Var(V), Satterthwaite
    /// 1946).
    var degreesOfFreedom: Double {
        let starts = deviations.first?.count ?? 0
        var squares = 0.0
        var fourths = 0.0
        for start in 0..<starts {
            let deviation = mean(deviations.indices, at: start)
            squares += deviation * deviation
            fourths += deviation * deviation * deviation * deviation
        }
        let normal = 1.5 * Double(windows - 1)
        guard squares > 0 else { return normal }
        let kurtosis = fourths * Double(starts) / (squares * squares)
        return kurtosis > 3 ? normal * 2 / (kurtosis - 1) : normal
    }

    /// The variance of the mean over all of the time of the mean of all series.
    var ofMean: Double { variance { start in mean(deviations.indices, at: start) } }

    /// The part of `ofMean` that is not common to the groups: groups that vary apart have all of it, groups that rise
    /// and fall together none.
    func ofMeanApart(groups: [[Int]]) -> Double {
        guard groups.count > 1 else { return 0 }
        let count = Double(groups.count)
        let apart = groups.reduce(0) { sum, group in
            sum + variance { start in mean(group, at: start) - mean(deviations.indices, at: start) }
        }
        return apart / (count - 1) / count
    }

    private func mean(_ rows: some Collection<Int>, at start: Int) -> Double {
        rows.reduce(0) { $0 + deviations[$1][start] } / Double(rows.count)
    }

    private func variance(_ value: (Int) -> Double) -> Double {
        let starts = deviations.first?.count ?? 0
        guard starts > 0, windows > 1 else { return 0 }
        let squares = (0..<starts).reduce(0) { sum, start in
            let deviation = value(start)
            return sum + deviation * deviation
        }
        return squares / Double(starts) / Double(windows - 1)
    }
}
