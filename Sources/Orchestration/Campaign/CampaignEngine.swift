import ExperimentModel
import Foundation

/// Goes through a campaign from this laptop: one run a slot, each as `latexp run` does it.
///
/// Every change is saved before it has consequences, so that a latexp that is killed leaves a campaign that another can
/// go on with. Cancel the task to interrupt it: the run that goes on is brought to a clean end, and slots to come stay
/// to come.
public struct CampaignEngine: Sendable {
    private let environment: RunEnvironment
    private let options: RunOptions
    private let observer: any RunObserver
    private var ledger: CampaignLedger
    /// When this latexp took the campaign up.
    private let cameSeconds: Double
    /// When the last run of this latexp was over.
    private var busyUntilSeconds: Double?
    private var busySlot = 0

    /// An engine for the campaign in `directory`, which has a manifest.
    ///
    /// - Throws: `OrchestrationError` `storage`.
    public init(
        _ directory: CampaignDirectory,
        environment: RunEnvironment,
        options: RunOptions,
        observer: any RunObserver = SilentObserver()
    ) throws {
        self.environment = environment
        self.options = options
        self.observer = observer
        self.ledger = CampaignLedger(directory, try directory.loadRecord())
        self.cameSeconds = environment.clock.wallSeconds
    }

    private var slots: [CampaignSlot] { ledger.record.slots }

    /// Does every slot that is not over, and reports after each.
    ///
    /// - Throws: `OrchestrationError` when another latexp works on the campaign, or nothing can be saved.
    public mutating func run() async throws -> CampaignOutcome {
        let lock = try ledger.directory.directory.lock()
        defer { lock.release() }
        try? FileManager.default.removeItem(at: ledger.directory.directory.file(CampaignDirectory.stopFile))
        try ledger.update {
            $0.outcome = .running
            $0.reason = nil
        }
        for index in slots.indices where !slots[index].isOver {
            do {
                if slots[index].state == .running {
                    try await takeUp(index)
                } else {
                    try await wait(for: slots[index])
                    if isStopped { return try stopped() }
                    try await begin(index)
                }
            } catch is CancellationError {
                return try interrupted()
            }
            try ledger.report()
            if isStopped { return try stopped() }
            if Task.isCancelled { return try interrupted() }
        }
        _ = try ledger.endIfOver(at: environment.clock.wallSeconds)
        try ledger.report()
        return ledger.outcome()
    }

    // MARK: Waiting

    /// Waits for a slot's time by the wall clock, which may be stepped or go on while the laptop sleeps.
    private func wait(for slot: CampaignSlot) async throws {
        while !isStopped {
            let left = slot.plannedSeconds - environment.clock.wallSeconds
            guard left > 0 else { return }
            observer.waiting(
                "slot \(slot.number) of \(slots.count) begins in \(Self.length(left)), at \(UTC.text(slot.plannedSeconds))"
            )
            try await environment.clock.sleep(for: .seconds(min(left, 1)))
        }
    }

    private var isStopped: Bool { ledger.directory.directory.has(CampaignDirectory.stopFile) }

    private static func length(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        if whole < 120 { return "\(whole) s" }
        return whole < 7_200 ? "\(whole / 60) min" : "\(whole / 3_600) h \(whole % 3_600 / 60) min"
    }

    // MARK: One slot

    private mutating func begin(_ index: Int) async throws {
        let slot = slots[index]
        let now = environment.clock.wallSeconds
        let lateness = CampaignSchedule.lateness(ledger.record.every).seconds
        guard now - slot.plannedSeconds <= lateness else {
            try ledger.settle(index, .missed, whyLate(slot, lateness: lateness, now: now), at: nil)
            tell(index)
            return
        }
        let experiment = CampaignSchedule.experiment(ledger.record, slot)
        let directory = try ledger.directory.store.create(name: experiment.name, at: now)
        try ledger.update { record in
            record.slots[index].state = .running
            record.slots[index].run = "slots/\(directory.id)"
            record.slots[index].beganSeconds = now
        }
        observer.phaseBegan("slot \(slot.number) of \(slots.count): \(directory.id)")
        let outcome = try await RunEngine(
            experiment,
            supplied: ledger.record.supplied,
            directory: directory,
            environment: environment,
            options: options,
            observer: observer
        ).run()
        try judge(index, outcome.error, wasCutShort: outcome.wasCutShort)
    }

