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
    func budget(of path: PathRecords) -> LatencyBudget? {
        var parts = [CompactSeries](repeating: CompactSeries(), count: path.kind == .relay ? 6 : 3)
        for index in parts.indices { parts[index].reserveCapacity(path.expectedPerLane * path.laneCount) }
        var incomplete = 0
        var mismatches = 0
        parts.withUnsafeMutableBufferPointer { parts in
            path.forEach { _, record, place in
                guard place == .inside, !record.flags.contains(.duplicate) else { return }
                guard let cuts = cuts(record, path.kind) else {
                    incomplete += 1
                    return
                }
                // The whole as it is reported elsewhere, not the sum of these parts.
                let total = whole(record)
                let inReceiver = cuts.program &- cuts.arrival
                if path.kind == .relay {
                    let toForwarder = cuts.sourceKernel &- cuts.event
                    let inForwarder = cuts.send &- cuts.sourceKernel
                    let toReceiver = cuts.arrival &- cuts.send
                    if toForwarder &+ inForwarder &+ toReceiver &+ inReceiver != total { mismatches += 1 }
                    parts[0].append(toForwarder)
                    parts[1].append(inForwarder)
                    // The part of a part stands after the part that it is of.
                    parts[2].append(cuts.sourceUser &- cuts.sourceKernel)
                    parts[3].append(toReceiver)
                    parts[4].append(inReceiver)
                    parts[5].append(total)
                } else {
                    let toReceiver = cuts.arrival &- cuts.event
                    if toReceiver &+ inReceiver != total { mismatches += 1 }
                    parts[0].append(toReceiver)
                    parts[1].append(inReceiver)
                    parts[2].append(total)
                }
            }
        }
        let summaries = parts.map { Summary($0.sorted()) }
        guard case .some(.some(let wholeSummary)) = summaries.last else { return nil }
        let outer = names(path.kind)
        return LatencyBudget(
            path: path.name,
            parts: zip(outer, summaries).compactMap { name, summary in
                summary.map { .init(name: name.text, summaryNs: $0, isInside: name.isInside) }
            },
            wholeNs: wholeSummary,
            mismatches: mismatches,
            incomplete: incomplete,
            truncationNs: truncationNs
        )
    }

    /// End to end, and the receiver's own delay after it.
    private func whole(_ record: SampleRecord) -> Int64 {
        (Metric.endToEnd.ns(of: record) ?? 0) &+ (Metric.hostDelay.ns(of: record) ?? 0)
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
        let largest = max(
            max(cuts.event.magnitude, cuts.sourceKernel.magnitude, cuts.sourceUser.magnitude),
            max(cuts.send.magnitude, cuts.arrival.magnitude, cuts.program.magnitude)
        )
        return largest < 1 << 62 ? cuts : nil
    }
}
