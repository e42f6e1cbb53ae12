import ExperimentModel
import Foundation

/// What the samples of a short run show.
extension ValidationEvidence {
    /// Data messages came and could be used.
    func events(_ summary: AgentSummary?) -> Finding {
        guard let summary else { return missing() }
        let received = summary.lanes.reduce(0) { $0 + $1.counts.received }
        let reasons = summary.lanes.reduce(into: [String: Int]()) { $0.merge($1.counts.invalid, uniquingKeysWith: +) }
        let invalid = reasons.values.reduce(0, +)
        guard received > 0 else { return (.failed, "no event came: \(lastWord(of: summary, on: "feed"))") }
        guard invalid > 0 else { return (.passed, "\(received) events, all of them usable") }
        let list = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let example = summary.lanes.flatMap(\.invalidExamples).first.map { "; the first: \($0)" } ?? ""
        return (
            invalid * 100 > received ? .failed : .warning, "\(received) events, of them unusable: \(list)\(example)"
        )
    }

    /// Every event has its update id, and its times are where they belong: after the exchange's, not by much.
    func timestamps(_ receivedNs: (SampleRecord) -> Int64) -> Finding {
        guard !samples.isEmpty else { return missing() }
        let withoutID = samples.count { $0.updateID <= 0 }
        guard withoutID == 0 else { return (.failed, "\(withoutID) of \(samples.count) events have no update id") }
        let timed = samples.filter { $0.eventTimeNs != SampleRecord.absent && receivedNs($0) != SampleRecord.absent }
        guard !timed.isEmpty else {
            return record.experiment.feed.hasNoEventTime
                ? (.warning, "\(samples.count) events with update id; this stream says no event time")
                : (.failed, "\(samples.count) events, none with an event time")
        }
        let ages = timed.map { receivedNs($0) &- $0.eventTimeNs }
        let median = Double(Self.quantile(ages, 0.5) ?? 0) / 1e6
        let text = String(
            format: "%d events with update id, %d with event time, taken %.3f ms after it (median)",
            samples.count,
            timed.count,
            median
        )
        if let doubt = Self.doubt(ages) { return (doubt.outcome, "\(text); \(doubt.detail)") }
        return (timed.count == samples.count ? .passed : .warning, text)
    }

    /// What is wrong with times between two events, if anything is.
    ///
    /// The exchange's clock is not ours: it may be ahead by a little, but not by a second.
    private static func doubt(_ delaysNs: [Int64]) -> Finding? {
        let impossible = delaysNs.count { $0 < -1_000_000_000 || $0 > 60_000_000_000 }
        guard impossible == 0 else {
            return (
                .failed,
                "\(impossible) times are more than 1 s before or 60 s after the event: a clock is wrong"
            )
        }
        let negative = delaysNs.count { $0 < 0 }
        return negative == 0 ? nil : (.warning, "\(negative) times are before the event: the clocks disagree")
    }

    /// On each lane, the forwarder's numbers follow each other without a gap.
    func sequence() -> Finding {
        guard !samples.isEmpty else { return missing() }
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
        guard !samples.isEmpty else { return missing(failingIn: "self-test") }
        let delays = samples.filter { $0[keyPath: kernel] != SampleRecord.absent }.map {
            $0[keyPath: user] &- $0[keyPath: kernel]
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
        let isShown = (bound != nil || record.allowUnsynchronised) && withoutKernel * 100 <= samples.count
        let isGood = isShown && bound != nil && selfTests[host] != nil
        return (isGood ? .passed : isShown ? .warning : .failed, parts.joined(separator: ", "))
    }

    /// Arrival minus event time, done by hand on whole nanoseconds, with one example written out.
    func arithmetic() -> Finding {
        guard !samples.isEmpty else { return missing() }
        let timed = samples.filter { $0.eventTimeNs != SampleRecord.absent }
        guard let example = timed.first else {
            return (.warning, "this stream says no event time, so there is no end-to-end latency")
        }
        let latencyNs = example.arrivalNs &- example.eventTimeNs
        let text =
            "\(example.arrivalNs) ns - \(example.eventTimeNs) ns = \(latencyNs) ns = "
            + String(format: "%.6f ms", Double(latencyNs) / 1e6)
        // Between events, the wall clock and the monotonic clock must have gone the same way.
        let steps = zip(samples, samples.dropFirst()).count { first, second in
            let wall = second.arrivalWallNs &- first.arrivalWallNs
            return (wall &- (second.arrivalMonotonicNs &- first.arrivalMonotonicNs)).magnitude > 1_000_000
        }
        guard steps == 0 else { return (.failed, "\(text); the wall clock jumped \(steps) times") }
        if let doubt = Self.doubt(timed.map { $0.arrivalNs &- $0.eventTimeNs }) {
            return (doubt.outcome, "\(text); \(doubt.detail)")
        }
        return (.passed, text)
    }

    /// Events came through, and at what rate.
    func flow() -> Finding {
        guard let receiver else { return missing() }
        let arrived = receiver.lanes.reduce(0) { $0 + $1.counts.arrived }
        guard arrived > 0, !samples.isEmpty else {
            let reason = forwarder.map { "; the forwarder's feed: \(lastWord(of: $0, on: "feed"))" } ?? ""
            return (.failed, "no event arrived\(reason)")
        }
        return (.passed, "\(arrived) events arrived, \(samples.count) of them recorded")
    }

    /// Why a connection ended that brought nothing, as far as the agent knows.
    private func lastWord(of summary: AgentSummary, on purpose: String) -> String {
        let all = summary.lanes.flatMap(\.connections).filter { $0.purpose == purpose && $0.streaming == nil }
        let reasons = all.compactMap(\.reason)
        // The last one was ended by the end of the run, which says nothing of the exchange.
        return reasons.dropLast().last ?? reasons.last ?? "no reason given"
    }

    /// What the forwarder sent, against what arrived and what is missing.
    func accounting() -> Finding {
        guard let receiver else { return missing() }
        var parts: [String] = []
        var isWrong = false
        for lane in receiver.lanes {
            guard let totals = lane.senderTotals else {
                return (.failed, "lane \(lane.lane): the forwarder's goodbye with its totals never came")
            }
            let handled = totals.forwarded &+ totals.dropped &+ totals.invalid
            let lost = totals.forwarded &- (lane.before?.forwarded ?? 0) &- lane.counts.arrived
            let dropped = totals.dropped &- (lane.before?.dropped ?? 0)
            isWrong = isWrong || totals.received != handled || lost != max(0, lane.counts.missing &- dropped)
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
        guard !samples.isEmpty else { return missing() }
        let legs = samples.filter { $0.sourceNs != SampleRecord.absent }.map { $0.arrivalNs &- $0.sourceNs }
        guard let backbone = Self.quantile(legs, 0.5) else {
            return (.failed, "no event carries the forwarder's time")
        }
        let whole = samples.filter { $0.eventTimeNs != SampleRecord.absent }.map { $0.arrivalNs &- $0.eventTimeNs }
        let text = String(format: "backbone %.3f ms (median of %d)", Double(backbone) / 1e6, legs.count)
        guard let endToEnd = Self.quantile(whole, 0.5) else {
            return (.warning, text + "; no end-to-end latency: this stream says no event time")
        }
        let both = String(format: "end to end %.3f ms, ", Double(endToEnd) / 1e6) + text
        if let doubt = Self.doubt(legs) ?? Self.doubt(whole) { return (doubt.outcome, "\(both); \(doubt.detail)") }
        return (.passed, both)
    }
}