    /// Why a slot's time went by: nobody was there, the run before took too long, or the laptop slept.
    private func whyLate(_ slot: CampaignSlot, lateness: Double, now: Double) -> String {
        let latest = slot.plannedSeconds + lateness
        if cameSeconds > latest {
            return "no latexp worked on the campaign at its time; this one came at \(UTC.text(cameSeconds))"
        }
        if let busyUntilSeconds, busyUntilSeconds > latest {
            return "slot \(busySlot) went on until \(UTC.text(busyUntilSeconds))"
        }
        return "the laptop was not awake at its time, or its clock was set; it went on at \(UTC.text(now))"
    }

    /// Comes back to a run whose latexp was gone.
    private mutating func takeUp(_ index: Int) async throws {
        guard let directory = ledger.directory.run(of: slots[index]), directory.has("run.json") else {
            try ledger.settle(index, .missed, "its latexp was gone before anything was begun", at: nil)
            return tell(index)
        }
        observer.phaseBegan("slot \(slots[index].number) of \(slots.count): \(directory.id), taken up again")
        do {
            let outcome = try await RunAttachment(directory, environment: environment, observer: observer).resume()
            try judge(index, outcome.error, wasCutShort: outcome.wasCutShort)
        } catch let error as OrchestrationError where error.code == .invalidInput {
            try await judgeWithoutAgents(index, directory)
        }
    }

    /// Nothing of the run is on any host: it either never began, or all of it is here.
    private mutating func judgeWithoutAgents(_ index: Int, _ directory: RunDirectory) async throws {
        let record = try directory.loadRecord()
        let count = try BlockSchedule.blocks(for: record.experiment, seed: record.experiment.schedule.seed ?? 0).count
        let isWhole = record.blocks.count == count && record.blocks.allSatisfy { !$0.directories.isEmpty }
        guard isWhole else {
            let text = "its latexp was gone before it was measured"
            try ledger.settle(index, record.blocks.isEmpty ? .missed : .failed, text, at: nil)
            return tell(index)
        }
        do {
            _ = try await environment.reporter.analyse(directory)
            _ = try await environment.reporter.report(directory)
            try judge(index, nil)
        } catch {
            try judge(index, OrchestrationError(.measurementFailed, "\(error)", cause: error))
        }
    }

    private mutating func judge(_ index: Int, _ error: OrchestrationError?, wasCutShort: Bool = false) throws {
        busyUntilSeconds = environment.clock.wallSeconds
        busySlot = slots[index].number
        let state: CampaignSlot.State =
            switch error?.code {
            case nil: wasCutShort ? .cutShort : .done
            case .measurementFailed, .interrupted: .failed
            default: .missed
            }
        let reason =
            error.map { $0.code == .interrupted ? "the user interrupted it" : $0.message }
            ?? (wasCutShort ? CampaignText.cutShort : nil)
        try ledger.settle(index, state, reason, at: busyUntilSeconds)
        tell(index)
    }

    private func tell(_ index: Int) {
        let slot = slots[index]
        observer.checked(CampaignText.check(slot, of: slots.count))
    }

    // MARK: Ends before the end

    private mutating func stopped() throws -> CampaignOutcome {
        try CampaignStop.settle(&ledger, at: environment.clock.wallSeconds)
        try? FileManager.default.removeItem(at: ledger.directory.directory.file(CampaignDirectory.stopFile))
        _ = try ledger.endIfOver(at: environment.clock.wallSeconds)
        try ledger.report()
        return ledger.outcome()
    }

    private mutating func interrupted() throws -> CampaignOutcome {
        try ledger.update {
            $0.outcome = .interrupted
            $0.reason = "interrupted; `latexp resume \($0.id)` goes on with the slots to come"
        }
        try ledger.report()
        let text = "interrupted with \(ledger.record.progress); `latexp resume \(ledger.record.id)` goes on"
        return ledger.outcome(OrchestrationError(.interrupted, text))
    }
}
