/// A report in GitHub's Markdown.
enum MarkdownReport {
    static func render(_ document: ReportDocument) -> String {
        var parts = ["# " + escape(document.title), escape(document.subtitle)]
        parts.append("> **Verdict:** " + escape(document.verdict.headline))
        if !document.verdict.details.isEmpty {
            parts.append(document.verdict.details.map { "- " + escape($0) }.joined(separator: "\n"))
        }
        let first = document.firstLook ?? document.sections.count
        parts += document.sections.prefix(first).flatMap(render)
        let rest = document.sections.dropFirst(first).flatMap(render)
        if !rest.isEmpty {
            // GitHub folds this away; elsewhere it is read on.
            let titles = document.sections.dropFirst(first).filter { !$0.blocks.isEmpty }.map(\.title)
            parts +=
                ["<details>\n<summary>\(Markup.escape(titles.joined(separator: ", ")))</summary>"] + rest + [
                    "</details>"
                ]
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func render(_ section: ReportDocument.Section) -> [String] {
        section.blocks.isEmpty ? [] : ["## " + escape(section.title)] + section.blocks.map(render)
    }

    private static func render(_ block: ReportDocument.Block) -> String {
        switch block {
        case .paragraph(let text): escape(text)
        case .list(let items): items.map { "- " + escape($0) }.joined(separator: "\n")
        case .table(let table): render(table)
        }
    }

    private static func render(_ table: ReportDocument.Table) -> String {
        let rule = table.header.indices.map { table.textColumns.contains($0) ? ":--" : "--:" }
        let lines = [table.header.map(escape), rule] + table.rows.map { $0.map(escape) }
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    /// Keeps text that came from elsewhere from being read as Markdown or HTML; code spans of ours stay.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\", "|", "*", "_", "<", "[", "]", "#", "~": escaped += "\\" + String(character)
            case "\n", "\r", "\r\n": escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
