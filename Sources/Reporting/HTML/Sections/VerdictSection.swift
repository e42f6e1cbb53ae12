import ExperimentModel
import LatencyStatistics

/// The answer, its interval, and the handful of figures behind it.
struct VerdictSection {
    let analysis: RunAnalysis

    init(_ analysis: RunAnalysis) {
        self.analysis = analysis
    }

    var html: String {
        let verdict = analysis.verdict
        return """
            <section class="verdict \(verdict.kind.rawValue)" id="verdict" aria-labelledby="verdict-title">
            <p class="kicker">\(Self.kicker(verdict.kind))</p>
            <h2 id="verdict-title">\(Markup.prose(verdict.headline))</h2>
            \(gauge)
            \(Tile.html(tiles))
            \(Markup.list(verdict.details))
            </section>
            """
    }

    static func kicker(_ kind: Verdict.Kind) -> String {
        switch kind {
        case .sooner: "Verdict"
        case .noDifferenceShown, .pathsDiffer: "Verdict"
        case .cannotSay: "No verdict"
        case .onePath: "One path"
        }
    }

    /// The difference on a balance: zero in the middle, and about it what these lanes and this time could hardly show.
    private var gauge: String {
        if analysis.mode == .sequential { return sequentialGauge }
        guard let difference = analysis.differences.first, let median = difference.median else { return "" }
        return Gauge(
            interval: median,
            left: "\(difference.other) sooner",
            right: "\(difference.baseline) sooner",
            floor: median.leastDetectable.map { -$0...$0 },
            floorName: "too small to be found here nine times in ten"
        ).html
    }

    /// Of paths measured one after the other: the difference of their medians, and what the receiver's clock may have
    /// moved between them.
    private var sequentialGauge: String {
        guard let names = analysis.comparedNames, let median = sequentialMedian?.interval else { return "" }
        return Gauge(
            interval: median,
            left: "\(names.other) sooner",
            right: "\(names.baseline) sooner",
            floor: analysis.clockBetweenBlocksNs(names.baseline).map { -$0...$0 },
            floorName: "what the clock may have moved between blocks"
        ).html
    }

    private var sequentialMedian: (index: Int, interval: QuantileInterval)? {
        guard analysis.mode == .sequential else { return nil }
        return analysis.endToEndDifferencesNs.firstIndex { $0.probability == 0.5 }
            .map { ($0, analysis.endToEndDifferencesNs[$0]) }
    }

    private var tiles: [Tile] {
        var tiles: [Tile] = []
        if let (index, median) = sequentialMedian {
            let pointer = "/endToEndDifferencesNs/\(index)"
            tiles.append(
                Tile(
                    name: "difference at the median",
                    value: Markup.figure(Format.signedMilliseconds(median.value), pointer + "/value") + " ms",
                    detail: IntervalMarkup.html(median, pointer)
                )
            )
        }
        if let difference = analysis.differences.first, let median = difference.median {
            let sides =
                median.value < 0 ? (difference.other, difference.baseline) : (difference.baseline, difference.other)
            tiles.append(
                Tile(
                    name: "Δ at the median",
                    value: Markup.figure(Format.signedMilliseconds(median.value), "/differences/0/quantilesNs/0/value")
                        + " ms",
                    detail: (median.cause == .dependence
                        ? "the interval is withheld, not the figure"
                        : IntervalMarkup.html(median, "/differences/0/quantilesNs/0"))
                        + Markup.escape(median.excludesZero ? "; \(sides.0) sooner" : "")
                )
            )
            tiles.append(
                Tile(
                    name: "first on \(difference.other)",
                    value: Markup.escape(
                        Format.percents(difference.otherFirst, difference.baselineFirst, of: difference.pairs).0
                    ),
                    detail: "of " + Markup.figure(Format.count(difference.pairs), "/differences/0/pairs")
                        + " events on both"
                )
            )
        }
        if let index = analysis.endToEndDifferencesNs.firstIndex(where: { $0.probability == 0.99 }) {
            let tail = analysis.endToEndDifferencesNs[index]
            let isKnown = tail.excludesZero
            tiles.append(
                Tile(
                    name: "difference at p99",
                    value: isKnown
                        ? Markup.figure(Format.signedMilliseconds(tail.value), "/endToEndDifferencesNs/\(index)/value")
                            + " ms"
                        : "~",
                    detail: (isKnown ? "" : "no difference shown: ")
                        + IntervalMarkup.html(tail, "/endToEndDifferencesNs/\(index)")
                )
            )
        }
        if let bound = analysis.paths.lazy.compactMap({ $0.metric(.endToEnd)?.bound }).first {
            tiles.append(
                Tile(
                    name: "clock bound of absolute figures",
                    value: bound.clockNs.map { "\u{B1}" + Markup.escape(Format.milliseconds($0)) + " ms" } ?? "unknown",
                    detail: !bound.isVerified
                        ? "<span class=\"flaw\">clock not verified</span>"
                        : analysis.differences.isEmpty ? "" : "no part of Δ, which is on one clock"
                )
            )
        }
        return tiles
    }
}
