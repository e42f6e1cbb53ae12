import ExperimentModel
import LatencyStatistics

/// A campaign's report as one self-contained file: no network, no scripts, light and dark.
public enum CampaignHTML {
    /// The page.
    public static func render(_ analysis: CampaignAnalysis) -> String {
        let document = CampaignDocument(analysis).document
        let sections = document.sections.filter { !$0.blocks.isEmpty }
        let plots = CampaignPlots(analysis).figures
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
            \(style)
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

    private static func escape(_ text: String) -> String { Markup.escape(text) }

    private static func verdict(_ document: ReportDocument) -> String {
        let details = document.verdict.details.map { "<li>\(escape($0))</li>" }.joined(separator: "\n")
        return """
            <section class="verdict \(document.verdict.kind.rawValue)" aria-label="Verdict">
            <p class="label">Verdict over runs</p>
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
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">\n<table>\n<thead><tr>"
            + "\(header.joined())</tr></thead>\n<tbody>\n\(rows.joined(separator: "\n"))\n</tbody>\n</table>\n</div>"
    }

    /// What the plots of a campaign need beside the report's own style.
    private static let style = """
        :root { --c0: #1860a8; --c1: #b4540a; --c2: #1a7440; --c3: #7a3e9d; --cmiss: #b3261e; --cline: #e2e4e7; --cink: #5d646d; }
        @media (prefers-color-scheme: dark) {
          :root { --c0: #6fb2f2; --c1: #f0a35c; --c2: #5cc98a; --c3: #c79be8; --cmiss: #f28b82; --cline: #31373d; --cink: #9aa3ad; }
        }
        .c-wide, .c-narrow { width: 100%; height: auto; }
        .c-wide { display: block; }
        .c-narrow { display: none; }
        @media (max-width: 560px) { .c-wide { display: none; } .c-narrow { display: block; } }
        .c-wide text, .c-narrow text { fill: var(--cink); font-size: 12px; }
        .c-grid { stroke: var(--cline); stroke-width: 1; }
        .c-zero { stroke: var(--cink); stroke-width: 1; stroke-dasharray: 3 3; }
        .c-line { stroke-width: 1.5; stroke-dasharray: 7 4; opacity: 0.7; }
        .c-whisker { stroke-width: 1.5; }
        .c-gap { stroke: var(--cmiss); stroke-width: 2; }
        .c-wide .c-gaptext, .c-narrow .c-gaptext { fill: var(--cmiss); font-weight: 700; }
        line.c0 { stroke: var(--c0); } line.c1 { stroke: var(--c1); } line.c2 { stroke: var(--c2); } line.c3 { stroke: var(--c3); }
        circle.c0 { fill: var(--c0); } circle.c1 { fill: var(--c1); } circle.c2 { fill: var(--c2); } circle.c3 { fill: var(--c3); }
        """
}
