import LatencyStatistics

/// Figures as CSV by RFC 4180: one row a path and metric, all times in milliseconds.
enum CSVReport {
    private static let quantiles = [(0.5, "median"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99_9")]

    private static var header: [String] {
        ["path", "metric", "count", "negative", "mean_ms"]
            + quantiles.flatMap { ["\($0.1)_ms", "\($0.1)_low_ms", "\($0.1)_high_ms"] }
            + [
                "min_ms", "max_ms", "stddev_ms", "p95_minus_p50_ms", "jitter_ms", "clock_bound_ms", "truncation_ms",
                "verified",
            ]
    }

    static func render(_ analysis: RunAnalysis) -> String {
        var rows = [header]
        for path in analysis.paths {
            for metric in path.metrics {
                rows.append(
                    row(path.name, metric.metric.rawValue, metric.summaryNs, metric.quantilesNs)
                        + [number(metric.jitterNs), number(metric.bound.clockNs), number(metric.bound.truncationNs)]
                        + [metric.bound.isVerified ? "true" : "false"]
                )
            }
        }
        for difference in analysis.differences {
            let name = "\(difference.other) - \(difference.baseline)"
            rows.append(
                row(name, "paired_difference", difference.summaryNs, difference.quantilesNs) + [
                    "", "0.000000", "0.000000", "true",
                ]
            )
        }
        return encode(rows)
    }

    static func render(_ comparison: RunComparison) -> String {
        var rows = [
            [
                "path_a", "path_b", "metric", "quantile", "a_ms", "a_low_ms", "a_high_ms", "b_ms", "b_low_ms",
                "b_high_ms",
                "difference_ms", "difference_low_ms", "difference_high_ms",
            ]
        ]
        for pair in comparison.paths {
            for figure in pair.figures {
                rows.append(
                    [pair.pathA, pair.pathB, figure.metric.rawValue, figure.name]
                        + [figure.a, figure.b, figure.difference].flatMap(cells)
                )
            }
        }
        return encode(rows)
    }

    private static func cells(_ interval: QuantileInterval) -> [String] {
        [number(interval.value), number(interval.low), number(interval.high)]
    }

    private static func row(
        _ path: String,
        _ metric: String,
        _ summary: Summary,
        _ intervals: [QuantileInterval]
    ) -> [String] {
        let values = [summary.median, summary.p90, summary.p95, summary.p99, summary.p999]
        let cells = zip(quantiles, values).flatMap { quantile, value in
            let interval = intervals.first { $0.probability == quantile.0 }
            return [number(value), number(interval?.low), number(interval?.high)]
        }
        return [path, metric, String(summary.count), String(summary.negative), number(summary.mean)] + cells
            + [number(summary.minimum), number(summary.maximum), number(summary.standardDeviation)]
            + [number(summary.p95MinusMedian)]
    }

    /// Milliseconds with all digits of a nanosecond; empty without a value.
    private static func number(_ ns: Double?) -> String {
        ns.map { Format.milliseconds($0, 6) } ?? ""
    }

    static func encode(_ rows: [[String]]) -> String {
        rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
        guard needsQuotes else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
