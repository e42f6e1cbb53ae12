import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Lists the runs.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List the runs and campaigns, the newest first.",
        discussion: """
            The runs of a campaign are not listed one by one: `latexp report CAMPAIGN` does that, and they lie in its \
            folder under slots/. \
            json, csv and markdown have the full names and verdicts.
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let rows = store.store.list().map(Row.init)
        let columns = ["run", "kind", "began", "experiment", "outcome", "paths", "verdict", "warnings"]
        let table = try Rows.render(columns, rows.map(\.cells), json: rows, format: output.format)
        if let table { return Terminal.results.write(table) }
        guard !rows.isEmpty else { return Terminal.results.write("There are no runs in \(store.runs) yet.\n") }
        let width = Terminal.results.isInteractive ? max(60, Terminal.results.width) : 80
        Terminal.results.write(RunsTable(width: width).text(rows))
    }

    /// How a run stands: one that says that it runs, and that no latexp works on, was left by its laptop.
    static func outcome(of directory: RunDirectory, _ record: RunRecord) -> String {
        record.outcome == .running && !directory.isWorkedOn ? "abandoned" : record.outcome.rawValue
    }
}

extension RunsCommand {
    /// One run or campaign of the list.
    struct Row: Encodable {
        var run: String
        var kind: String
        /// UTC; nil when the manifest cannot be read.
        var began: String?
        var experiment: String
        var outcome: String
        var paths: [String]
        var verdict: String?
        /// How many warnings its report shows at its top; notes are not among them.
        var warnings: Int
        /// The verdict in a few words.
        var brief: String

        private enum CodingKeys: String, CodingKey {
            case run, kind, began, experiment, outcome, paths, verdict, warnings
        }

        var cells: [String] {
            [
                run, kind, began ?? "", experiment, outcome, paths.joined(separator: " "), verdict ?? "",
                "\(warnings)",
            ]
        }

        init(_ directory: RunDirectory) {
            run = directory.id
            kind = directory.isCampaign ? "campaign" : "run"
            experiment = directory.id
            outcome = "unreadable"
            paths = []
            verdict = "its manifest cannot be read by latexp \(LatexpVersion.text)"
            warnings = 0
            brief = "unreadable"
            if directory.isCampaign { read(CampaignDirectory(directory)) } else { read(directory) }
        }

        private mutating func read(_ directory: RunDirectory) {
            guard let record = try? directory.loadRecord() else { return }
            began = UTC.text(record.beganSeconds)
            experiment = record.experiment.name
            outcome = RunsCommand.outcome(of: directory, record)
            paths = record.experiment.paths.map(\.name)
            let analysis = try? StandardReporter.analysis(of: directory)
            verdict = analysis?.verdict.headline
            warnings = analysis?.warningsShown.count ?? record.warnings.count
            let isDone = record.outcome == .done
            brief = isDone ? analysis.map { Self.brief($0.verdict) } ?? outcome : outcome
        }

        private mutating func read(_ campaign: CampaignDirectory) {
            guard let record = try? campaign.loadRecord() else { return }
            began = UTC.text(record.beganSeconds)
            experiment = "\(record.experiment.name) x\(record.slots.count)"
            outcome = CampaignActions.outcome(of: campaign, record)
            paths = record.experiment.paths.map(\.name)
            let analysis = Campaigns.analysis(of: campaign)
            verdict = analysis?.verdict.headline
            warnings = analysis?.warnings.count ?? record.warnings.count
            let done = "\(record.count(.done))/\(record.slots.count)"
            let words = record.outcome == .done ? analysis.map { Self.brief($0.verdict) } : nil
            brief = "\(done) \(words ?? outcome)"
        }

        private static func brief(_ verdict: Verdict) -> String {
            switch verdict.kind {
            case .sooner:
                let size = verdict.medianNs.map { String(format: " by %.3f ms", abs($0) / 1e6) } ?? ""
                return "\(verdict.winner ?? "?")\(size)"
            case .noDifferenceShown: return "no difference shown"
            case .pathsDiffer: return "the paths differ"
            case .cannotSay: return "cannot say"
            case .onePath: return "one path"
            }
        }
    }
}

/// The list of runs for people: a line each, as wide as the terminal.
struct RunsTable {
    let width: Int

    private static let dateWidth = 19
    private static let warningsWidth = 4

    func text(_ rows: [RunsCommand.Row]) -> String {
        let free = width - Self.dateWidth - Self.warningsWidth - 6
        let verdictWidth = min(rows.map(\.brief.count).max() ?? 0, free * 6 / 11)
        let nameWidth = min(max(10, rows.map(\.experiment.count).max() ?? 0), free - max(7, verdictWidth))
        func line(_ date: String, _ name: String, _ verdict: String, _ warnings: String) -> String {
            let cells = [
                Self.fit(date, Self.dateWidth), Self.fit(name, nameWidth), Self.fit(verdict, max(7, verdictWidth)),
                String(repeating: " ", count: max(0, Self.warningsWidth - warnings.count)) + warnings,
            ]
            return cells.joined(separator: "  ") + "\n"
        }
        let body = rows.map { row in
            let date = row.began.map { String($0.dropLast().map { $0 == "T" ? " " : $0 }) } ?? ""
            return line(date, row.experiment, row.brief, row.warnings == 0 ? "" : "\(row.warnings)")
        }
        let name = rows.first.map {
            "The newest is `\($0.run)`: `latexp report` takes such names, a unique beginning, or `latest`."
        }
        return line("DATE (UTC)", "EXPERIMENT", "VERDICT", "WARN") + body.joined()
            + (name.map { TextWrap.lines($0, width: width).joined(separator: "\n") + "\n" } ?? "")
    }

    /// The text in exactly so many columns.
    private static func fit(_ text: String, _ width: Int) -> String {
        guard text.count > width else { return text + String(repeating: " ", count: width - text.count) }
        return text.prefix(max(0, width - 3)) + "..."
    }
}
