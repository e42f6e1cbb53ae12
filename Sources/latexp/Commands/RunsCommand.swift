import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Lists the runs.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "runs", abstract: "List the runs, the newest first.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    /// One line of the list.
    private struct Row: Encodable {
        var run: String
        var outcome: String
        var paths: [String]
        var verdict: String?
    }

    func run() async throws {
        let rows = store.store.list().map { directory in
            guard let record = try? directory.loadRecord() else {
                let reason = "its run.json cannot be read by latexp \(LatexpVersion.text)"
                return Row(run: directory.id, outcome: "unreadable", paths: [], verdict: reason)
            }
            return Row(
                run: directory.id,
                outcome: Self.outcome(of: directory, record),
                paths: record.experiment.paths.map(\.name),
                verdict: (try? StandardReporter.analysis(of: directory))?.verdict.headline
            )
        }
        Terminal.results.write(try render(rows))
    }

    /// How a run stands: one that says that it runs, and that no latexp works on, was left by its laptop.
    static func outcome(of directory: RunDirectory, _ record: RunRecord) -> String {
        record.outcome == .running && !directory.isWorkedOn ? "abandoned" : record.outcome.rawValue
    }

    private func render(_ rows: [Row]) throws -> String {
        switch output.format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
        case .csv:
            let lines = rows.map { row in
                "\(row.run),\(row.outcome),\(ChecklistText.quoted(row.paths.joined(separator: " "))),"
                    + ChecklistText.quoted(row.verdict ?? "") + "\r\n"
            }
            return "run,outcome,paths,verdict\r\n" + lines.joined()
        case .markdown:
            let lines = rows.map {
                "| \($0.run) | \($0.outcome) | \($0.paths.joined(separator: ", ")) | \($0.verdict ?? "") |\n"
            }
            return "| run | outcome | paths | verdict |\n|---|---|---|---|\n" + lines.joined()
        case .text:
            guard !rows.isEmpty else { return "There are no runs in \(store.runs) yet.\n" }
            let width = rows.map(\.run.count).max() ?? 0
            return rows.map { row in
                let name = row.run + String(repeating: " ", count: width - row.run.count)
                let outcome = row.outcome + String(repeating: " ", count: max(0, 11 - row.outcome.count))
                return "\(name)  \(outcome)  \(row.verdict ?? row.paths.joined(separator: ", "))\n"
            }.joined()
        }
    }
}
