/// Pairs of runs of two sides that were taken at the same time of day, each run in at most one.
///
/// Matching on what disturbs (Cochran, "Matching in analytical studies", 1953), the nearest pairs first. Networks and
/// markets have their hours: with the hours matched, what they do is in both sides of each difference.
public struct RunMatching: Codable, Hashable, Sendable {
    /// How far apart the times of day of a pair may be, seconds.
    static let mostApartSeconds = 3_600.0
    private static let daySeconds = 86_400.0

    /// Indices of runs: of side A, and of side B.
    public struct Pair: Codable, Hashable, Sendable {
        /// The run of side A.
        public var a: Int
        /// The run of side B.
        public var b: Int
    }

    /// The pairs, in the order of side A.
    public var pairs: [Pair]

    /// Matches runs by when they began, seconds since 1970; the nearest times of day are paired first.
    init(_ a: [Double], _ b: [Double]) {
        var candidates: [(apart: Double, pair: Pair)] = []
        for (i, first) in a.enumerated() {
            for (j, second) in b.enumerated() {
                let apart = Self.apart(first, second)
                if apart <= Self.mostApartSeconds { candidates.append((apart, Pair(a: i, b: j))) }
            }
        }
        candidates.sort { ($0.apart, $0.pair.a, $0.pair.b) < ($1.apart, $1.pair.a, $1.pair.b) }
        var pairs: [Pair] = []
        for (_, pair) in candidates where !pairs.contains(where: { $0.a == pair.a || $0.b == pair.b }) {
            pairs.append(pair)
        }
        self.pairs = pairs.sorted { $0.a < $1.a }
    }

    /// How far apart two moments are on the clock face of a day, seconds.
    static func apart(_ first: Double, _ second: Double) -> Double {
        let difference = abs(first - second).truncatingRemainder(dividingBy: daySeconds)
        return min(difference, daySeconds - difference)
    }
}
