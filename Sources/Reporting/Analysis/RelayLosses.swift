import ExperimentModel

/// What the forwarder's TCP tells of losses on the way of a relayed path.
struct RelayLosses {
    /// The forwarder.
    let forwarder: String?
    /// Segments sent again inside the window, by lane; nil where TCP was not watched, or did not carry the events.
    private(set) var byLane: [Int: Int]?
    /// Segments sent again in the whole run, warm-up included.
    private(set) var inAll = 0

    init(_ path: String, _ data: RunData) {
        let specification = data.record.experiment.paths.first { $0.name == path }
        forwarder = specification?.kind == .relay ? specification?.via : nil
        guard let forwarder, specification?.transport != .udp else { return }
        for block in data.blocks {
            guard let found = block.retransmissions[forwarder] else { continue }
            var counts = byLane ?? [:]
            for one in found where one.path == path && one.purpose == "relay" {
                inAll += one.count
                // The two hosts' clocks agree well enough for a state that is written once a second.
                guard let window = block.window, one.wallNs >= window.start.wallNs, one.wallNs <= window.end.wallNs
                else { continue }
                counts[one.lane, default: 0] += one.count
            }
            byLane = counts
        }
    }

    /// Segments sent again inside the window.
    var inWindow: Int { (byLane ?? [:]).values.reduce(0, +) }
}
