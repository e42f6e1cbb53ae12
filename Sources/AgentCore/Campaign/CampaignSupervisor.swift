import ChildProcesses
import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Goes through a campaign on one host without anybody's help: waits for each task's moment, looks at the clock, runs
/// the task's agent, and writes down what came of it.
///
/// In its directory: `campaign.json` (the plan), `secret`, `tasks.json` (what came of each task, written whole),
/// `log.jsonl`, and a directory for each task. A supervisor that is started again goes on where the last one was; what
/// was due in between is missed.
public final class CampaignSupervisor {
    /// Between two looks at a running agent, and the longest wait before the wall clock is looked at again.
    private static let lookNs: Int64 = 250_000_000
    private static let longestPauseNs: Int64 = 1_000_000_000
    /// For goodbyes after an agent was told to end.
    private static let farewellNs: Int64 = 12_000_000_000

    private let plan: CampaignPlan
    private let directory: String
    private let program: String
    private let around: CampaignSurroundings
    private var records: [CampaignTaskRecord]
    private let encoder = JSONEncoder()

    /// A supervisor that works in `directory` and starts `program` as the agent.
    ///
    /// - Throws: `AgentError` `file` when the directory cannot be written.
    public init(plan: CampaignPlan, directory: String, program: String, around: CampaignSurroundings) throws {
        self.plan = plan
        self.directory = directory
        self.program = program
        self.around = around
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        records = plan.tasks.map { CampaignTaskRecord(slot: $0.slot, block: $0.block) }
        takeOver()
        try save()
    }

    /// Does what is left, to the end or until told to end.
    ///
    /// - Throws: `AgentError` `file` when it cannot write down what came of a task.
    public func run() throws {
        for index in plan.tasks.indices where !records[index].isOver {
            guard waitUntil(plan.tasks[index].startWallNs) else { break }
            try perform(index)
            if around.isToldToEnd() { break }
        }
        if around.isToldToEnd() {
            // Whoever stopped it will read this; what is still to come stays open, for it may be started again.
            note("told to stop")
        }
        try save()
    }

    // MARK: Taking over

    /// Reads what an earlier supervisor wrote; a task that it was in the middle of is judged by what its agent left.
    private func takeOver() {
        let file = URL(filePath: "\(directory)/\(CampaignPlan.statusFile)")
        guard let data = try? Data(contentsOf: file),
            let earlier = try? JSONDecoder().decode(CampaignHostStatus.self, from: data),
            earlier.campaignID == plan.campaignID
        else { return }
        for (index, task) in plan.tasks.enumerated() {
            guard var record = earlier.task(slot: task.slot, block: task.block) else { continue }
            if record.state == .running {
                judge(&record, task, exitStatus: nil, told: "the supervisor was ended while this ran")
            }
            records[index] = record
        }
    }

    // MARK: Waiting

    /// Waits for a moment on the wall clock; false when told to end before it.
    private func waitUntil(_ wallNs: Int64) -> Bool {
        while true {
            if around.isToldToEnd() { return false }
            let leftNs = wallNs - around.wallNs()
            guard leftNs > 0 else { return true }
            // In pieces: the clock may be stepped, and the host may sleep.
            around.pause(min(leftNs, Self.longestPauseNs))
        }
    }

    // MARK: One task

    private func perform(_ index: Int) throws {
        let task = plan.tasks[index]
        var record = records[index]
        defer { records[index] = record }
        let nowNs = around.wallNs()
        if nowNs > task.latestStartWallNs {
            let late = TimeSpan.seconds((nowNs - task.startWallNs) / 1_000_000_000)
            finish(
                &record,
                .missed,
                "nobody was there at its time: the host, or this supervisor, was back \(late) after it"
            )
        } else if let reason = lookAtClock(&record, task) {
            finish(&record, .missed, "clock: \(reason)")
        } else if around.isToldToEnd() {
            return
        } else {
            do {
                let child = try start(task)
                record.state = .running
                record.beganWallNs = around.wallNs()
                records[index] = record
                try save()
                watch(child, task, &record)
            } catch let error as AgentError {
                finish(&record, .missed, error.message)
            }
        }
        records[index] = record
        try save()
    }

