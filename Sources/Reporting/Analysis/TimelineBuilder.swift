import ExperimentModel

/// Puts readings, gaps and retransmissions on one time axis, reduced to what a plot can show.
struct TimelineBuilder {
    private static let mostPoints = 240
    private static let timeBins = 120
    let data: RunData
    /// The stretches without data.
    let gaps: [ConnectionGap]

    /// The timeline; nil when nothing was measured.
    func build() -> Timeline? {
        let windows = data.blocks.compactMap(\.window)
        guard let start = windows.map(\.start.wallNs).min(),
            let startMonotonic = windows.map(\.start.monotonicNs).min(),
            let end = windows.map(\.end.monotonicNs).max(), end > startMonotonic
        else { return nil }
        let seconds = Double(end - startMonotonic) / 1e9
        return Timeline(
            beganSeconds: Double(start) / 1e9,
            seconds: seconds,
            blocks: data.blocks.compactMap { block in
                block.window.map {
                    Timeline.Block(
                        number: block.number,
                        paths: block.paths.map(\.name),
                        fromSeconds: Double($0.start.monotonicNs - startMonotonic) / 1e9,
                        toSeconds: Double($0.end.monotonicNs - startMonotonic) / 1e9
                    )
                }
            },
            gaps: gaps,
            clockBounds: data.record.experiment.participatingHosts.compactMap { bounds(of: $0, from: start) },
            retransmissions: retransmissions(from: start, seconds: seconds),
            watchedHosts: Set(data.blocks.flatMap { $0.retransmissions.keys }).sorted()
        )
    }

    private func bounds(of host: String, from startNs: Int64) -> Timeline.ClockBounds? {
        let record = data.record.hosts[host]
        let during = data.blocks.flatMap { $0.clocks[host] ?? [] }
        let readings = ([record?.clockBefore] + during.map(Optional.some) + [record?.clockAfter]).compactMap { $0 }
        // The same bounds as those that figures have: at worst, which is just before the next reading.
        let endNs = data.blocks.compactMap(\.window?.end.wallNs).max()
        let points = HostAnalyzer.bounds(of: readings, until: endNs).map {
            Timeline.ClockBounds.Point(seconds: Double($0.atNs - startNs) / 1e9, boundNs: $0.boundNs)
        }
        .sorted { $0.seconds < $1.seconds }
        guard !points.isEmpty else { return nil }
        let stride = (points.count + Self.mostPoints - 1) / Self.mostPoints
        let kept = Swift.stride(from: 0, to: points.count, by: stride).compactMap { start in
            points[start..<min(points.count, start + stride)].max { $0.boundNs < $1.boundNs }
        }
        return Timeline.ClockBounds(host: host, points: kept)
    }

    private func retransmissions(from startNs: Int64, seconds: Double) -> [Timeline.Retransmissions] {
        struct Key: Hashable {
            var path: String
            var host: String
            var purpose: String
        }
        var counts: [Key: [Int: Int]] = [:]
        let width = seconds / Double(Self.timeBins)
        for block in data.blocks {
            for (host, found) in block.retransmissions {
                for one in found {
                    let at = Double(one.wallNs - startNs) / 1e9
                    guard at >= 0, at < seconds else { continue }
                    let key = Key(path: one.path, host: host, purpose: one.purpose)
                    counts[key, default: [:]][min(Self.timeBins - 1, Int(at / width)), default: 0] += one.count
                }
            }
        }
        return counts.sorted { ($0.key.path, $0.key.host, $0.key.purpose) < ($1.key.path, $1.key.host, $1.key.purpose) }
            .map { key, bins in
                Timeline.Retransmissions(
                    path: key.path,
                    host: key.host,
                    purpose: key.purpose,
                    bins: bins.sorted { $0.key < $1.key }.map {
                        Timeline.Retransmissions.Bin(seconds: (Double($0.key) + 0.5) * width, count: $0.value)
                    }
                )
            }
    }
}
