import ExperimentModel
import Foundation
import Reporting

/// What several commands print: a list of equal things, in every format.
enum Rows {
    /// A table with the names of its columns, or the values as JSON; nil for text, which each command has its own of.
    static func render(
        _ columns: [String],
        _ rows: [[String]],
        json: some Encodable,
        format: OutputFormat
    ) throws -> String? {
        switch format {
        case .text: return nil
        case .json: return try Self.json(json)
        case .csv:
            let lines = [columns] + rows.map { $0.map(ChecklistText.quoted) }
            return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
        case .markdown:
            let lines = [columns, columns.map { _ in "---" }] + rows
            return lines.map { "| " + $0.map(ChecklistText.cell).joined(separator: " | ") + " |\n" }.joined()
        }
    }

    /// A value as JSON for people and programs.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
