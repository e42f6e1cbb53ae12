import ExperimentModel

/// Says what a run would do.
public enum DryRun {
    /// The hosts, paths, time and phases of a run of `experiment`, as text.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` when its blocks are too many.
    public static func text(_ experiment: Experiment) throws -> String {
        let seed = experiment.schedule.seed
        let blocks = try BlockSchedule.blocks(for: experiment, seed: seed ?? 0)
        var lines = ["\(experiment.name): nothing is done, this is what would be.", "", "Feed"]
        let feed = experiment.feed
        lines.append(
            "  \(feed.market.rawValue) \(feed.streams.joined(separator: ", ")) from \(feed.url ?? "the exchange's own address")"
        )
        lines.append("Hosts")
        for name in experiment.participatingHosts {
            let host = experiment.hosts[name]
            let way = host?.isLocal == true ? "this machine" : host?.ssh ?? "simulated"
            lines.append("  \(name) (\(name == experiment.receiver ? "receives" : "forwards")): \(way)")
        }
        lines.append("Paths")
        for path in experiment.paths {
            let way = path.via.map { "through \($0) to \(path.to?.text ?? "the simulated backbone")" } ?? "direct"
            let transport = path.transport == .udp ? " over UDP" : ""
            lines.append("  \(path.name): \(way)\(transport), \(experiment.schedule.lanesPerPath) lanes")
        }
        lines.append("Phases")
        lines.append("  plan, connect, inspect, push, clock")
        for block in blocks.prefix(20) {
            let order = seed == nil && blocks.count > 1 ? " (order drawn at the start)" : ""
            let starts = ([experiment.receiver] + block.forwarders).map { "start \($0)" }.joined(separator: ", ")
            let suffix = block.suffix.isEmpty ? "" : block.suffix + order
            lines.append("  \(starts), measure \(block.duration) after \(experiment.schedule.warmUp), collect\(suffix)")
        }
        if blocks.count > 20 { lines.append("  … \(blocks.count) blocks in all") }
        lines.append("  clock after, clean up, analyse, report")
        lines += experiment.warnings().map { "Warning: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}
