import ExperimentModel

/// The stretches of a window in which a lane had no connection that brought anything, after its first one.
///
/// What the exchange sent meanwhile is in no count: nobody numbers it for those who are not there.
struct ConnectionGaps: Equatable {
    /// How often a connection was lost in the window with no other to take over.
    var count = 0
    /// How long there was none in the window, nanoseconds.
    var ns: Int64 = 0

    /// No gap.
    init() {}

    /// The gaps between connections of one purpose, in a window on their monotonic clock.
    init(_ records: [ConnectionRecord], purpose: String, in window: MeasuredWindow) {
        let spans = records.filter { $0.purpose == purpose }.compactMap { record in
            record.streaming.map { (from: $0.monotonicNs, to: record.ended?.monotonicNs ?? .max) }
        }.sorted { $0.from < $1.from }
        guard var coveredNs = spans.first?.to else { return }
        for span in spans.dropFirst() {
            add(from: coveredNs, to: span.from, window)
            coveredNs = max(coveredNs, span.to)
        }
        add(from: coveredNs, to: window.end.monotonicNs, window)
    }

    private mutating func add(from startNs: Int64, to endNs: Int64, _ window: MeasuredWindow) {
        let fromNs = max(startNs, window.start.monotonicNs)
        let toNs = min(endNs, window.end.monotonicNs)
        guard fromNs < toNs else { return }
        count += 1
        ns += toNs - fromNs
    }

    /// Both together.
    static func + (one: ConnectionGaps, other: ConnectionGaps) -> ConnectionGaps {
        var sum = one
        sum.count += other.count
        sum.ns += other.ns
        return sum
    }
}
