/// A report for a terminal of 80 columns, without colour.
enum TextReport {
    static let width = 80

    static func render(_ document: ReportDocument) -> String {
        var lines = wrap(document.title) + wrap(document.subtitle) + [""]
        lines += wrap(document.verdict.headline, first: "VERDICT  ")
        lines += document.verdict.details.flatMap { wrap($0, first: "         ") }
        for section in document.sections where !section.blocks.isEmpty {
            lines += ["", section.title.uppercased()]
            for block in section.blocks { lines += render(block) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func render(_ block: ReportDocument.Block) -> [String] {
        switch block {
        case .paragraph(let text): wrap(text, first: "  ")
        case .list(let items): items.flatMap { wrap($0, first: "  - ") }
        case .table(let table): render(table)
        }
    }

    /// The table with aligned columns; one record a row when it does not fit.
    private static func render(_ table: ReportDocument.Table) -> [String] {
        let all = [table.header] + table.rows
        let columns = table.header.indices
        let widths = columns.map { column in all.map { $0[column].count }.max() ?? 0 }
        guard 2 + widths.reduce(0, +) + 2 * (widths.count - 1) <= width else { return records(table) }
        return all.map { row in
            let cells = columns.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return table.textColumns.contains(column) ? row[column] + padding : padding + row[column]
            }
            return trimmed("  " + cells.joined(separator: "  "))
        }
    }

    private static func records(_ table: ReportDocument.Table) -> [String] {
        table.rows.flatMap { row in
            let cells = table.header.indices.dropFirst().filter { !row[$0].isEmpty }.map {
                table.header[$0] + " " + row[$0]
            }
            return wrap(row[0] + ": " + cells.joined(separator: ", "), first: "  ")
        }
    }

    private static func wrap(_ text: String, first: String = "") -> [String] {
        TextWrap.lines(text, width: width, first: first)
    }

    private static func trimmed(_ line: String) -> String {
        var line = Substring(line)
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
