import ExperimentModel
import Foundation
import LatencyStatistics

extension OutputFormat {
    /// A campaign in this form; as CSV, a row a slot.
    ///
    /// - Throws: `EncodingError` if the figures hold what JSON cannot (they never should).
    public func render(_ analysis: CampaignAnalysis) throws -> String {
        switch self {
        case .text: TextReport.render(CampaignDocument(analysis).document)
        case .markdown: MarkdownReport.render(CampaignDocument(analysis).document)
        case .json: try JSONReport.render(analysis)
        case .csv: CampaignCSV.render(analysis)
        }
    }
}

/// The slots of a campaign as CSV by RFC 4180, times in milliseconds.
enum CampaignCSV {
    static func render(_ analysis: CampaignAnalysis) -> String {
        let names = analysis.paths.map(\.name)
        let header =
            ["slot", "planned_utc", "state", "reason", "run", "began_utc", "counted", "warnings"]
            + ["difference_median_ms", "difference_median_low_ms", "difference_median_high_ms", "difference_p99_ms"]
            + names.flatMap { ["\($0)_median_ms", "\($0)_median_low_ms", "\($0)_median_high_ms", "\($0)_p99_ms"] } + [
                "measured_s"
            ]
        let rows = analysis.points.map { point in
            [
                "\(point.slot)", UTC.text(point.plannedSeconds), point.state.rawValue, point.reason ?? "",
                point.run ?? "", point.beganSeconds.map { UTC.text($0) } ?? "", "\(point.isCounted)",
                "\(point.warnings)",
            ] + cells(point.difference, point.differenceP99)
                + names.flatMap { name in
                    let path = point.paths.first { $0.name == name }
                    return cells(path?.median, path?.p99)
                } + [point.measuredSeconds.map { Format.fixed($0, 3) } ?? ""]
        }
        return CSVReport.encode([header] + rows)
    }

    private static func cells(_ median: QuantileInterval?, _ p99: QuantileInterval?) -> [String] {
        [median?.value, median?.low, median?.high, p99?.value].map { value in
            value.map { Format.milliseconds($0, 6) } ?? ""
        }
    }
}

/// Writes a campaign's reports into its directory.
public enum CampaignWriter {
    /// Writes `analysis.json`, `report.md`, `report.html` and `runs.csv`, each whole and then renamed.
    ///
    /// - Throws: `ReportingError` `unwritable`.
    public static func write(_ analysis: CampaignAnalysis, to directory: String) throws {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        try write(try OutputFormat.json.render(analysis), to: root.appending(path: "analysis.json"))
        try write(try OutputFormat.markdown.render(analysis), to: root.appending(path: "report.md"))
        try write(CampaignHTML.render(analysis), to: root.appending(path: "report.html"))
        try write(try OutputFormat.csv.render(analysis), to: root.appending(path: "runs.csv"))
    }

    private static func write(_ text: String, to file: URL) throws {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
        } catch {
            throw ReportingError(.unwritable, "cannot write \(file.path): \(error.localizedDescription)", cause: error)
        }
    }
}
