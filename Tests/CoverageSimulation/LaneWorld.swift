import LatencyStatistics

/// Two paths of several lanes over which the same events come: what comparisons of runs see.
public struct LaneWorld: Sendable {
    /// Connections a path.
    public var lanes = 3
    /// Connections of the first path, where it has fewer.
    public var firstLanes: Int?
    /// Events.
    public var events = 5_000
    /// How far apart the exchange's servers are: the standard deviation of a lane's own delay, milliseconds.
    public var laneSpreadMs = 0.3
    /// The jitter of each event on each lane, milliseconds, dependent on the one before.
    public var jitterMs = 0.2
    /// What all lanes of a path share at one time, milliseconds, over some tens of events.
    public var pathSwingMs = 0.1
    /// Second path - first path, milliseconds.
    public var shiftMs = 0.0
    /// A lucky connection: what lane 0 of the second path is sooner by, milliseconds.
    public var luckMs = 0.0

    /// The world as it is without a difference.
    public init() {}

    /// The differences of each lane of the first path and each of the second, in the order of time.
    public func differencesMs(seed: UInt64) -> [[[Double]]] {
        var random = Gaussian(seed: seed &* 0x51_7C_C1B7 &+ 3)
        let first = path(&random)
        var second = path(&random)
        second = second.enumerated().map { lane, series in
            series.map { $0 + shiftMs - (lane == 0 ? luckMs : 0) }
        }
        return first.prefix(firstLanes ?? lanes).map { a in second.map { b in zip(a, b).map { $1 - $0 } } }
    }

    private func path(_ random: inout Gaussian) -> [[Double]] {
        var swing = random.next()
        let swings = (0..<events).map { _ in
            swing = 0.9 * swing + 0.436 * random.next()
            return pathSwingMs * swing
        }
        return (0..<lanes).map { _ in
            let offset = laneSpreadMs * random.next()
            var level = random.next()
            return swings.map { swing in
                level = 0.7 * level + 0.714 * random.next()
                return offset + swing + jitterMs * level
            }
        }
    }
}
