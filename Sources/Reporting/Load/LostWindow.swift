import ExperimentModel
import Foundation

/// Finds the measured window of a receiver that ended without its summary, as a killed one does: in its last status, or
/// else in its log.
struct LostWindow {
    /// The window, which ends with the last sign of life.
    var window: MeasuredWindow
    /// The whole of it as planned, nanoseconds.
    var plannedNs: Int64

    /// The window by what the receiver left in its folder; nil when nothing says when it began.
    init?(status: AgentStatus?, log: Data?, samples: RecordedSamples) {
        let last = samples.isEmpty ? nil : samples[samples.count - 1]
        guard let planned = status?.window ?? log.flatMap({ Self.window(inLog: $0, beside: last) }) else { return nil }
        let (start, end) = (planned.start, planned.end)
        // Numbers that nobody can have written are looked at again by whoever takes the window.
        plannedNs = max(0, end.monotonicNs &- start.monotonicNs)
        let signs = [status?.at.monotonicNs, last?.arrivalMonotonicNs].compactMap { $0 }
        let lastNs = min(end.monotonicNs, max(start.monotonicNs, signs.max() ?? end.monotonicNs))
        let wall = start.wallNs.addingReportingOverflow(lastNs &- start.monotonicNs)
        guard start.monotonicNs >= 0, lastNs >= start.monotonicNs, !wall.overflow else { return nil }
        window = MeasuredWindow(
            start: start,
            end: Timestamp(wallNs: wall.partialValue, monotonicNs: lastNs)
        )
    }

    /// The line that the receiver writes when its window is known; it has the wall clock only, a sample has both.
    private static func window(inLog log: Data, beside sample: SampleRecord?) -> MeasuredWindow? {
        guard let sample, (0...RecordCheck.mostNs).contains(sample.arrivalWallNs),
            (0...RecordCheck.mostNs).contains(sample.arrivalMonotonicNs)
        else { return nil }
        for line in log.split(separator: UInt8(ascii: "\n")) {
            guard let fields = try? JSONDecoder().decode([String: String].self, from: Data(line)),
                fields["event"] == "window",
                let startNs = fields["startWallNs"].flatMap({ Int64($0) }),
                let durationNs = fields["durationNs"].flatMap({ Int64($0) }),
                (0...RecordCheck.mostNs).contains(startNs), (0...RecordCheck.mostNs / 8).contains(durationNs)
            else { continue }
            let monotonicNs = startNs - sample.arrivalWallNs + sample.arrivalMonotonicNs
            let start = Timestamp(wallNs: startNs, monotonicNs: monotonicNs)
            let end = Timestamp(wallNs: startNs + durationNs, monotonicNs: monotonicNs + durationNs)
            return MeasuredWindow(start: start, end: end)
        }
        return nil
    }
}
