import LatencyStatistics

/// The contents of a comparison's HTML report.
struct ComparisonPage {
    private let comparison: RunComparison
    private let document: ReportDocument

    init(_ comparison: RunComparison) {
        self.comparison = comparison
        document = ComparisonDocument(comparison).document
    }

    var body: String {
        let verdict = comparison.verdict
        let paths = comparison.paths.enumerated().map { index, pair in
            Markup.section(
                "path-\(index)",
                Self.title(pair),
                (comparison.paths.count > 1 ? [Markup.paragraph("Verdict: \(pair.verdict.headline).")] : [])
                    + metrics(index, pair)
            )
        }
        let method = document.sections.last { $0.title == "Method" }
        return """
            <header>
            <h1>Comparison of runs</h1>
            <p class="facts">\(Markup.prose(document.subtitle))</p>
            </header>
            <section class="verdict \(verdict.kind.rawValue)" id="verdict" aria-labelledby="verdict-title">
            <p class="kicker">\(VerdictSection.kicker(verdict.kind))</p>
            <h2 id="verdict-title">\(Markup.prose(verdict.headline))</h2>
            \(gauge)
            \(Markup.list(verdict.details))
            </section>
            \(Markup.warnings(comparison.warnings.map(Markup.warning)))
            \(paths.joined(separator: "\n"))
            \(Markup.section("method", "Method", method.map { RunPage.blocks($0) } ?? []))
            """
    }

    private var gauge: String {
        // Of several pairs one balance would be taken for the answer.
        guard comparison.paths.count == 1, let pair = comparison.paths.first,
            let median = pair.figures.first(where: { $0.metric == .endToEnd && $0.a.probability == 0.5 })?.difference
        else { return "" }
        return Gauge(
            interval: median,
            left: "B sooner",
            right: "A sooner",
            floor: pair.clockNs.map { -$0...$0 },
            floorName: "what the clocks may add"
        ).html
    }

    static func title(_ pair: ComparedPaths) -> String {
        pair.pathA == pair.pathB ? pair.pathA : "\(pair.pathA) (A) and \(pair.pathB) (B)"
    }

    private func metrics(_ index: Int, _ pair: ComparedPaths) -> [String] {
        let losses = ComparisonDocument.losses(pair)
        return pair.summaries.enumerated().flatMap { number, summary -> [String] in
            let name = summary.metric.title.prefix(1).uppercased() + summary.metric.title.dropFirst()
            return [
                "<h3>\(Markup.escape(name))</h3>",
                RunPage.columns(
                    table(index, number, pair, summary),
                    forest(index, pair, summary.metric).html,
                    isStacked: true
                ),
            ]
        } + (losses.isEmpty ? [] : [Markup.paragraph(losses + ".")])
    }

    private func figures(_ pair: ComparedPaths, _ metric: Metric) -> [(index: Int, figure: ComparedFigure)] {
        pair.figures.enumerated().filter { $0.element.metric == metric }.map { ($0.offset, $0.element) }
    }

    private func table(_ index: Int, _ number: Int, _ pair: ComparedPaths, _ summary: ComparedSummary) -> String {
        func cell(_ interval: QuantileInterval, _ pointer: String, isSigned: Bool) -> TableMarkup.Cell {
            let value = isSigned ? Format.signedMilliseconds(interval.value) : Format.milliseconds(interval.value)
            let shown =
                isSigned && !interval.excludesZero
                ? "<abbr title=\"no difference shown\">~</abbr>" : Markup.figure(value, pointer + "/value")
            return .init(html: shown + "<small>\(IntervalMarkup.html(interval, pointer, isSigned: isSigned))</small>")
        }
        let quantiles = figures(pair, summary.metric).map { place, figure -> [TableMarkup.Cell] in
            let pointer = "/paths/\(index)/figures/\(place)"
            return [
                .text(figure.name), cell(figure.a, pointer + "/a", isSigned: false),
                cell(figure.b, pointer + "/b", isSigned: false),
                cell(figure.difference, pointer + "/difference", isSigned: true),
            ]
        }
        let plain: [(String, String, (Summary) -> Double?)] = [
            ("mean", "mean", { $0.mean }), ("min", "minimum", { $0.minimum }), ("max", "maximum", { $0.maximum }),
            ("std dev", "standardDeviation", { $0.standardDeviation }),
        ]
        let pointer = "/paths/\(index)/summaries/\(number)"
        let rows = plain.map { name, key, value -> [TableMarkup.Cell] in
            [
                .text(name),
                .figure(Format.milliseconds(value(summary.a)), value(summary.a).map { _ in "\(pointer)/a/\(key)" }),
                .figure(Format.milliseconds(value(summary.b)), value(summary.b).map { _ in "\(pointer)/b/\(key)" }),
                .init(html: ""),
            ]
        }
        let counts: [TableMarkup.Cell] = [
            .text("samples"), .figure(Format.count(summary.a.count), pointer + "/a/count"),
            .figure(Format.count(summary.b.count), pointer + "/b/count"), .init(html: ""),
        ]
        let clock =
            summary.clockNs.map { "<small>clocks \u{B1}\(Format.milliseconds($0)) ms</small>" }
            ?? "<small>clocks unknown</small>"
        return TableMarkup(
            caption: "\(summary.metric.title), ms",
            header: [
                .text(""), .init(html: "<span class=\"t0\">A</span><small>\(Markup.escape(pair.pathA))</small>"),
                .init(html: "<span class=\"t1\">B</span><small>\(Markup.escape(pair.pathB))</small>"),
                .init(html: "B \u{2212} A" + clock),
            ],
            rows: [counts] + quantiles + rows
        ).html.replacingFirst("<table>", with: "<table class=\"sides\">")
    }

    private func forest(_ index: Int, _ pair: ComparedPaths, _ metric: Metric) -> Figure {
        let clockNs = pair.summaries.first { $0.metric == metric }?.clockNs
        return ForestFigure(
            id: "differences-\(index)-\(metric.rawValue)",
            title: "Difference by quantile, \(metric.title)",
            caption: "B - A with 95 % intervals; left of the line at zero B is sooner."
                + (clockNs == nil ? "" : " Shaded: what the clocks of both sides may add."),
            names: ["B - A"],
            series: [RunFigures.differenceSeries],
            rows: figures(pair, metric).map { place, figure in
                ForestRow(
                    name: figure.name,
                    intervals: [figure.difference],
                    pointers: ["/paths/\(index)/figures/\(place)/difference"]
                )
            },
            bandNs: clockNs
        ).figure
    }
}