    /// Why the clock is not good enough, or nil when it is, or is allowed not to be.
    private func lookAtClock(_ record: inout CampaignTaskRecord, _ task: CampaignTask) -> String? {
        guard let arguments = plan.chronyc else { return nil }
        let limitNs = min(task.latestStartWallNs, task.startWallNs + plan.clock.wait.ns)
        while true {
            let reading = around.readClock(arguments)
            record.clockBefore = reading
            guard case .bad(let reason) = ClockVerdict.judge(reading, maxError: plan.clock.maxError) else { return nil }
            if plan.allowsUnsynchronisedClocks {
                record.reason = "clock not verified: \(reason)"
                return nil
            }
            guard around.wallNs() < limitNs, !around.isToldToEnd() else { return reason }
            around.pause(Self.longestPauseNs)
        }
    }

    /// Starts a task's agent in its folder: a process of the same group, so that whoever ends the supervisor's ends it,
    /// too.
    ///
    /// It inherits the launcher's lock: as long as it lives the supervisor's directory counts as in use.
    private func start(_ task: CampaignTask) throws -> ChildProcess {
        let folder = "\(directory)/\(task.directory)"
        let manager = FileManager.default
        do {
            if manager.fileExists(atPath: folder) { try manager.removeItem(atPath: folder) }
            try manager.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try encoder.encode(task.plan).write(to: URL(filePath: "\(folder)/plan.json"), options: .atomic)
        } catch {
            throw AgentError(.file, "cannot prepare \(folder): \(error)")
        }
        let verb = task.plan.role == .receive ? "receive" : "forward"
        do throws(SpawnError) {
            return try ChildProcess(
                program,
                [verb, "--plan", "plan.json"],
                environment: ProcessInfo.processInfo.environment,
                output: .file("out.log"),
                errors: .file("err.log"),
                directory: folder,
                company: .shared
            )
        } catch {
            throw AgentError(.file, error.description)
        }
    }

    /// The exit status of an agent that has ended, 128 + n after signal n, 255 when nobody knows; nil while it runs.
    private static func endedStatus(_ child: ChildProcess) -> Int32? {
        guard child.hasEnded else { return nil }
        return child.exitStatus ?? child.endingSignal.map { 128 + $0 } ?? 255
    }

    /// Looks after a running agent to its end, which it brings about if need be.
    private func watch(_ child: ChildProcess, _ task: CampaignTask, _ record: inout CampaignTaskRecord) {
        let folder = "\(directory)/\(task.directory)"
        let beganNs = around.wallNs()
        let readyUntilNs = min(beganNs + plan.readyLimit.ns, task.endWallNs)
        let patience = TimeSpan.seconds((readyUntilNs - beganNs + 500_000_000) / 1_000_000_000)
        var isReady = false
        var told: String?
        var killAtNs = Int64.max
        while true {
            if let status = Self.endedStatus(child) {
                judge(&record, task, exitStatus: status, told: told)
                break
            }
            let nowNs = around.wallNs()
            if told == nil {
                if !isReady, let status = agentStatus(folder) {
                    isReady = Self.isReady(status, task.plan)
                    if isReady, task.plan.role == .receive { touch("\(folder)/go") }
                }
                if around.isToldToEnd() {
                    told = "stopped"
                } else if !isReady, nowNs >= readyUntilNs {
                    told = Self.notReady(agentStatus(folder), task.plan, limit: patience)
                } else if nowNs >= task.endWallNs {
                    told = "not over when its time was"
                }
                if told != nil {
                    child.signal(SIGTERM)
                    killAtNs = nowNs + Self.farewellNs
                }
            } else if nowNs >= killAtNs {
                child.signal(SIGKILL)
            }
            around.pause(Self.lookNs)
        }
        if let arguments = plan.chronyc { record.clockAfter = around.readClock(arguments) }
    }

