import ExperimentModel
import Foundation
import Orchestration
import Reporting

/// Prints checklists in every format.
enum ChecklistText {
    /// The lines of a checklist with their verdicts.
    static func render(
        _ sequence: ValidationSequence,
        _ lines: [ValidationLine],
        format: OutputFormat,
        terminal: Terminal
    ) throws -> String {
        switch format {
        case .text:
            let text = PhaseText(usesUnicode: terminal.usesUnicode, usesColour: terminal.usesColour)
            let body = lines.map { "\($0.number). \(text.mark($0.outcome)) \($0.title): \($0.detail)\n" }.joined()
            return "\(sequence.rawValue): \(sequence.summary)\n" + body + summary(lines) + "\n"
        case .markdown:
            let body = lines.map { "| \($0.number) | \($0.title) | \($0.outcome.rawValue) | \(cell($0.detail)) |\n" }
            return "## \(sequence.rawValue)\n\n| | what | verdict | evidence |\n|---|---|---|---|\n" + body.joined()
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(lines), as: UTF8.self) + "\n"
        case .csv:
            let rows = lines.map { "\($0.number),\(quoted($0.title)),\($0.outcome.rawValue),\(quoted($0.detail))\r\n" }
            return "number,title,outcome,detail\r\n" + rows.joined()
        }
    }

    /// The names of all checklists.
    static func list(format: OutputFormat) throws -> String {
        let all = ValidationSequence.allCases
        let compare = ("compare", "two finished runs against each other: `latexp compare A B`")
        switch format {
        case .json:
            let values = JSONValue.array(
                all.map { .object(["name": .string($0.rawValue), "lines": .array($0.titles.map { .string($0) })]) }
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(values), as: UTF8.self) + "\n"
        case .csv:
            return "name,summary\r\n" + all.map { "\($0.rawValue),\(quoted($0.summary))\r\n" }.joined()
        case .text, .markdown:
            let blocks = all.map { sequence in
                "\(sequence.rawValue): \(sequence.summary)\n"
                    + sequence.titles.enumerated().map { "  \($0.offset + 1). \($0.element)\n" }.joined()
            }
            return blocks.joined() + "\(compare.0): \(compare.1)\n"
        }
    }

    private static func summary(_ lines: [ValidationLine]) -> String {
        let counts = Dictionary(grouping: lines, by: \.outcome).mapValues(\.count)
        let passed = counts[.passed] ?? 0
        let others = [(CheckRecord.Outcome.warning, "with a warning"), (.failed, "failed"), (.skipped, "not judged")]
            .compactMap { outcome, word in counts[outcome].map { "\($0) \(word)" } }
        return (["\(passed) of \(lines.count) passed"] + others).joined(separator: ", ")
    }

    /// A cell of a table in Markdown.
    static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
            .split(separator: "\n").joined(separator: " ")
    }

    /// A field as RFC 4180 has it.
    static func quoted(_ text: String) -> String {
        "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
