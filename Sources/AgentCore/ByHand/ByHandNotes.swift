import ExperimentModel

/// What must be known to read the results of a path rightly, in words: `note`, and lines for a person.
struct ByHandNotes {
    /// Delays that differ by less between two paths' spans are none.
    private static let spanToleranceSeconds = 1.0

    let path: AgentPath
    let results: PathResults
    let figures: ByHandFigures
    let summary: AgentSummary
    let lanes: [LaneSummary]
    let samples: PathSamples

    /// Each a sentence's worth, the most harmful first.
    var all: [String] {
        var notes: [String] = []
        if results.sampleCount == 0 {
            notes.append(lanes.compactMap(\.counts.unusableText).first ?? "no event came")
        } else if results.medianLatencyMs == nil {
            notes.append("no event time in this stream")
        }
        notes += course + waits + gaps
        if results.sampleCount > 0 { notes += clock }
        let invalid = lanes.reduce(into: LaneCounts()) { $0.invalid.merge($1.counts.invalid, uniquingKeysWith: +) }
        if invalid.invalidTotal > 0, results.sampleCount > 0 {
            notes.append("\(invalid.invalidTotal) messages could not be used (\(invalid.invalidText))")
        }
        return notes
    }

    /// How the run went.
    private var course: [String] {
        var notes: [String] = []
        if let text = summary.notWrittenText { notes.append(text) }
        if !figures.isEnded {
            notes.append("the run did not end: it was killed, or its host went down; counts are of its last second")
        }
        if let signal = figures.stoppedBy {
            let measured = figures.measuredSeconds.map { ByHandText.seconds($0) } ?? "nothing"
            notes.append(
                "stopped by \(signal): \(measured) of the planned \(ByHandText.seconds(figures.plannedSeconds)) measured"
            )
        }
        if figures.forwardersRefused > 0 {
            notes.append("another forwarder was refused \(ByHandText.times(figures.forwardersRefused))")
        }
        return notes
    }

    private var waits: [String] {
        var notes: [String] = []
        if samples.allWaited {
            notes.append("every event had waited in the forwarder's buffer: no figure here is of the way alone")
        } else if figures.eventsLeftOut > 0 {
            notes.append(
                "left out at the start: \(ByHandText.events(figures.eventsLeftOut)) that had waited in the forwarder until "
                    + "the relay stood, or came behind such"
            )
        }
        if let waited = figures.eventsWaited, waited > 0 {
            notes.append(
                "\(ByHandText.events(waited)) had waited more than 10 ms in the forwarder's buffer; send_to_arrival is without that"
            )
        }
        return notes
    }

    private var gaps: [String] {
        var notes: [String] = []
        if figures.reconnections > 0 {
            let what = path.kind == .direct ? "the connection to the exchange" : "the relay's connection"
            notes.append(
                "\(what) was lost \(ByHandText.times(figures.reconnections)), for "
                    + "\(ByHandText.seconds(figures.secondsWithoutConnection)) in all"
                    + (path.kind == .direct ? ": how many events were missed is unknown" : "")
            )
        }
        if lanes.contains(where: { $0.earlier != nil }) {
            notes.append(
                "the forwarder was started anew: what the one before had taken and not handed over is in no count"
            )
        }
        if let losses = figures.feedReconnections, losses > 0 {
            notes.append(
                "the forwarder lost its connection to the exchange \(ByHandText.times(losses)): what was sent meanwhile "
                    + "is in no count"
            )
        }
        return notes
    }

    private var clock: [String] {
        var notes: [String] = []
        if let failure = figures.clock.failure {
            notes.append("this host's clock is not known to be right: \(failure)")
        }
        if figures.delaysBelowZero > 0 {
            let beyond = figures.clock.boundMs.map {
                " by more than the clock's bound of \(ByHandText.milliseconds($0))"
            }
            notes.append(
                "\(figures.delaysBelowZero) end-to-end latencies are below zero\(beyond ?? ""): a clock is wrong, here "
                    + "or at the exchange"
            )
        }
        return notes
    }

    /// What to say when paths that were measured at once do not cover the same time; nil when they do.
    static func spans(_ figures: [(path: String, first: Int64?, last: Int64?)]) -> String? {
        let known = figures.compactMap { figure in
            figure.first.flatMap { first in figure.last.map { (figure.path, Double(first) / 1e9, Double($0) / 1e9) } }
        }
        guard known.count > 1, let first = known.first else { return nil }
        let differs = known.contains {
            abs($0.1 - first.1) > spanToleranceSeconds || abs($0.2 - first.2) > spanToleranceSeconds
        }
        guard differs else { return nil }
        let begin = known.map(\.1).min() ?? 0
        let spans = known.map {
            "\($0.0) from \(ByHandText.seconds($0.1 - begin)) to \(ByHandText.seconds($0.2 - begin))"
        }
        return "the paths' events cover different times: \(spans.joined(separator: ", "))"
    }
}

/// Numbers in words.
enum ByHandText {
    static func seconds(_ value: Double) -> String { "\((value * 10).rounded() / 10) s" }
    static func milliseconds(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000) ms" }
    static func events(_ count: Int) -> String { count == 1 ? "1 event" : "\(count) events" }
    static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
}

extension AgentSummary {
    /// What to say of samples that are not on the disk; nil when all are.
    var notWrittenText: String? {
        guard samplesNotWritten > 0 else {
            return recordingFailure.map { "not all could be recorded: \($0.reason)" }
        }
        let why = recordingFailure.map { ": \($0.reason)" } ?? ": the disk was too slow"
        return
            "\(samplesNotWritten) of \(samplesNotWritten + sampleCount) samples could not be written, and the results "
            + "are without them\(why)"
    }
}
