/// The stretches of one path in which any of its lanes had no data, since its connection was lost.
struct PathOutages {
    /// With more stretches than this, the rest is only counted.
    private static let mostListed = 3

    /// The path's name.
    let path: String
    /// The connections that were lost.
    let connections: Int
    /// From when to when, seconds from the start of the first measured window, in the order of time; none overlaps the next.
    private(set) var stretches: [(fromSeconds: Double, toSeconds: Double)] = []
    /// Why the connections ended, each reason once.
    let reasons: [String]

    /// Of each path that has any.
    static func all(of analysis: RunAnalysis) -> [PathOutages] {
        analysis.paths.compactMap { path in
            let gaps = analysis.gaps.filter { $0.path == path.name }
            return gaps.isEmpty ? nil : PathOutages(path.name, gaps)
        }
    }

    private init(_ path: String, _ gaps: [ConnectionGap]) {
        self.path = path
        connections = gaps.count
        reasons = gaps.map(\.reason).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        for gap in gaps.sorted(by: { $0.fromSeconds < $1.fromSeconds }) {
            let end = gap.toSeconds ?? .infinity
            if let last = stretches.last, gap.fromSeconds <= last.toSeconds {
                stretches[stretches.count - 1].toSeconds = max(last.toSeconds, end)
            } else {
                stretches.append((gap.fromSeconds, end))
            }
        }
    }

    /// What happened, in words.
    var text: String {
        "\(path): \(Format.plural(connections, "connection")) lost, without data from \(times) "
            + "(\(reasons.prefix(Self.mostListed).joined(separator: ", ")))"
    }

    /// The same in fewer words, as the beginning of a sentence.
    var brief: String {
        "\(path) lost \(Format.plural(connections, "connection")) (no data from \(times))"
    }

    private var times: String {
        let listed = stretches.prefix(Self.mostListed).map { stretch in
            let end = stretch.toSeconds.isFinite ? Format.fixed(stretch.toSeconds, 1) + " s" : "the end"
            return "\(Format.fixed(stretch.fromSeconds, 1)) s to \(end)"
        }
        let more = stretches.count - listed.count
        return listed.joined(separator: ", ")
            + (more > 0 ? " and \(Format.plural(more, "more time", "more times"))" : "")
    }
}
