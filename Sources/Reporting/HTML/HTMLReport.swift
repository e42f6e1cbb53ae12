/// A report as one self-contained file: no network, no scripts, light and dark, readable on a phone.
public enum HTMLReport {
    /// The report of one run, with its plots.
    public static func render(_ analysis: RunAnalysis) -> String {
        page(RunDocument(analysis).document, plots: Plots(analysis).figures)
    }

    /// The report of a comparison.
    public static func render(_ comparison: RunComparison) -> String {
        page(ComparisonDocument(comparison).document, plots: [])
    }

    private static func page(_ document: ReportDocument, plots: [String]) -> String {
        // The first section is the side-by-side table; the plots belong beside it, before the details.
        let sections = document.sections.filter { !$0.blocks.isEmpty }
        let parts = sections.prefix(1).map(section) + plots + sections.dropFirst().map(section)
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(escape(document.title))</title>
            <style>
            \(HTMLStyle.css)
            </style>
            </head>
            <body>
            <main>
            <header>
            <h1>\(escape(document.title))</h1>
            <p class="facts">\(escape(document.subtitle))</p>
            </header>
            \(verdict(document))
            \(parts.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private static func verdict(_ document: ReportDocument) -> String {
        let details = document.verdict.details.map { "<li>\(escape($0))</li>" }.joined(separator: "\n")
        return """
            <section class="verdict \(document.verdict.kind.rawValue)" aria-label="Verdict">
            <p class="label">Verdict</p>
            <p class="headline">\(escape(document.verdict.headline))</p>
            \(details.isEmpty ? "" : "<ul>\n\(details)\n</ul>")
            </section>
            """
    }

    private static func section(_ section: ReportDocument.Section) -> String {
        let isWarning = section.title == "Warnings"
        return "<section\(isWarning ? " class=\"warnings\"" : "")>\n<h2>\(escape(section.title))</h2>\n"
            + section.blocks.map(block).joined(separator: "\n") + "\n</section>"
    }

    private static func block(_ block: ReportDocument.Block) -> String {
        switch block {
        case .paragraph(let text): "<p>\(escape(text))</p>"
        case .list(let items): "<ul>\n" + items.map { "<li>\(escape($0))</li>" }.joined(separator: "\n") + "\n</ul>"
        case .table(let table): Self.table(table)
        }
    }

    private static func table(_ table: ReportDocument.Table) -> String {
        func alignment(_ column: Int) -> String { table.textColumns.contains(column) ? " class=\"text\"" : "" }
        let header = table.header.enumerated().map { "<th scope=\"col\"\(alignment($0))>\(escape($1))</th>" }
        let rows = table.rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == 0
                    ? "<th scope=\"row\">\(escape(cell))</th>" : "<td\(alignment(column))>\(escape(cell))</td>"
            }
            return "<tr>" + cells.joined() + "</tr>"
        }
        return "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>\(header.joined())</tr></thead>\n<tbody>\n"
            + rows.joined(separator: "\n") + "\n</tbody>\n</table>\n</div>"
    }

    /// Text that may hold anything, as HTML.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
