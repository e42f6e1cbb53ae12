import ExperimentModel

/// Takes absolute figures out of an analysis that a jump of a clock has made meaningless.
///
/// A delay between two clocks of which one jumped by more than its bound is two delays in one figure, and which of the
/// two is right is not known. Differences are taken on the receiver's monotonic clock, which does not jump, and stay.
enum ClockStepCheck {
    /// Why a metric is withheld; nil when no clock that it needs jumped by more than its bound.
    static func reason(_ bound: ErrorBound, _ hosts: [HostAnalysis]) -> String? {
        for host in hosts where bound.hosts.contains(host.name) {
            guard let step = host.clock.jumpBeyondBoundNs else { continue }
            return "withheld: the wall clock of \(host.name) jumped by \(Format.time(Double(step))) during the run"
        }
        return nil
    }

    /// Leaves out what needs a clock that jumped, and notes it.
    static func apply(to analysis: inout RunAnalysis) {
        var untimed: Set<String> = []
        for index in analysis.paths.indices {
            var path = analysis.paths[index]
            let reasons = path.metrics.compactMap { metric in
                reason(metric.bound, analysis.hosts).map { WithheldMetric(metric: metric.metric, reason: $0) }
            }
            guard !reasons.isEmpty else { continue }
            let names = Set(reasons.map(\.metric))
            path.withheld = reasons
            path.metrics.removeAll { names.contains($0.metric) }
            path.notes.removeAll { $0.hasPrefix("event time in") }
            path.notes += reasons.map { "\($0.metric.title) \($0.reason)" }
            for lane in path.lanes.indices {
                if names.contains(.endToEnd) { path.lanes[lane].endToEndNs = nil }
                if names.contains(.backbone) { path.lanes[lane].backboneNs = nil }
            }
            if names.contains(.endToEnd) { untimed.insert(path.name) }
            analysis.budgets.removeAll { $0.path == path.name }
            analysis.paths[index] = path
        }
        guard !untimed.isEmpty else { return }
        analysis.endToEndDifferencesNs = []
        for index in analysis.differences.indices { analysis.differences[index].firstOfBothNs = nil }
        for index in analysis.labTruth?.paths.indices ?? 0..<0 {
            analysis.labTruth?.paths[index].measuredNs = nil
            analysis.labTruth?.paths[index].errorMedianNs = nil
            analysis.labTruth?.paths[index].errorP99Ns = nil
        }
        analysis.plots.distributions.removeAll { untimed.contains($0.path) }
        analysis.plots.timeSeries.removeAll { untimed.contains($0.path) }
        if analysis.plots.timeSeries.isEmpty, let difference = analysis.plots.differenceOverTime {
            analysis.plots.subject = "difference"
            analysis.plots.timeSeries = [difference]
        }
    }
}