    // MARK: Judging

    /// The receiver is ready when every direct lane brings events and every relayed one has brought one; a forwarder,
    /// when it says so.
    static func isReady(_ status: AgentStatus, _ plan: AgentPlan) -> Bool {
        guard status.state != .starting, status.state != .failed else { return false }
        guard plan.role == .receive else { return true }
        let relayed = Set(plan.paths.filter { $0.kind == .relay }.map(\.name))
        return status.lanes.filter { relayed.contains($0.path) }.allSatisfy { $0.counts.arrived > 0 }
    }

    /// What was waited for in vain, with the lanes' own reasons.
    private static func notReady(_ status: AgentStatus?, _ plan: AgentPlan, limit: TimeSpan) -> String {
        guard let status else { return "its agent said nothing within \(limit)" }
        let relayed = Set(plan.paths.filter { $0.kind == .relay }.map(\.name))
        let lanes = status.lanes.compactMap { lane -> String? in
            let failure = lane.lastFailure.map { ": \($0)" } ?? ""
            if plan.role == .receive, relayed.contains(lane.path) {
                guard lane.counts.arrived == 0 else { return nil }
                return "\(lane.path) lane \(lane.lane): no event came from its forwarder"
            }
            if let relay = lane.relayState, relay != .streaming {
                return "\(lane.path) lane \(lane.lane): its receiver is not reached (\(relay.rawValue))\(failure)"
            }
            guard lane.state != .streaming else { return nil }
            return "\(lane.path) lane \(lane.lane): \(lane.state.rawValue)\(failure)"
        }
        return "not ready within \(limit)" + (lanes.isEmpty ? "" : "; " + lanes.prefix(4).joined(separator: "; "))
    }

    /// Judges an agent that has ended by what it left.
    private func judge(
        _ record: inout CampaignTaskRecord,
        _ task: CampaignTask,
        exitStatus: Int32?,
        told: String?
    ) {
        record.exitStatus = exitStatus
        let file = URL(filePath: "\(directory)/\(task.directory)/summary.json")
        let summary = (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(AgentSummary.self, from: $0) }
        guard let summary else {
            let end = exitStatus.map {
                (129..<255).contains($0) ? "was ended by signal \($0 - 128)" : "ended with status \($0)"
            }
            return finish(&record, .failed, told ?? "its agent \(end ?? "left nothing") and left no summary")
        }
        if summary.state == .failed { return finish(&record, .failed, summary.reason) }
        let isWhole = task.plan.role == .forward || summary.window != nil
        if isWhole, told == nil || exitStatus == nil { return finish(&record, .done, record.reason) }
        finish(&record, .failed, told ?? summary.reason)
    }

    private func finish(_ record: inout CampaignTaskRecord, _ state: CampaignTaskRecord.State, _ reason: String?) {
        record.state = state
        record.reason = reason
        record.endedWallNs = around.wallNs()
        note("slot \(record.slot) block \(record.block) \(state.rawValue)\(reason.map { ": \($0)" } ?? "")")
    }

    // MARK: Files

    private func agentStatus(_ folder: String) -> AgentStatus? {
        guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/status.json")) else { return nil }
        return try? JSONDecoder().decode(AgentStatus.self, from: data)
    }

    private func touch(_ path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    private func save() throws {
        let status = CampaignHostStatus(
            campaignID: plan.campaignID,
            host: plan.host,
            atWallNs: around.wallNs(),
            tasks: records
        )
        do {
            try encoder.encode(status).write(
                to: URL(filePath: "\(directory)/\(CampaignPlan.statusFile)"),
                options: .atomic
            )
        } catch {
            throw AgentError(.file, "cannot write \(directory)/\(CampaignPlan.statusFile): \(error)")
        }
    }

    /// A line on standard error, which the launcher keeps in a file.
    private func note(_ text: String) {
        let line = Array("\(around.wallNs() / 1_000_000_000) \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}
