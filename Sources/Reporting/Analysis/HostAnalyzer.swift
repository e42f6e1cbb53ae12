import ExperimentModel

/// Collects what is known of each host and judges its clock over the whole run.
enum HostAnalyzer {
    static func analyze(_ data: RunData) -> [HostAnalysis] {
        let experiment = data.record.experiment
        return experiment.participatingHosts.map { name in
            let record = data.record.hosts[name]
            return HostAnalysis(
                name: name,
                role: name == experiment.receiver ? .receive : .forward,
                facts: record?.facts,
                region: record?.facts?.region ?? experiment.hosts[name]?.region,
                agentSHA256: record?.agentSHA256,
                clock: clock(of: name, record, data)
            )
        }
    }

    private static func clock(of host: String, _ record: HostRecord?, _ data: RunData) -> ClockAnalysis {
        let during = data.blocks.flatMap { $0.clocks[host] ?? [] }
        let readings = ([record?.clockBefore] + during.map(Optional.some) + [record?.clockAfter]).compactMap { $0 }
        // Agents of all hosts end with the window, or soon after.
        let endNs = data.blocks.compactMap(\.window?.end.wallNs).max()
        let worst = worstBound(readings, until: endNs)
        let summaries = data.blocks.compactMap { block in
            host == data.record.experiment.receiver ? block.receiver : block.forwarders[host]
        }
        let steps = summaries.flatMap(\.clockSteps)
        let offsets = readings.compactMap { $0.tracking.map { $0.systemOffsetSeconds * 1e9 } }
        return ClockAnalysis(
            readings: readings.count,
            worstBoundNs: worst?.boundNs,
            driftNs: worst?.driftNs,
            phcErrorNs: readings.compactMap(\.phcErrorNs).max(),
            behindNs: offsets.isEmpty ? nil : offsets.reduce(0, +) / Double(offsets.count),
            beforeNs: record?.clockBefore?.boundSeconds.map { $0 * 1e9 },
            afterNs: record?.clockAfter?.boundSeconds.map { $0 * 1e9 },
            problem: problem(readings, maxError: data.record.experiment.clock.maxError),
            stepsNs: steps.map(\.stepNs),
            events: events(readings, steps, data, before: record?.clockBefore?.boundSeconds)
        )
    }

    /// The largest bound at any time.
    private static func worstBound(
        _ readings: [ClockReading],
        until endNs: Int64?
    ) -> (boundNs: Double, driftNs: Double)? {
        bounds(of: readings, until: endNs).map { ($0.boundNs, $0.driftNs) }.max { $0.0 < $1.0 }
    }

    /// Each reading's bound, grown by what the clock may drift until the next one, and how much that is.
    ///
    /// A reading that chrony did not answer bounds nothing: the one before it goes on, and the last one to the end of
    /// what was measured.
    static func bounds(
        of readings: [ClockReading],
        until endNs: Int64? = nil
    ) -> [(atNs: Int64, boundNs: Double, driftNs: Double)] {
        let answered = readings.filter { $0.boundSeconds != nil }
        return answered.indices.compactMap { index in
            guard let bound = answered[index].boundSeconds else { return nil }
            let atNs = answered[index].at.wallNs
            let nextNs = index + 1 < answered.count ? answered[index + 1].at.wallNs : endNs ?? atNs
            let drift = answered[index].driftRate * max(0, Double(nextNs) - Double(atNs))
            return (atNs, bound * 1e9 + drift, drift)
        }
    }

    /// Steps, losses of synchronisation and growth of the bound, with their times.
    private static func events(
        _ readings: [ClockReading],
        _ steps: [ClockStep],
        _ data: RunData,
        before: Double?
    ) -> [ClockEvent] {
        // The windows are on the receiver's clock; to the tenths of seconds that matter here all hosts agree.
        let startNs = data.blocks.lazy.compactMap(\.window?.start.wallNs).first ?? readings.first?.at.wallNs ?? 0
        func seconds(_ at: Timestamp) -> Double { Double(at.wallNs - startNs) / 1e9 }
        var events = steps.map {
            ClockEvent(
                kind: .stepped,
                seconds: seconds($0.at),
                text: "the wall clock jumped by \(Format.time(Double($0.stepNs)))"
            )
        }
        var isGood = true
        var hasGrown = false
        for reading in readings {
            switch ClockVerdict.judge(reading, maxError: data.record.experiment.clock.maxError) {
            case .good where !isGood:
                events.append(ClockEvent(kind: .regained, seconds: seconds(reading.at), text: "verified again"))
                isGood = true
            case .bad(let reason) where isGood:
                events.append(ClockEvent(kind: .lost, seconds: seconds(reading.at), text: reason))
                isGood = false
            case .good, .bad: break
            }
            guard let before, let bound = reading.boundSeconds, bound > 2 * before, bound > 1e-4, !hasGrown else {
                continue
            }
            hasGrown = true
            let text = "the bound grew from \(Format.time(before * 1e9)) to \(Format.time(bound * 1e9))"
            events.append(ClockEvent(kind: .boundGrew, seconds: seconds(reading.at), text: text))
        }
        return events.sorted { $0.seconds < $1.seconds }
    }

    /// Why the clock is not verified: the first reading that the run's gate would not have let pass.
    private static func problem(_ readings: [ClockReading], maxError: TimeSpan) -> String? {
        guard !readings.isEmpty else { return "its clock was never read" }
        for reading in readings {
            if case .bad(let reason) = ClockVerdict.judge(reading, maxError: maxError) { return reason }
        }
        return nil
    }
}
