import LatencyStatistics
import Testing

@Suite struct LinearTrendTests {
    /// Worked by hand: x 0…4, y 1, 3, 2, 5, 4.
    ///
    /// Slope 0.8, residual sum 3.6, error √(1.2/10) = 0.346, t(0.975, 3) = 3.182.
    @Test func aKnownLine() throws {
        let points = zip([0.0, 1, 2, 3, 4], [1.0, 3, 2, 5, 4]).map { (x: $0, y: $1) }
        let trend = try #require(LinearTrend(points))
        #expect(abs(trend.slope - 0.8) < 1e-12)
        #expect(abs(trend.intercept - 1.4) < 1e-12)
        #expect(abs(trend.high - (0.8 + 3.18245 * 0.346410)) < 1e-4)
        #expect(abs(trend.low - (0.8 - 3.18245 * 0.346410)) < 1e-4)
        #expect(!trend.excludesZero)
    }

    @Test func tooFewPointsOrOneMomentHaveNoLine() {
        #expect(LinearTrend([(x: 0, y: 1), (x: 1, y: 2)]) == nil)
        #expect(LinearTrend([(x: 2, y: 1), (x: 2, y: 2), (x: 2, y: 3)]) == nil)
    }

    /// Deviations -1.5, -0.5, 0.5, 1.5: products 0.75 - 0.25 + 0.75 over squares 5.
    @Test func neighboursThatResembleEachOther() throws {
        #expect(abs(try #require(LinearTrend.neighbourCorrelation([1, 2, 3, 4])) - 0.25) < 1e-12)
        #expect(try #require(LinearTrend.neighbourCorrelation([1, -1, 1, -1, 1, -1])) < -0.7)
        #expect(LinearTrend.neighbourCorrelation([1, 2, 3]) == nil)
        #expect(LinearTrend.neighbourCorrelation([2, 2, 2, 2]) == nil)
    }
}
