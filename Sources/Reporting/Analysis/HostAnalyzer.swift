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
        let bounds = readings.compactMap { $0.tracking.map { $0.boundSeconds * 1e9 } }
        let summaries = data.blocks.compactMap { block in
            host == data.record.experiment.receiver ? block.receiver : block.forwarders[host]
        }
        return ClockAnalysis(
            readings: readings.count,
            worstBoundNs: bounds.max(),
            beforeNs: record?.clockBefore?.tracking.map { $0.boundSeconds * 1e9 },
            afterNs: record?.clockAfter?.tracking.map { $0.boundSeconds * 1e9 },
            problem: problem(readings, maxError: data.record.experiment.clock.maxError),
            stepsNs: summaries.flatMap(\.clockSteps).map(\.stepNs)
        )
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
