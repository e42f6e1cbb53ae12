import ExperimentModel
import Foundation
import Testing

/// The first design's names, which scripts read.
@Suite("A path's results")
struct PathResultsTests {
    /// Figures that all differ, from `first` up.
    private static func figures(from first: Double) -> LatencyFigures {
        let ns = (0..<7).map { (first + Double($0)) * 1e6 }
        return LatencyFigures(
            averageNs: ns[0],
            medianNs: ns[1],
            p95Ns: ns[2],
            p99Ns: ns[3],
            minimumNs: ns[4],
            maximumNs: ns[5],
            standardDeviationNs: ns[6]
        )
    }

    private static func written(_ results: PathResults) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(results))
        return try #require(object as? [String: Any])
    }

    @Test("have each figure under its own name, in milliseconds")
    func names() throws {
        let object = try Self.written(
            PathResults(
                setupType: "aws-backbone",
                path: "backbone",
                sampleCount: 4,
                eventsLost: 0,
                endToEnd: Self.figures(from: 10),
                backbone: Self.figures(from: 20),
                hostDelay: Self.figures(from: 30)
            )
        )
        let expected = [
            "avg_latency_ms": 10, "median_latency_ms": 11, "p95_latency_ms": 12, "p99_latency_ms": 13,
            "min_latency_ms": 14, "max_latency_ms": 15, "jitter_stddev_ms": 16, "backbone_avg_latency_ms": 20,
            "backbone_median_latency_ms": 21, "host_delay_median_ms": 31, "host_delay_p99_ms": 33,
            "host_delay_max_ms": 35,
        ]
        for (name, value) in expected { #expect(object[name] as? Double == Double(value), "\(name)") }
        #expect(object.keys.filter { $0.hasSuffix("_ms") }.count == expected.count)
    }

    @Test("are null where nothing is known")
    func nulls() throws {
        let none = LatencyFigures()
        let object = try Self.written(
            PathResults(
                setupType: "baseline",
                path: "baseline",
                sampleCount: 0,
                eventsLost: 0,
                endToEnd: none,
                backbone: none,
                hostDelay: none
            )
        )
        #expect(object.filter { $0.key.hasSuffix("_ms") }.allSatisfy { $0.value is NSNull })
    }
}
