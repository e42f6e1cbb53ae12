/// A straight line through points by least squares, with the slope's 95 % interval by Student's t (Draper and Smith, "Applied
/// Regression Analysis", 1998, chapter 1).
///
/// For figures of whole runs over the time of a campaign: the points count alike, and what they depend on each other is
/// not in it.
public struct LinearTrend: Codable, Hashable, Sendable {
    /// The change of y for one of x.
    public var slope: Double
    /// The lower end of the slope's interval.
    public var low: Double
    /// The upper end of the slope's interval.
    public var high: Double
    /// y at x = 0.
    public var intercept: Double

    /// The line through `points`; nil with fewer than three, or when they all have the same x.
    public init?(_ points: [(x: Double, y: Double)]) {
        guard points.count > 2 else { return nil }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.x } / count
        let meanY = points.reduce(0) { $0 + $1.y } / count
        let squares = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        guard squares > 0 else { return nil }
        let products = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let slope = products / squares
        let intercept = meanY - slope * meanX
        let residuals = points.reduce(0) { sum, point in
            let residual = point.y - intercept - slope * point.x
            return sum + residual * residual
        }
        let error = (residuals / (count - 2) / squares).squareRoot()
        let half = StudentDistribution.quantile(0.975, degreesOfFreedom: count - 2) * error
        self.slope = slope
        self.intercept = intercept
        self.low = slope - half
        self.high = slope + half
    }

    /// Whether the interval lies wholly on one side of zero.
    public var excludesZero: Bool { low > 0 || high < 0 }

    /// How much values resemble those before them: the autocorrelation at lag 1, -1 to 1; nil with fewer than four, or
    /// all alike.
    public static func neighbourCorrelation(_ values: [Double]) -> Double? {
        guard values.count > 3 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let deviations = values.map { $0 - mean }
        let squares = deviations.reduce(0) { $0 + $1 * $1 }
        guard squares > 0 else { return nil }
        return zip(deviations, deviations.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / squares
    }
}
