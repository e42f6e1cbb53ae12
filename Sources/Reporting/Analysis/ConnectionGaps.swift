import ExperimentModel
import LatencyStatistics

/// Finds the stretches inside the measured window in which a lane had no connection.
enum ConnectionGaps {
    /// Those of all blocks as one list, counted from the start of the first window.
    static func find(in data: RunData) -> [ConnectionGap] {
        data.blocks.flatMap { block in
            let offset = data.offsetSeconds(of: block)
            return find(in: block, receiver: data.record.experiment.receiver).map { gap in
                var gap = gap
                gap.fromSeconds += offset
                gap.lostSeconds = gap.lostSeconds.map { $0 + offset }
                gap.toSeconds = gap.toSeconds.map { $0 + offset }
                return gap
            }
        }
        .sorted { $0.fromSeconds < $1.fromSeconds }
    }

    /// Those of one block, counted from the start of its own window.
    static func find(in block: BlockData, receiver: String) -> [ConnectionGap] {
        guard let window = block.window else { return [] }
        let atReceiver = (block.receiver?.lanes ?? []).flatMap { lane in
            losses(lane, host: receiver, isForwarder: false, purposes: ["feed", "relay"])
        }
        // Both ends record the relay connection; the receiver's record stands for it.
        let atForwarders = block.forwarders.sorted { $0.key < $1.key }.flatMap { host, summary in
            summary.lanes.flatMap { losses($0, host: host, isForwarder: true, purposes: ["feed"]) }
        }
        let found = (atReceiver + atForwarders).filter { $0.isInside(window) }
        return LastData(before: found, in: block).gaps(of: found, window).sorted { $0.fromSeconds < $1.fromSeconds }
    }

    /// How often a lane's connection of this purpose was opened again after it had been lost.
    static func reconnects(_ lane: LaneSummary, purpose: String) -> Int {
        let used = lane.connections.filter { $0.purpose == purpose && $0.streaming != nil }
        return max(0, used.count - 1 - used.count { $0.reason == ConnectionRecord.wasReplaced })
    }

    /// How often a lane's connection to the exchange was replaced before its planned end, while it still brought events.
    static func replacements(_ lane: LaneSummary) -> Int {
        lane.connections.count { $0.purpose == "feed" && $0.reason == ConnectionRecord.wasReplaced }
    }

    private static func losses(
        _ lane: LaneSummary,
        host: String,
        isForwarder: Bool,
        purposes: [String]
    ) -> [ConnectionLoss] {
        purposes.flatMap { purpose -> [ConnectionLoss] in
            let used = lane.connections.filter { $0.purpose == purpose && $0.streaming != nil }
            return used.indices.compactMap { index in
                guard let lost = used[index].ended, let opened = used[index].streaming else { return nil }
                let others = used.indices.filter { $0 != index }.map { used[$0] }
                // A connection that was opened before this one closed leaves no gap.
                let isCovered = others.contains { other in
                    (other.streaming?.wallNs ?? .max) <= lost.wallNs && (other.ended?.wallNs ?? .max) > lost.wallNs
                }
                guard !isCovered else { return nil }
                return ConnectionLoss(
                    path: lane.path,
                    lane: lane.lane,
                    host: host,
                    isForwarder: isForwarder,
                    purpose: purpose,
                    reason: used[index].reason ?? "no reason recorded",
                    openedNs: opened.wallNs,
                    lostNs: lost.wallNs,
                    nextNs: others.compactMap { $0.streaming?.wallNs }.filter { $0 > lost.wallNs }.min()
                )
            }
        }
    }
}

/// A connection that ended, with no other in its place; times on the wall clock of the host that had it.
private struct ConnectionLoss {
    var path: String
    var lane: Int
    var host: String
    var isForwarder: Bool
    var purpose: String
    var reason: String
    var openedNs: Int64
    var lostNs: Int64
    var nextNs: Int64?

    func isInside(_ window: MeasuredWindow) -> Bool {
        lostNs < window.end.wallNs && (nextNs ?? .max) > window.start.wallNs
    }
}

/// When the last event before each loss came: a dead connection is noticed only after seconds of silence.
private struct LastData {
    /// Losses of one lane as one host saw them, in the order of time.
    private struct Group {
        var isForwarder: Bool
        var losses: [Int] = []
        var lostNs: [Int64] = []
        var lastNs: [Int64?] = []

        /// Remembers an event for the first loss that is not before it.
        mutating func note(_ timeNs: Int64) {
            let place = lostNs.partitionPoint { $0 >= timeNs }
            guard place < lostNs.count else { return }
            lastNs[place] = max(lastNs[place] ?? .min, timeNs)
        }
    }

    private var lastNs: [Int64?]

    /// Goes through the block's samples once if there is any loss.
    init(before losses: [ConnectionLoss], in block: BlockData) {
        lastNs = Array(repeating: nil, count: losses.count)
        guard !losses.isEmpty else { return }
        var groups = Array(repeating: [Group](), count: block.paths.reduce(0) { $0 + $1.lanes })
        for index in losses.indices.sorted(by: { losses[$0].lostNs < losses[$1].lostNs }) {
            guard let lane = block.number(ofLane: losses[index].lane, of: losses[index].path) else { continue }
            let place = groups[lane].firstIndex { $0.isForwarder == losses[index].isForwarder }
            if place == nil { groups[lane].append(Group(isForwarder: losses[index].isForwarder)) }
            let group = place ?? groups[lane].count - 1
            groups[lane][group].losses.append(index)
            groups[lane][group].lostNs.append(losses[index].lostNs)
            groups[lane][group].lastNs.append(nil)
        }
        block.samples.forEach(in: 0..<block.samples.count) { record in
            let lane = Int(record.lane)
            guard groups.indices.contains(lane) else { return }
            for group in groups[lane].indices {
                let timeNs = groups[lane][group].isForwarder ? record.sourceNs : record.arrivalNs
                if timeNs != SampleRecord.absent { groups[lane][group].note(timeNs) }
            }
        }
        for group in groups.joined() {
            for (place, index) in group.losses.enumerated() { lastNs[index] = group.lastNs[place] }
        }
    }

    /// The losses as stretches without data.
    func gaps(of losses: [ConnectionLoss], _ window: MeasuredWindow) -> [ConnectionGap] {
        func seconds(_ wallNs: Int64) -> Double { Double(wallNs - window.start.wallNs) / 1e9 }
        return losses.indices.map { index in
            let loss = losses[index]
            let fromNs = lastNs[index].map { max($0, loss.openedNs) } ?? loss.lostNs
            return ConnectionGap(
                path: loss.path,
                lane: loss.lane,
                host: loss.host,
                purpose: loss.purpose,
                reason: loss.reason,
                fromSeconds: seconds(fromNs),
                lostSeconds: seconds(loss.lostNs),
                toSeconds: loss.nextNs.map(seconds)
            )
        }
    }
}
