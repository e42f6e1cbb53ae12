import ExperimentModel

/// Limits of the offset between a forwarder's and the receiver's clock, from probes inside the relay connections.
///
/// No probe takes less than no time (nor less than light), so that each gives a limit on either side; the tightest over
/// the run are the minimum-delay envelope (Paxson, "On calibrating measurements of packet transit times", 1998; Moon,
/// Skelly and Towsley, "Estimation and removal of clock skew from network delay measurements", 1999). The four times
/// are NTP's (RFC 5905 section 8). They need no time server, and chrony's bounds must agree with them.
public struct ProbeAnalysis: Codable, Hashable, Sendable {
    /// The relayed path.
    public var path: String
    /// The forwarder.
    public var forwarder: String
    /// Answered probes, all lanes together.
    public var count: Int
    /// The shortest round trip, nanoseconds.
    public var minimumRoundTripNs: Int64
    /// The least that (forwarder's clock - receiver's clock) can be, nanoseconds.
    public var lowNs: Double
    /// The greatest that it can be.
    public var highNs: Double
    /// The least by chrony's bounds; nil when one of them is unknown.
    public var chronyLowNs: Double?
    /// The greatest by chrony's bounds.
    public var chronyHighNs: Double?
    /// Why the two cannot both be right, or why the probes themselves cannot; nil when all agree.
    public var contradiction: String?

    /// What was found, in a sentence.
    public var text: String {
        let range = "\(Format.signedMilliseconds(lowNs)) to \(Format.signedMilliseconds(highNs)) ms"
        let chrony =
            chronyLowNs.flatMap { low in
                chronyHighNs.map { high in
                    "; by chrony \(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms"
                }
            } ?? "; by chrony unknown"
        return
            "\(path): clock of \(forwarder) - clock of the receiver is \(range) by \(Format.plural(count, "probe")) in the "
            + "connection (shortest round trip \(Format.milliseconds(Double(minimumRoundTripNs))) ms)\(chrony)"
            + (contradiction == nil ? ": they agree" : ": CONTRADICTION")
    }
}

/// Puts probes beside chrony's bounds.
struct ProbeAnalyzer {
    let data: RunData
    let hosts: [HostAnalysis]

    func analyze() -> [ProbeAnalysis] {
        data.record.experiment.paths.compactMap { path in
            guard path.kind == .relay, let forwarder = path.via else { return nil }
            let found = data.blocks.flatMap { $0.receiver?.lanes ?? [] }.filter { $0.path == path.name }
                .compactMap(\.probes)
            return analyze(path.name, forwarder, found)
        }
    }

    private func analyze(_ path: String, _ forwarder: String, _ probes: [ProbeSummary]) -> ProbeAnalysis? {
        guard
            let low = probes.map(\.offsetLowNs).max(), let high = probes.map(\.offsetHighNs).min(),
            let shortest = probes.map(\.minimumRoundTripNs).min()
        else { return nil }
        let host = hosts.first { $0.name == forwarder }
        let receiver = hosts.first { $0.role == .receive }
        let lightNs = host?.region.flatMap { from in
            receiver?.region.flatMap { SpeedOfLight.leastNs(from: from, to: $0) }
        }
        var analysis = ProbeAnalysis(
            path: path,
            forwarder: forwarder,
            count: probes.reduce(0) { $0 + $1.count },
            minimumRoundTripNs: shortest,
            lowNs: Double(low) + (lightNs ?? 0),
            highNs: Double(high) - (lightNs ?? 0)
        )
        if let mine = receiver?.clock.worstBoundNs, let theirs = host?.clock.worstBoundNs {
            analysis.chronyLowNs = -(mine + theirs)
            analysis.chronyHighNs = mine + theirs
        }
        analysis.contradiction = Self.contradiction(analysis)
        return analysis
    }

    private static func contradiction(_ analysis: ProbeAnalysis) -> String? {
        let range =
            "\(Format.signedMilliseconds(analysis.lowNs)) to \(Format.signedMilliseconds(analysis.highNs)) ms"
        guard analysis.lowNs <= analysis.highNs else {
            return
                "no offset of the clocks fits all probes (\(range)): a clock moved during the run, or a host is not where it "
                + "says; absolute figures mean nothing"
        }
        guard let low = analysis.chronyLowNs, let high = analysis.chronyHighNs else { return nil }
        guard analysis.highNs < low || analysis.lowNs > high else { return nil }
        return
            "probes in the connection put the clock of \(analysis.forwarder) \(range) ahead of the receiver's, chrony's bounds "
            + "allow \(Format.signedMilliseconds(low)) to \(Format.signedMilliseconds(high)) ms: a clock is wrong, and absolute "
            + "figures with it"
    }
}
