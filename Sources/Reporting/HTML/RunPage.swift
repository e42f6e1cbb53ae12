import ExperimentModel

/// The contents of a run's HTML report, the most wanted first.
struct RunPage {
    private let analysis: RunAnalysis
    private let figures: RunFigures
    private let document: RunDocument

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
        figures = RunFigures(analysis)
        document = RunDocument(analysis)
    }

    var body: String {
        // What the verdict says already need not be said once more under it.
        let notes = PlacedWarnings(analysis.besideVerdict)
        let shown = parts(notes).filter { !$0.contents.isEmpty }
        return """
            <header>
            <h1>\(Markup.escape(analysis.runID))</h1>
            <p class="facts">\(Markup.prose(document.subtitle))</p>
            \(PagePart.navigation(shown))
            </header>
            \(VerdictSection(analysis).html)
            \(notes.html)
            \(PagePart.html(shown))
            \(footer)
            """
    }

    /// All parts in their order, those without contents, too.
    private func parts(_ notes: PlacedWarnings) -> [PagePart] {
        let sides = SidesSection(analysis)
        let accounts = RunAccountSections(analysis)
        let ways = RunPathSections(analysis)
        let hosts = HostsSection(analysis)
        let difference = DifferenceSection(analysis)
        let differences = DifferenceFigures(figures)
        let distributions = DistributionFigures(figures).all.map(\.html)
        let sidesText = sides.html + "\n" + notes.html(.sides)
        return [
            PagePart(
                "sides",
                sides.title,
                short: "Side by side",
                sides.hasTimes
                    ? [Self.columns(sidesText, distributions.joined(separator: "\n"), isStacked: true)] : [sidesText]
            ),
            PagePart(
                "difference",
                "The same events on both paths",
                short: "Same events",
                [
                    difference.html,
                    Self.columns(
                        differences.distribution?.html ?? "",
                        [differences.quantiles?.html ?? "", difference.rates].joined(separator: "\n")
                    ),
                    // Without event times the distributions are of the difference.
                    sides.hasTimes
                        ? "" : Self.columns(distributions.first ?? "", distributions.dropFirst().first ?? ""),
                    notes.html(.difference),
                ]
            ),
            PagePart("truth", ways.truth.title, short: "Truth", Self.blocks(ways.truth)),
            PagePart("overtime", "Over time", [TimeFigure(figures).figure?.html ?? "", notes.html(.overTime)]),
            PagePart(
                "way",
                "Where the time goes",
                [BudgetFigure(figures).figure?.html ?? "", WaySection(analysis).html]
            ),
            PagePart(
                "lanes",
                "Lanes",
                [
                    Self.sideways([
                        LaneFigure(figures).figure?.html ?? "",
                        (Self.blocks(ways.lanes)
                            + (ways.noiseFloor.blocks.isEmpty
                                ? [] : ["<h3>\(Markup.escape(ways.noiseFloor.title))</h3>"])
                            + Self.blocks(ways.noiseFloor)).joined(separator: "\n"),
                    ])
                ]
            ),
            PagePart(
                "messages",
                accounts.conservation.title,
                short: "Messages",
                isNarrow: true,
                Self.blocks(accounts.conservation) + [notes.html(.messages)]
                    + (accounts.connections.blocks.isEmpty
                        ? []
                        : ["<h3>\(Markup.escape(accounts.connections.title))</h3>"] + Self.blocks(accounts.connections))
            ),
            PagePart(
                "clocks",
                accounts.clocks.title,
                short: "Clocks",
                isNarrow: true,
                Self.blocks(accounts.clocks)
            ),
            PagePart("hosts", "Environment", isNarrow: true, [hosts.html]),
            PagePart("phases", "Phases", isNarrow: true, [PhasesSection(analysis).html]),
            PagePart("method", "Method", Self.blocks(document.method)),
        ]
    }

    private var footer: String {
        let links = document.linkedFiles.map { "<a href=\"\(Markup.escape($0))\">\(Markup.escape($0))</a>" }
        return
            "<footer><p>latexp \(Markup.escape(analysis.version)). Beside this file: \(links.joined(separator: ", ")). "
            + "Each figure here stands in analysis.json under the name in its <code>data-json</code>.</p></footer>"
    }

    /// Two parts beside each other where there is room.
    ///
    /// - Parameter isStacked: on paper, the first part over the second, whose figures then stand beside each other.
    static func columns(_ first: String, _ second: String, isStacked: Bool = false) -> String {
        let second = second.trimmingPrefix("\n")
        guard !second.isEmpty, !first.isEmpty else { return first + second }
        return "<div class=\"pair\(isStacked ? " stacked" : "")\">\n<div>\(first)</div>\n<div>\(second)</div>\n</div>"
    }

    /// Parts under each other, and beside each other only where the screen is very wide.
    static func sideways(_ parts: [String]) -> String {
        let parts = parts.filter { !$0.isEmpty }
        guard parts.count > 1 else { return parts.joined() }
        return "<div class=\"sideways\">\n" + parts.map { "<div>\($0)</div>" }.joined(separator: "\n") + "\n</div>"
    }

    /// The blocks of the document that text and Markdown have, too.
    static func blocks(_ section: ReportDocument.Section, caption: String? = nil) -> [String] {
        section.blocks.map { block in
            switch block {
            case .paragraph(let text): Markup.paragraph(text)
            case .list(let items): Markup.list(items)
            case .table(let table): TableMarkup(table, caption: caption ?? section.title).html
            }
        }
    }
}
