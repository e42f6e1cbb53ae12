import ExperimentModel

/// Writes down what the hosts did by themselves.
struct SlotPhase: RunPhase {
    let slot: CampaignSlot
    let found: CampaignCollector.Findings

    func name(for experiment: Experiment) -> String { "slot \(slot.number)" }

    func perform(in session: isolated RunSession) async throws {
        for (host, tasks) in found.tasks.sorted(by: { $0.key < $1.key }) {
            for task in tasks {
                note(task, host, in: session)
            }
        }
    }

    private func note(_ task: CampaignTaskRecord, _ host: String, in session: isolated RunSession) {
        if let reading = task.clockBefore {
            switch ClockVerdict.judge(reading, maxError: session.experiment.clock.maxError) {
            case .good: session.note(CheckRecord(host: host, "clock", .passed, ClockAsker.describe(reading)))
            case .bad(let reason):
                session.note(CheckRecord(host: host, "clock", .warning, reason))
                session.warn("clock not verified on \(host): \(reason)")
            }
        }
        if let reading = task.clockAfter,
            case .bad(let reason) = ClockVerdict.judge(reading, maxError: session.experiment.clock.maxError)
        {
            session.note(CheckRecord(host: host, "clock after", .warning, reason))
            session.warn("clock not verified on \(host) after the measurement: \(reason)")
        }
        let began = task.beganWallNs.map { "began \(UTC.text(Double($0) / 1e9)), " } ?? ""
        let text = began + task.state.rawValue + (task.reason.map { ": \($0)" } ?? "")
        session.note(CheckRecord(host: host, "agent", task.state == .done ? .passed : .warning, text))
    }
}
