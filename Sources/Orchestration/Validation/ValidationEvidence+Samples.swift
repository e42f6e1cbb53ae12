import ExperimentModel
import Foundation

/// What the samples of a short run show.
extension ValidationEvidence {
    /// Every event has its update id, and its times are where they belong: after the exchange's, not by much.
    func timestamps(_ receivedNs: (SampleRecord) -> Int64) -> Finding {
        guard !samples.isEmpty else { return missing }
        let withoutID = samples.count { $0.updateID <= 0 }
        guard withoutID == 0 else { return (.failed, "\(withoutID) of \(samples.count) events have no update id") }
        let timed = samples.filter { $0.eventTimeNs != SampleRecord.absent && receivedNs($0) != SampleRecord.absent }
        guard !timed.isEmpty else {
            return record.experiment.feed.hasNoEventTime
                ? (.warning, "\(samples.count) events with update id; this stream says no event time")
                : (.failed, "\(samples.count) events, none with an event time")
        }
        let ages = timed.map { receivedNs($0) - $0.eventTimeNs }
        let implausible = ages.count { $0 < -1_000_000_000 || $0 > 60_000_000_000 }
        let median = Double(Self.quantile(ages, 0.5) ?? 0) / 1e6
        let text = String(
            format: "%d events with update id, %d with event time, taken %.3f ms after it (median)",
            samples.count,
            timed.count,
            median
        )
        guard implausible == 0 else {
            return (
                .failed, text + "; \(implausible) times are more than 1 s before or 60 s after it: a clock is wrong"
            )
        }
        return (timed.count == samples.count ? .passed : .warning, text)
    }

    /// On each lane, the forwarder's numbers follow each other without a gap.
    func sequence() -> Finding {
        guard !samples.isEmpty else { return missing }
        var gaps = 0
        for lane in Set(samples.map(\.lane)) {
            let numbers = samples.filter { $0.lane == lane }.map(\.sequence)
            gaps += zip(numbers, numbers.dropFirst()).count { $1 != $0 &+ 1 }
        }
        let missingIDs = (receiver?.lanes ?? []).reduce(0) { $0 + $1.counts.missing }
        guard gaps == 0, missingIDs == 0 else {
            return (.failed, "\(gaps) breaks in the numbers, \(missingIDs) of them missing, in \(samples.count) events")
        }
        let last = samples.map(\.sequence).max() ?? 0
        return (.passed, "\(samples.count) events, each numbered one more than the one before, up to \(last)")
    }

    /// How exact the times are: the clock's bound, the cost of a stamp, and the way from the kernel to the process.
    func accuracy(
        host: String,
        kernel: KeyPath<SampleRecord, Int64>,
        user: KeyPath<SampleRecord, Int64>
    ) -> Finding {
        guard !samples.isEmpty else { return missing }
        let delays = samples.filter { $0[keyPath: kernel] != SampleRecord.absent }.map {
            $0[keyPath: user] - $0[keyPath: kernel]
        }
        let bound = record.hosts[host]?.clockBefore?.tracking?.boundSeconds
        var parts = [bound.map { String(format: "clock within %.3f ms", $0 * 1e3) } ?? "clock bound unknown"]
        parts.append(
            selfTests[host].map { String(format: "a stamp costs %.0f ns", $0.clockReadNs) } ?? "cost of a stamp unknown"
        )
        if let half = Self.quantile(delays, 0.5), let most = Self.quantile(delays, 0.99) {
            parts.append(String(format: "kernel to user %.1f us (p99 %.1f us)", Double(half) / 1e3, Double(most) / 1e3))
        }
        let withoutKernel = samples.count - delays.count
        if withoutKernel > 0 { parts.append("\(withoutKernel) of \(samples.count) events without the kernel's time") }
        let isGood = bound != nil && selfTests[host] != nil && withoutKernel * 100 <= samples.count
        return (isGood ? .passed : .warning, parts.joined(separator: ", "))
    }

    /// Arrival minus event time, done by hand on whole nanoseconds, with one example written out.
    func arithmetic() -> Finding {
        guard !samples.isEmpty else { return missing }
        guard let example = samples.first(where: { $0.eventTimeNs != SampleRecord.absent }) else {
            return (.warning, "this stream says no event time, so there is no end-to-end latency")
        }
        let latencyNs = example.arrivalNs - example.eventTimeNs
        // Between events, the wall clock and the monotonic clock must have gone the same way.
        let steps = zip(samples, samples.dropFirst()).count { first, second in
            let wall = second.arrivalWallNs - first.arrivalWallNs
            return abs(wall - (second.arrivalMonotonicNs - first.arrivalMonotonicNs)) > 1_000_000
        }
        let text =
            "\(example.arrivalNs) ns - \(example.eventTimeNs) ns = \(latencyNs) ns = "
            + String(format: "%.6f ms", Double(latencyNs) / 1e6)
        return steps == 0 ? (.passed, text) : (.warning, text + "; the wall clock jumped \(steps) times")
    }

