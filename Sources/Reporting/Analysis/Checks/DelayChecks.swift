import ExperimentModel
import LatencyStatistics

/// Delays that no network has.
enum DelayChecks {
    /// A way between two places whose distance is known.
    struct Leg: Hashable, Sendable {
        /// What was measured, for example `relay leg`.
        var name: String
        var from: String
        var to: String
        /// The shortest time that was measured.
        var minimumNs: Double
        /// What clocks may have taken off it; nil when unknown, 0 when one clock gave both times.
        var clockNs: Double?
        /// A round trip covers the distance twice.
        var isRoundTrip = false
    }

    /// Delays below zero: whether the clocks' bounds explain them, and what to look at.
    static func negative(_ path: String, _ metric: MetricAnalysis) -> AnalysisWarning? {
        let summary = metric.summaryNs
        guard summary.negative > 0 else { return nil }
        let seen =
            "\(path), \(metric.metric.title): \(Format.count(summary.negative)) of \(Format.count(summary.count)) below zero "
            + "(least \(Format.time(summary.minimum))): "
        let hosts = metric.bound.hosts.joined(separator: " and ")
        guard !hosts.isEmpty else {
            return AnalysisWarning(.negativeDelays, seen + "the wall clock moved between the two readings")
        }
        guard let clockNs = metric.bound.clockNs else {
            let text = seen + "the clocks of \(hosts) are not known to agree; let chronyd run there, and measure again"
            return AnalysisWarning(.negativeDelays, text)
        }
        let allowedNs = clockNs
        let text =
            -summary.minimum <= allowedNs
            ? "within the clock bound of \(Format.time(clockNs)), which is the figure's error: a nearer time source makes it smaller"
            : "more than the clock bound of \(Format.time(clockNs)) allows; the exchange's own clock may be ahead, or that of \(hosts) "
                + "wrong in a way that chrony does not know: compare its time sources (`chronyc sources`)"
        return AnalysisWarning(.negativeDelays, seen + text)
    }

    /// A delay shorter than light needs: in vacuum, which nothing beats, or in fibre, which no cable beats.
    static func belowLight(_ path: String, _ leg: Leg) -> AnalysisWarning? {
        guard let vacuumNs = SpeedOfLight.leastNs(from: leg.from, to: leg.to) else { return nil }
        let ways = leg.isRoundTrip ? 2.0 : 1
        let leastNs = ways * vacuumNs
        let fibreNs = leastNs * SpeedOfLight.fibreIndex
        guard leg.minimumNs < fibreNs else { return nil }
        let seen =
            "\(path), \(leg.name): \(Format.time(leg.minimumNs)) from \(leg.from) to \(leg.to)"
            + (leg.isRoundTrip ? " and back" : "") + " is less than light needs"
            + (leg.minimumNs < leastNs ? " (\(Format.time(leastNs)))" : " in fibre (\(Format.time(fibreNs)))")
        let text: String
        if leg.clockNs == 0 {
            text = "one clock says so: a host is not where it says; look at the regions in the inventory"
        } else if let clockNs = leg.clockNs, leg.minimumNs + clockNs >= fibreNs {
            text =
                "the clocks' bounds of \(Format.time(clockNs)) allow it, so the figure may be that much too small: use nearer time "
                + "sources"
        } else {
            text =
                "a clock is wrong beyond its bound, or a host is not where it says; absolute figures mean nothing: compare the hosts' "
                + "time sources and regions"
        }
        return AnalysisWarning(.belowSpeedOfLight, "\(seen): \(text)")
    }
}

extension DelayChecks {
    /// The ways of a run between places that are known: both directions of a relay, and from the exchange where the
    /// list of ranges tells its region.
    static func legs(
        of path: PathAnalysis,
        _ analysis: RunAnalysis,
        _ endpoints: [EndpointChecks.Endpoint],
        via: String?
    ) -> [Leg] {
        let receiver = analysis.hosts.first { $0.role == .receive }
        let forwarder = analysis.hosts.first { $0.name == via }
        var legs: [Leg] = []
        func add(_ metric: Metric, _ from: String?, _ to: String?) {
            guard let from, let to, from != to, let found = path.metric(metric) else { return }
            legs.append(
                Leg(
                    name: metric.title,
                    from: from,
                    to: to,
                    minimumNs: found.summaryNs.minimum,
                    clockNs: found.bound.clockNs
                )
            )
        }
        let exchange = endpoints.first { $0.path == path.name && $0.purpose == "feed" }?.origin.region
        add(.backbone, forwarder?.region, receiver?.region)
        add(.endToEnd, path.kind == .direct ? exchange : nil, receiver?.region)
        add(.feedLeg, exchange, forwarder?.region)
        guard let probes = analysis.probes.first(where: { $0.path == path.name }),
            let there = forwarder?.region, let here = receiver?.region, there != here
        else { return legs }
        // The limits already have light's time taken off; the least delay back to the forwarder is what they leave.
        let lightNs = SpeedOfLight.leastNs(from: there, to: here) ?? 0
        let bounds = [forwarder?.clock.worstBoundNs, receiver?.clock.worstBoundNs].compactMap { $0 }
        legs.append(
            Leg(
                name: "probes back to \(probes.forwarder)",
                from: here,
                to: there,
                minimumNs: probes.highNs + lightNs,
                clockNs: bounds.count == 2 ? bounds.reduce(0, +) : nil
            )
        )
        legs.append(
            Leg(
                name: "probes",
                from: here,
                to: there,
                minimumNs: Double(probes.minimumRoundTripNs),
                clockNs: 0,
                isRoundTrip: true
            )
        )
        return legs
    }
}
