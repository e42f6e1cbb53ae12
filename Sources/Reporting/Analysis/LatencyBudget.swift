import ExperimentModel
import LatencyStatistics

/// Where the time of a path's events went: parts that add up, for every event, to the whole to the nanosecond.
///
/// The whole is from the exchange's event time to the moment the receiver's program had the event.
public struct LatencyBudget: Codable, Hashable, Sendable {
    /// One part of the way.
    public struct Part: Codable, Hashable, Sendable {
        /// What it is, for example `tokyo to frankfurt`.
        public var name: String
        /// Its figures, nanoseconds.
        ///
        /// Means add up as events do; medians and percentiles do not.
        public var summaryNs: Summary
        /// The part of a part, as the kernel-to-program delay is one of the forwarder's: not to be added once more.
        public var isInside: Bool
    }

    /// The path.
    public var path: String
    /// The parts in the order of the way.
    public var parts: [Part]
    /// The whole, nanoseconds.
    public var wholeNs: Summary
    /// The events whose parts do not add up to the whole: always 0, or a time stamp is not what it is taken for.
    public var mismatches: Int
    /// Events without one of the times, which are left out.
    public var incomplete: Int
    /// What of the first part is the exchange's rounding of its event time: from 0 up to this, nanoseconds.
    public var truncationNs: Double
}

/// Splits each event's delay into its parts.
struct BudgetAnalyzer {
    let receiver: String
    let forwarder: String?
    let truncationNs: Double

    /// The times of one event that its way is cut at, ascending in a world of good clocks.
    private struct Cuts {
        var event: Int64
        var sourceKernel: Int64
        var sourceUser: Int64
        var send: Int64
        var arrival: Int64
        var program: Int64
    }

    /// The budget of a path; nil when no event has all times.
    func budget(of path: MeasuredPath) -> LatencyBudget? {
        var parts = [[Int64]](repeating: [], count: path.kind == .relay ? 5 : 2)
        var whole: [Int64] = []
        var incomplete = 0
        var mismatches = 0
        for record in path.lanes.lazy.flatMap(\.records) {
            guard let cuts = cuts(record, path.kind) else {
                incomplete += 1
                continue
            }
            let pieces = pieces(cuts, path.kind)
            let total = cuts.program - cuts.event
            if pieces.outer.reduce(0, +) != total { mismatches += 1 }
            // The part of a part stands after the part that it is of.
            let all = path.kind == .relay ? pieces.outer[..<2] + pieces.inner + pieces.outer[2...] : pieces.outer[...]
            for (index, piece) in all.enumerated() { parts[index].append(piece) }
            whole.append(total)
        }
        guard let wholeSummary = Summary(whole) else { return nil }
        let outer = names(path.kind)
        return LatencyBudget(
            path: path.name,
            parts: zip(outer, parts).compactMap { name, values in
                Summary(values).map { .init(name: name.text, summaryNs: $0, isInside: name.isInside) }
            },
            wholeNs: wholeSummary,
            mismatches: mismatches,
            incomplete: incomplete,
            truncationNs: truncationNs
        )
    }

    private func names(_ kind: PathSpecification.Kind) -> [(text: String, isInside: Bool)] {
        guard kind == .relay else {
            return [("exchange to \(receiver)", false), ("in \(receiver), kernel to program", false)]
        }
        let forwarder = forwarder ?? "forwarder"
        return [
            ("exchange to \(forwarder)", false), ("in \(forwarder)", false), ("kernel to program", true),
            ("\(forwarder) to \(receiver)", false), ("in \(receiver), kernel to program", false),
        ]
    }

    private func pieces(_ cuts: Cuts, _ kind: PathSpecification.Kind) -> (outer: [Int64], inner: [Int64]) {
        let inReceiver = cuts.program - cuts.arrival
        guard kind == .relay else { return ([cuts.arrival - cuts.event, inReceiver], []) }
        return (
            [cuts.sourceKernel - cuts.event, cuts.send - cuts.sourceKernel, cuts.arrival - cuts.send, inReceiver],
            [cuts.sourceUser - cuts.sourceKernel]
        )
    }

    /// The times, all within some centuries so that no difference overflows; nil when one is missing.
    private func cuts(_ record: SampleRecord, _ kind: PathSpecification.Kind) -> Cuts? {
        let cuts = Cuts(
            event: record.eventTimeNs,
            sourceKernel: kind == .relay ? record.sourceNs : 0,
            sourceUser: kind == .relay ? record.sourceUserNs : 0,
            send: kind == .relay ? record.sourceSendNs : 0,
            arrival: record.arrivalNs,
            program: record.arrivalWallNs
        )
        let all = [cuts.event, cuts.sourceKernel, cuts.sourceUser, cuts.send, cuts.arrival, cuts.program]
        return all.allSatisfy { $0.magnitude < 1 << 62 } ? cuts : nil
    }
}