    /// The forwarder reached the receiver under its private address.
    func privateAddress() -> Finding {
        let experiment = record.experiment
        let address = experiment.hosts[experiment.receiver]?.privateAddress
        let relays = (forwarder?.lanes ?? []).flatMap(\.connections).filter { $0.purpose == "relay" }
        guard let relay = relays.first(where: { $0.streaming != nil }) else {
            guard let last = relays.last else { return missing }
            return (.failed, "\(last.endpoint ?? "the receiver") was not reached: \(last.reason ?? "no reason given")")
        }
        let endpoint = relay.endpoint ?? "?"
        guard experiment.paths.first?.to == .privateAddress, let address else {
            return (.warning, "\(endpoint) was reached, but the path does not go \"to\": \"private\"")
        }
        return (.passed, "\(address) was reached (\(endpoint))")
    }

    /// The receiver has said on which port it listens.
    func listening() -> Finding {
        let checks = record.phases.flatMap(\.checks)
        guard let check = checks.first(where: { $0.name == "listening" }) else { return missing }
        return (check.outcome, "\(check.host ?? record.experiment.receiver) on \(check.detail)")
    }

    /// Events came through, and at what rate.
    func flow() -> Finding {
        guard let receiver else { return missing }
        let arrived = receiver.lanes.reduce(0) { $0 + $1.counts.arrived }
        guard arrived > 0, !samples.isEmpty else { return (.failed, "no event arrived") }
        return (.passed, "\(arrived) events arrived, \(samples.count) of them recorded")
    }

    /// What the forwarder sent, against what arrived and what is missing.
    func accounting() -> Finding {
        guard let receiver else { return missing }
        var parts: [String] = []
        var isWrong = false
        for lane in receiver.lanes {
            guard let totals = lane.senderTotals else {
                return (.failed, "lane \(lane.lane): the forwarder's goodbye with its totals never came")
            }
            let handled = totals.forwarded + totals.dropped + totals.invalid
            let lost = totals.forwarded - (lane.before?.forwarded ?? 0) - lane.counts.arrived
            let dropped = totals.dropped - (lane.before?.dropped ?? 0)
            isWrong = isWrong || totals.received != handled || lost != max(0, lane.counts.missing - dropped)
            parts.append(
                "received \(totals.received) = forwarded \(totals.forwarded) + dropped \(totals.dropped) + invalid "
                    + "\(totals.invalid); arrived \(lane.counts.arrived), lost on the way \(lost)"
            )
        }
        guard !isWrong else { return (.failed, "the sums do not come out: " + parts.joined(separator: "; ")) }
        let relays = (forwarder?.lanes ?? []).flatMap(\.connections).filter { $0.purpose == "relay" }
        let provoked = relays.first { $0.reason?.contains(ConnectionRecord.wasToldToReconnect) == true }
        if let provoked,
            relays.contains(where: { $0.streaming != nil && $0.began.monotonicNs > provoked.began.monotonicNs })
        {
            return (.passed, parts.joined(separator: "; ") + "; across a reconnection that was provoked")
        }
        return (
            .warning,
            parts.joined(separator: "; ") + ". No reconnection was provoked, so the account of one is not proven here"
        )
    }

    /// End-to-end and backbone latency, both from the same events.
    func latencies() -> Finding {
        guard !samples.isEmpty else { return missing }
        let relayed = samples.filter { $0.sourceNs != SampleRecord.absent }
        guard let backbone = Self.quantile(relayed.map { $0.arrivalNs - $0.sourceNs }, 0.5) else {
            return (.failed, "no event carries the forwarder's time")
        }
        let timed = samples.filter { $0.eventTimeNs != SampleRecord.absent }
        let text = String(format: "backbone %.3f ms (median of %d)", Double(backbone) / 1e6, relayed.count)
        guard let whole = Self.quantile(timed.map { $0.arrivalNs - $0.eventTimeNs }, 0.5) else {
            return (.warning, text + "; no end-to-end latency: this stream says no event time")
        }
        return (.passed, String(format: "end to end %.3f ms, ", Double(whole) / 1e6) + text)
    }
}
