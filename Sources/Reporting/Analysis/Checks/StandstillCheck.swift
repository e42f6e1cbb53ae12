import ExperimentModel

/// Names agents whose process did not run inside the window: delays and gaps of that time are no path's doing.
enum StandstillCheck {
    /// The share of the window from which on nothing is concluded any more.
    private static let mostShare = 0.25
    private static let mostListed = 3

    static func warnings(_ data: RunData) -> [AnalysisWarning] {
        let receiver = data.record.experiment.receiver
        let windowNs = data.blocks.reduce(0) { $0 + length($1) }
        return data.record.experiment.participatingHosts.compactMap { host in
            let found = stretches(of: host, in: data)
            guard !found.isEmpty else { return nil }
            let lostNs = found.reduce(0) { $0 + $1.insideNs }
            let times = found.prefix(mostListed).map { stretch in
                let block = data.blocks.count > 1 ? " (block \(stretch.block))" : ""
                return
                    "from \(Format.fixed(stretch.fromSeconds, 1)) s to \(Format.fixed(stretch.toSeconds, 1)) s\(block)"
            }
            let more = found.count > mostListed ? " and \(Format.plural(found.count - mostListed, "time")) more" : ""
            let effect =
                host == receiver
                ? "what came meanwhile was read late or not at all"
                : "what came meanwhile was sent on late"
            let text =
                "the agent on \(host) stood still \(times.joined(separator: ", "))\(more): its process did not run for "
                + "\(Format.fixed(lostNs / 1e9, 1)) s of the window's \(Format.fixed(Double(windowNs) / 1e9, 1)) s "
                + "(stopped, or its host held up); \(effect): that host's doing, no network's and no transport's"
            let isMost = lostNs > mostShare * Double(windowNs)
            return AnalysisWarning(.stoodStill, text, makesVerdictUnusable: isMost)
        }
    }

    /// The seconds of the window in which a host's agent did not run.
    static func seconds(of host: String, in data: RunData) -> Double {
        stretches(of: host, in: data).reduce(0) { $0 + $1.insideNs } / 1e9
    }

    private struct Stretch {
        var block: Int
        var fromSeconds: Double
        var toSeconds: Double
        /// What of it lies inside the window.
        var insideNs: Double
    }

    private static func stretches(of host: String, in data: RunData) -> [Stretch] {
        data.blocks.flatMap { block -> [Stretch] in
            let isReceiver = host == data.record.experiment.receiver
            let summary = isReceiver ? block.receiver : block.forwarders[host]
            guard let window = block.window else { return [] }
            return (summary?.standstills ?? []).compactMap { standstill in
                // The window is on the receiver's clocks; of other hosts' only the wall clock can be held against it.
                let startNs = isReceiver ? window.start.monotonicNs : window.start.wallNs
                let fromNs = (isReceiver ? standstill.from.monotonicNs : standstill.from.wallNs) - startNs
                let toNs = (isReceiver ? standstill.to.monotonicNs : standstill.to.wallNs) - startNs
                let endNs = length(block)
                let offset = data.offsetSeconds(of: block)
                guard fromNs < toNs, fromNs < endNs, toNs > 0 else { return nil }
                return Stretch(
                    block: block.number,
                    fromSeconds: offset + Double(fromNs) / 1e9,
                    toSeconds: offset + Double(toNs) / 1e9,
                    insideNs: Double(min(toNs, endNs) - max(0, fromNs))
                )
            }
        }
    }

    private static func length(_ block: BlockData) -> Int64 {
        block.window.map { max(0, $0.end.monotonicNs - $0.start.monotonicNs) } ?? 0
    }
}
