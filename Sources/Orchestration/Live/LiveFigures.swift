import ExperimentModel

/// What a look at the agents shows, by path.
struct LiveFigures {
    /// One path's figures: sums and medians over its lanes.
    struct Path: Hashable {
        var name: String
        var lanes: Int
        /// The lanes whose connection brings events.
        var streaming: Int
        var ratePerSecond: Double
        var events: Int
        /// Medians over the lanes of recent events' quantiles, milliseconds; nil without event times.
        var p50Ms: Double?
        var p99Ms: Double?
        /// Events that are known to be missing.
        var missing: Int
        var reconnects: Int
        /// Connections that replaced another before its planned end.
        var replacements: Int
    }

    let view: LiveView
    let paths: [Path]

    init(_ view: LiveView) {
        self.view = view
        paths = view.paths.map { name in
            let lanes = (view.receiver?.lanes ?? []).filter { $0.path == name }
            func median(_ values: [Double]) -> Double? {
                values.isEmpty ? nil : values.sorted()[values.count / 2]
            }
            return Path(
                name: name,
                lanes: lanes.count,
                streaming: lanes.count { $0.state == .streaming },
                ratePerSecond: lanes.reduce(0) { $0 + $1.ratePerSecond },
                events: lanes.reduce(0) { $0 + $1.counts.arrived },
                p50Ms: median(lanes.compactMap(\.medianMs)),
                p99Ms: median(lanes.compactMap(\.p99Ms)),
                missing: lanes.reduce(0) { $0 + $1.counts.missing },
                reconnects: lanes.reduce(0) { $0 + $1.reconnections },
                replacements: lanes.reduce(0) { $0 + ($1.plannedReplacements ?? 0) }
            )
        }
    }
}
