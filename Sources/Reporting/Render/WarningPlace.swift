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

    /// Where it belongs.
    var place: Place {
        guard !makesVerdictUnusable else { return .top }
        switch code {
        case .routeNotShown, .noEventTime, .onePath, .differentTimes, .lanesOnOneServer: return .sides
        case .tooFewSamples, .longDependence, .oneLane: return .difference
        case .transportWait, .retransmitted, .reconnected: return .overTime
        case .datagrams, .silentStream: return .messages
        default: return .top
        }
    }
}
