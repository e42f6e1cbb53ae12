import ExperimentModel
import Foundation
import LatencyStatistics
import Reporting

/// Shows that the statistics give the right figures for samples whose figures can be had by hand.
enum KnownNumbers {
    /// The figures of 1, 2, … 100: mean and median 50.5, quantiles by type 7, standard deviation sqrt(10100 / 12).
    static func check(_ samples: [Double] = (1...100).map(Double.init)) -> ValidationEvidence.Finding {
        guard let summary = Summary(samples) else { return (.failed, "no figures for 100 samples") }
        let figures: [(name: String, found: Double, expected: Double)] = [
            ("mean", summary.mean, 50.5), ("median", summary.median, 50.5), ("p95", summary.p95, 95.05),
            ("p99", summary.p99, 99.01), ("min", summary.minimum, 1), ("max", summary.maximum, 100),
            ("stddev", summary.standardDeviation ?? .nan, (10_100.0 / 12).squareRoot()),
        ]
        let wrong = figures.filter { !(abs($0.found - $0.expected) < 1e-9) }
        guard wrong.isEmpty else {
            let list = wrong.map { "\($0.name) is \($0.found), not \($0.expected)" }.joined(separator: ", ")
            return (.failed, "of 1, 2, … 100: \(list)")
        }
        let list = figures.map { "\($0.name) \(String(format: "%.2f", $0.found))" }.joined(separator: ", ")
        return (.passed, "of 1, 2, … 100: \(list)")
    }
}

extension ValidationEvidence {
    /// The run's figures in every output format, and the arithmetic's median again in the analysis.
    func formats(_ reporter: any RunReporter) async -> Finding {
        guard !samples.isEmpty else { return missing() }
        do {
            _ = try await reporter.analyse(directory)
            let data = try Data(contentsOf: directory.file("analysis.json"))
            let analysis = try JSONDecoder().decode(RunAnalysis.self, from: data)
            var sizes: [String] = []
            for format in OutputFormat.allCases {
                let text = try format.render(analysis)
                guard text.count > 40 else { return (.failed, "\(format.rawValue) is empty") }
                if format == .json { _ = try JSONValue(json5: Data(text.utf8)) }
                sizes.append("\(format.rawValue) \(text.utf8.count) octets")
            }
            let files = try await reporter.report(directory)
            return (.passed, sizes.joined(separator: ", ") + "; " + files.joined(separator: ", "))
        } catch {
            return (.failed, "\(error)")
        }
    }
}
