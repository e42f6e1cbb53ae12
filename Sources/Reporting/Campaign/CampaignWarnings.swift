import ExperimentModel
import LatencyStatistics

/// What the reader of a campaign's report should know.
enum CampaignWarnings {
    static func collect(_ analysis: CampaignAnalysis, _ record: CampaignRecord) -> [AnalysisWarning] {
        var warnings = record.warnings.map { AnalysisWarning(.noted, $0) }
        let lost = analysis.points.filter { $0.state == .missed || $0.state == .failed }
        if !lost.isEmpty {
            let times = lost.prefix(6).map { UTC.text($0.plannedSeconds) }.joined(separator: ", ")
            warnings.append(
                .init(
                    .runIncomplete,
                    "\(lost.count) of \(Format.plural(analysis.points.count, "slot")) missed or failed (\(times)"
                        + (lost.count > 6 ? ", …" : "") + "): what those times are like is not known"
                )
            )
        }
        let cut = analysis.points.filter { $0.state == .cutShort }
        if !cut.isEmpty {
            let counted = cut.count(where: \.isCounted)
            let numbers = cut.prefix(10).map { "\($0.slot)" }.joined(separator: ", ")
            let text =
                "\(Format.plural(cut.count, "slot was", "slots were")) cut short (\(numbers)): a slot counts if it measured "
                + "at least half of its time, as \(counted == cut.count ? "\(counted == 1 ? "it" : "all of them") did" : "\(counted) of them did")"
            warnings.append(.init(.runIncomplete, text))
        }
        let unusable = analysis.points.filter { $0.state == .done && !$0.isCounted }
        if !unusable.isEmpty {
            let numbers = unusable.prefix(10).map { "\($0.slot)" }.joined(separator: ", ")
            let text =
                "the figures of slots \(numbers) cannot be used and are not counted; the runs' own reports say why"
            warnings.append(.init(.runIncomplete, text))
        }
        if let runs = analysis.difference?.runs, (2...4).contains(runs), hasEnded(analysis) {
            let text = "only \(runs) runs: an interval over so few rests on their figures being normally distributed"
            warnings.append(.init(.fewRuns, text))
        }
        let toCome = analysis.count(.pending) + analysis.count(.running)
        if toCome > 0 {
            let text = "\(Format.plural(toCome, "slot")) still to come: this is what is known so far"
            warnings.append(.init(.runIncomplete, text))
        }
        if let correlation = analysis.difference?.neighbourCorrelation, let runs = analysis.difference?.runs, runs >= 8,
            correlation > 2 / Double(runs).squareRoot()
        {
            let text =
                "runs resemble the ones before them (correlation \(Format.fixed(correlation, 2))): the interval over runs "
                + "is wider for it, as far as these runs show it; the hour of the day is in it"
            warnings.append(.init(.longDependence, text))
        }
        let hours = Set(analysis.points.filter(\.isCounted).map { Int($0.hourOfDay) })
        if let first = analysis.points.first, let last = analysis.points.last, (1..<12).contains(hours.count),
            last.plannedSeconds - first.plannedSeconds < 43_200, !analysis.isLab
        {
            let text = "the runs are from \(Format.plural(hours.count, "hour")) of the day: other hours may differ"
            warnings.append(.init(.differentTimes, text))
        }
        return warnings
    }

    /// Whether no slot is to come any more.
    private static func hasEnded(_ analysis: CampaignAnalysis) -> Bool {
        analysis.count(.pending) + analysis.count(.running) == 0
    }
}
