import ExperimentModel

/// Finds the stretches inside the measured window in which a lane had no connection.
enum ConnectionGaps {
    static func find(in data: RunData) -> [ConnectionGap] {
        data.blocks.flatMap { block -> [ConnectionGap] in
            guard let window = block.window else { return [] }
            let receiver = (block.receiver?.lanes ?? []).flatMap { lane in
                gaps(lane, host: data.record.experiment.receiver, purposes: ["feed", "relay"], window)
            }
            // Both ends record the relay connection; the receiver's record stands for it.
            let forwarders = block.forwarders.sorted { $0.key < $1.key }.flatMap { host, summary in
                summary.lanes.flatMap { gaps($0, host: host, purposes: ["feed"], window) }
            }
            return receiver + forwarders
        }
        .sorted { $0.fromSeconds < $1.fromSeconds }
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

    private static func gaps(
        _ lane: LaneSummary,
        host: String,
        purposes: [String],
        _ window: MeasuredWindow
    ) -> [ConnectionGap] {
        purposes.flatMap { purpose -> [ConnectionGap] in
            let used = lane.connections.filter { $0.purpose == purpose && $0.streaming != nil }
            return used.indices.compactMap { index in
                guard let lost = used[index].ended else { return nil }
                let others = used.indices.filter { $0 != index }.map { used[$0] }
                // A connection that was opened before this one closed leaves no gap.
                let isCovered = others.contains { other in
                    (other.streaming?.wallNs ?? .max) <= lost.wallNs && (other.ended?.wallNs ?? .max) > lost.wallNs
                }
                let next = others.compactMap { $0.streaming?.wallNs }.filter { $0 > lost.wallNs }.min()
                let isInside = lost.wallNs < window.end.wallNs && (next ?? .max) > window.start.wallNs
                guard !isCovered, isInside else { return nil }
                return ConnectionGap(
                    path: lane.path,
                    lane: lane.lane,
                    host: host,
                    purpose: purpose,
                    reason: used[index].reason ?? "no reason recorded",
                    fromSeconds: seconds(lost.wallNs, window),
                    toSeconds: next.map { seconds($0, window) }
                )
            }
        }
    }

    private static func seconds(_ wallNs: Int64, _ window: MeasuredWindow) -> Double {
        Double(wallNs - window.start.wallNs) / 1e9
    }
}
