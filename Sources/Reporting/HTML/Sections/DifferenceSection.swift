import LatencyStatistics

/// The paired difference in figures.
struct DifferenceSection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    /// Each pair of paths: quantiles of Δ, and the facts.
    var html: String {
        analysis.differences.enumerated().map { index, difference in
            let lead = Markup.paragraph(RunPathSections.explain(difference))
            let quantiles = difference.quantilesNs.enumerated().map { number, quantile -> [TableMarkup.Cell] in
                let pointer = "/differences/\(index)/quantilesNs/\(number)"
                return [
                    .text(QuantileName.of(quantile.probability)),
                    .figure(Format.signedMilliseconds(quantile.value), pointer + "/value"),
                    IntervalMarkup.cell(quantile, pointer),
                ]
            }
            let summary = difference.summaryNs
            let extremes = [("min", "minimum", summary.minimum), ("max", "maximum", summary.maximum)].map {
                name,
                key,
                value in
                [
                    TableMarkup.Cell.text(name),
                    .figure(Format.signedMilliseconds(value), "/differences/\(index)/summaryNs/\(key)"),
                    .init(html: ""),
                ]
            }
            let table = TableMarkup(
                caption: "Δ = \(difference.other) - \(difference.baseline), ms",
                header: [.text("Δ, ms"), .init(html: ""), .init(html: "95 % interval")],
                rows: quantiles + extremes
            )
            return lead + "\n<div class=\"pair\"><div>" + table.html + "</div><div>"
                + Markup.list(RunPathSections.facts(difference)) + "</div></div>"
        }
        .joined(separator: "\n")
    }

    /// Δ by how busy the market was.
    var rates: String {
        guard let difference = analysis.differences.first, let blocks = RunPathSections.deciles(difference) else {
            return ""
        }
        let section = ReportDocument.Section(title: "Δ by how busy the market was", blocks: blocks)
        return "<h3>\(Markup.escape(section.title))</h3>\n" + RunPage.blocks(section).joined(separator: "\n")
    }
}
