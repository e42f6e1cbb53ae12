import ExperimentModel
import LatencyStatistics

/// A campaign's report as one self-contained file, of the same make as a run's.
public enum CampaignHTML {
    /// The page.
    public static func render(_ analysis: CampaignAnalysis) -> String {
        let document = CampaignDocument(analysis).document
        let sections = document.sections.filter { !$0.blocks.isEmpty }
        let plots = CampaignPlots(analysis).figures
        // The figures stand after the first table, which only warnings precede.
        let first = sections.prefix { $0.title == "Warnings" }.count + 1
        let parts = sections.prefix(first).map(section) + plots + sections.dropFirst(first).map(section)
        let verdict = document.verdict
        let body = """
            <header>
            <h1>\(Markup.escape(document.title))</h1>
            <p class="facts">\(Markup.prose(document.subtitle))</p>
            </header>
            <section class="verdict \(verdict.kind.rawValue)" id="verdict" aria-labelledby="verdict-title">
            <p class="kicker">Verdict over runs</p>
            <h2 id="verdict-title">\(Markup.prose(verdict.headline))</h2>
            \(Markup.list(verdict.details))
            </section>
            \(parts.joined(separator: "\n"))
            """
        return HTMLPage(title: document.title, style: style, body: body).html
    }

    private static func section(_ section: ReportDocument.Section) -> String {
        let blocks = RunPage.blocks(section).joined(separator: "\n")
        let isWarning = section.title == "Warnings"
        return
            "<section\(isWarning ? " class=\"warnings\"" : "")>\n<h2>\(Markup.escape(section.title))</h2>\n\(blocks)\n</section>"
    }

    /// What the plots of a campaign need beside the report's own style.
    private static let style = """
        .c-grid { stroke: var(--line); stroke-width: 1; }
        .c-zero { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; }
        .c-line { stroke-width: 1.5; stroke-dasharray: 7 4; opacity: 0.7; }
        .c-whisker { stroke-width: 1.5; }
        .c-gap { stroke: var(--bad); stroke-width: 2; }
        svg text.c-gaptext { fill: var(--bad); font-weight: 700; }
        line.c0 { stroke: var(--c0); } line.c1 { stroke: var(--c1); } line.c2 { stroke: var(--c2); } line.c3 { stroke: var(--c3); }
        """
}
