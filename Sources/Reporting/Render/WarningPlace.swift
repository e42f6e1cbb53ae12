extension AnalysisWarning {
    /// Where a warning belongs in a report.
    enum Place {
        /// Right under the verdict: it may overturn how the figures are read.
        case top
        /// Beside the paths' figures.
        case sides
        /// Beside the paired difference.
        case difference
        /// Beside what happened over time.
        case overTime
        /// Beside the account of messages.
        case messages
    }

    /// Where it belongs; what is not at the top is a note.
    var place: Place {
        guard !makesVerdictUnusable else { return .top }
        switch code {
        case .routeNotShown, .noEventTime, .onePath, .differentTimes, .lanesOnOneServer: return .sides
        case .tooFewSamples, .longDependence, .oneLane: return .difference
        case .transportWait, .retransmitted: return .overTime
        case .datagrams, .silentStream: return .messages
        default: return .top
        }
    }
}

extension RunAnalysis {
    /// The warnings that the report shows as such: neither notes, nor what the verdict says already.
    public var warningsShown: [AnalysisWarning] { besideVerdict.filter { $0.place == .top } }

    /// What the report shows as notes beside its figures.
    var notes: [AnalysisWarning] { besideVerdict.filter { $0.place != .top } }

    /// All but what the verdict's headline says in the same words.
    var besideVerdict: [AnalysisWarning] { warnings.filter { !verdict.headline.hasSuffix($0.text) } }

    /// How many events the path should have brought inside the window, as the path shows that it is compared with; nil
    /// when it is compared with none.
    func neverCame(on path: String) -> Int? {
        differences.first { $0.other == path }?.unmatchedBaseline.missing
            ?? differences.first { $0.baseline == path }?.unmatchedOther.missing
    }
}
