import ExperimentModel

/// One path as an agent by hand measured it: its results, and what a person is told of them.
struct MeasuredPath {
    let path: AgentPath
    let samples: PathSamples
    let counts: SampleCounts
    private(set) var results: PathResults
    private var notes: [String] = []

    /// The results of one path of a run.
    init(_ path: AgentPath, _ samples: PathSamples, _ summary: AgentSummary, clock: ByHandClock, isEnded: Bool) throws {
        self.path = path
        self.samples = samples
        let lanes = Array(summary.lanes[samples.lanes])
        counts = try samples.count(belowNs: -Int64((clock.boundMs ?? 0) * 1e6))
        let gaps = Self.gaps(path, lanes, samples.ownWindow)
        var figures = ByHandFigures()
        figures.take(summary, isEnded: isEnded)
        figures.take(samples.ownWindow)
        figures.distinctEvents = counts.distinct
        figures.delaysBelowZero = counts.belowZero
        figures.reconnections = gaps.count
        figures.secondsWithoutConnection = Double(gaps.ns) / 1e9
        figures.eventsLeftOut = samples.leftOut
        figures.clock = clock
        if path.kind == .relay {
            let totals = lanes.map(\.senderTotals)
            figures.eventsWaited = counts.waited
            figures.sendToArrival = try samples.figures(\.sendToArrivalNs)
            figures.invalidCount = Self.sum(totals.map { $0?.invalid })
            figures.feedReconnections = Self.sum(totals.map { $0?.feedLosses })
        } else {
            figures.invalidCount = lanes.reduce(0) { $0 + $1.counts.invalidTotal }
        }
        // Nobody numbers the exchange's events: what it sent while nobody listened is not to be known.
        let isLossKnown = path.kind == .relay || gaps.count == 0 && isEnded
        results = PathResults(
            setupType: path.kind.setupType,
            path: path.name,
            sampleCount: counts.samples,
            eventsLost: isLossKnown ? lanes.reduce(0) { $0 + $1.missingOfAllForwarders } : nil,
            endToEnd: try samples.figures(\.endToEndNs),
            backbone: try samples.figures(\.backboneNs),
            hostDelay: try samples.figures(\.hostDelayNs)
        )
        if counts.samples > 0 { results.receiveTimeSource = counts.receiveTimes.source }
        notes =
            ByHandNotes(
                path: path,
                results: results,
                figures: figures,
                summary: summary,
                lanes: lanes,
                samples: samples
            ).all
        results.byHand = figures
        results.note = joinedNotes
    }

    /// All of them; nil when one of them is not known.
    private static func sum(_ values: [Int?]) -> Int? {
        values.contains(nil) ? nil : values.compactMap { $0 }.reduce(0, +)
    }

    private static func gaps(_ path: AgentPath, _ lanes: [LaneSummary], _ window: MeasuredWindow?) -> ConnectionGaps {
        guard let window else { return ConnectionGaps() }
        let purpose = path.kind == .direct ? "feed" : "relay"
        return lanes.map { ConnectionGaps($0.connections, purpose: purpose, in: window) }.reduce(ConnectionGaps(), +)
    }

    private var joinedNotes: String? { notes.isEmpty ? nil : notes.joined(separator: "; ") }

    /// Adds what concerns more than one path.
    mutating func add(_ note: String) {
        notes.append(note)
        results.note = joinedNotes
    }

    // MARK: For a person

    /// What was measured, in one line.
    var line: String {
        func text(_ name: String, _ value: Double?) -> String {
            value.map { ", \(name) \(ByHandText.milliseconds($0))" } ?? ""
        }
        let distinct = results.byHand?.distinctEvents ?? 0
        let events =
            path.lanes == 1 ? "\(results.sampleCount) events" : "\(distinct) events in \(results.sampleCount) samples"
        return "\(path.name): \(events), \(results.eventsLost.map(String.init) ?? "an unknown number") lost"
            + text("median", results.medianLatencyMs) + text("p95", results.p95LatencyMs)
            + text("p99", results.p99LatencyMs) + text("backbone median", results.backboneMedianLatencyMs)
            + text("send to arrival median", results.byHand?.sendToArrival.medianMs)
            + text("host's own delay p99", results.hostDelayP99Ms)
            + (results.receiveTimeSource.map { $0 == "kernel" ? "" : ", receive times: \($0)" } ?? "")
    }

    /// The window, and what must be known beside.
    var details: [String] {
        var lines: [String] = []
        if let figures = results.byHand, let seconds = figures.measuredSeconds, let start = figures.windowStart,
            let end = figures.windowEnd
        {
            lines.append(
                "\(path.name): measured \(ByHandText.seconds(seconds)) of \(ByHandText.seconds(figures.plannedSeconds)), "
                    + "from \(start) to \(end)"
            )
        }
        return lines + notes.map { "\(path.name): note: \($0)" }
    }
}

extension LaneSummary {
    /// Missing sequence ids, also of forwarders before one that was started anew.
    fileprivate var missingOfAllForwarders: Int {
        let (sum, overflow) = counts.missing.addingReportingOverflow(earlier?.missing ?? 0)
        return overflow ? .max : sum
    }
}

extension ByHandFigures {
    fileprivate mutating func take(_ summary: AgentSummary, isEnded: Bool) {
        self.isEnded = isEnded
        samplesNotWritten = summary.samplesNotWritten
        stoppedBy = summary.stoppedBy
        plannedSeconds = summary.plan.duration.seconds
        forwardersRefused = summary.strangers[AgentError.Code.occupied.rawValue] ?? 0
    }

    fileprivate mutating func take(_ window: MeasuredWindow?) {
        guard let window else { return }
        measuredSeconds = Double(window.end.monotonicNs - window.start.monotonicNs) / 1e9
        windowStart = UTC.text(wallNs: window.start.wallNs)
        windowEnd = UTC.text(wallNs: window.end.wallNs)
    }
}
