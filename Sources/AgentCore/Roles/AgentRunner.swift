import CSockets
import ExperimentModel
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs one agent from its plan to its summary.
///
/// The files in its directory: `status.json` each second, `ports.json` once it listens, `log.jsonl`, `clock.jsonl`,
/// `tcp.jsonl`, `samples.bin` while it runs, and `summary.json` as the last thing. The file `go` there opens the
/// measured window; the file `reconnect` breaks a forwarder's relay connections off once.
public final class AgentRunner {
    /// The reason for the end of an agent that a signal ended.
    private static let wasTold = "told to stop"
    /// The shortest slice that Linux grants.
    private static let sliceNs: UInt64 = 100_000
    /// So long after a connection came, what is used is what will be used.
    private static let settlingNs: Int64 = 2_500_000_000
    /// Certificates and first handshakes, one after the other: none stands on top of the one before.
    ///
    /// What comes after the first connections goes back as after every other.
    private static let givesBackAfterNs: [Int64] = [0, 300_000_000, 1_000_000_000]
    /// For goodbyes after the deadline; then comes the end in any case, before the launcher's own.
    private static let farewellNs: Int64 = 20_000_000_000

    private let context: AgentContext
    private let role: any AgentRole
    private let started: Timestamp
    private var sampler: ClockSampler?
    private var failure: String?
    private var deadlineNs: Int64
    private var standstills = StandstillWatch()
    /// The connections of all lanes when pages of the program were last given back, or are about to be.
    private var connectionsSeen = 0
    private var givesBackSoon = false
    private let encoder: JSONEncoder
    private let progress: ((AgentStatus) -> Void)?
    private let notice: ((String) -> Void)?

    /// Prepares an agent that works in `directory`, which must exist; `progress` hears each status that is written,
    /// `notice` what else a person should know.
    ///
    /// - Throws: `AgentError` for a plan that cannot be followed, `TransportError` for a port that cannot be had.
    public init(
        plan: AgentPlan,
        directory: String,
        progress: ((AgentStatus) -> Void)? = nil,
        notice: ((String) -> Void)? = nil
    ) throws {
        self.progress = progress
        self.notice = notice
        let secret = try plan.secretFile.map { try SecretFile.read($0.hasPrefix("/") ? $0 : "\(directory)/\($0)") }
        context = try AgentContext(plan: plan, directory: directory, secret: secret)
        role = plan.role == .forward ? ForwardAgent(context: context) : ReceiveAgent(context: context)
        started = context.now
        deadlineNs = started.monotonicNs + plan.deadline.ns
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// Runs to the end and writes the summary.
    ///
    /// - Returns: the summary, which is on disk too.
    /// - Throws: whatever kept the agent from starting; its status file says so as well.
    public func run() throws -> AgentSummary {
        Termination.listen()
        // Reading arguments and plan is over; trusted certificates come next, and shall not stand on top of that.
        ProgramPages.giveBack()
        context.log.write(.info, "start", ["role": context.plan.role.rawValue, "version": LatexpVersion.text])
        askForShortSlices()
        do {
            try startSampler()
            try role.start()
            writePorts()
        } catch {
            failure = "\(error)"
            context.log.writeEnd(["reason": "\(error)"])
            writeStatus()
            context.writer.finish()
            throw error
        }
        writeStatus()
        scheduleTick()
        scheduleSecond()
        for delayNs in Self.givesBackAfterNs { context.loop.schedule(afterNs: delayNs) { ProgramPages.giveBack() } }
        context.loop.run(patienceNs: 100_000_000, waiting: context.plan.waiting) { [self] in
            role.isOver || failure != nil
        }
        return finish()
    }

    /// Has this thread run sooner after it wakes up while something else burns its core.
    ///
    /// Where the kernel does not know that (Linux before 6.12), all else is done to keep the times right. Whether it
    /// also comes before others is for the plan to say: a process that trades beside it may be dearer to the host's
    /// owner.
    private func askForShortSlices() {
        var niceness = context.plan.niceness.map { Int32(clamping: $0) } ?? Int32.min
        let code = latexp_ask_for_slice(Self.sliceNs, &niceness)
        let answer = code == 0 ? "granted" : code == ENOTSUP ? "not supported by this kernel" : systemMessage(code)
        let facts = ["microseconds": "\(Self.sliceNs / 1_000)", "answer": answer, "niceness": "\(niceness)"]
        context.log.write(.info, "slice", facts)
        guard let asked = context.plan.niceness, asked != Int(niceness) else { return }
        context.log.write(.warning, "niceness", ["asked": "\(asked)", "got": "\(niceness)"])
        notice?("warning: niceness \(asked) was refused (it is \(niceness)): below zero takes root, or CAP_SYS_NICE")
    }

    private func startSampler() throws {
        guard let arguments = context.plan.chronyc else { return }
        sampler = try ClockSampler(
            arguments: arguments,
            interval: context.plan.clockInterval,
            loop: context.loop
        ) { [weak self] in self?.note($0) }
    }

    private func note(_ reading: ClockReading) {
        context.clock = reading
        append(reading, to: "clock.jsonl")
    }

    private func scheduleTick() {
        let dueNs = HostClock.monotonicNs() + 100_000_000
        context.loop.schedule(atMonotonicNs: dueNs) { [weak self] in
            guard let self else { return }
            look(dueNs: dueNs)
            // Before the work, so that a process that is stopped in it finds its next call late.
            scheduleTick()
            tick()
        }
    }

    /// Notes when this process was not run, so that nobody takes that for the network's delay.
    private func look(dueNs: Int64) {
        guard let found = standstills.called(dueMonotonicNs: dueNs, now: context.now) else { return }
        context.log.write(.warning, "standstill", ["milliseconds": "\(found.ns / 1_000_000)"])
    }

    private func tick() {
        if Termination.isRequested { role.finish(Self.wasTold) }
        if HostClock.monotonicNs() > deadlineNs {
            role.finish("the deadline of the run has passed")
            if context.plan.start == .atFirstEvent, context.plan.role == .receive, role.window == nil {
                failure = "no event came within \(context.plan.deadline)"
            }
            if HostClock.monotonicNs() > deadlineNs + Self.farewellNs { failure = "the deadline of the run has passed" }
        }
        // A forwarder does not look with every read, as a receiver does: nothing may keep its events waiting.
        context.observeClock(atNs: HostClock.monotonicNs())
        if access("\(context.directory)/go", F_OK) == 0 { role.go() }
        // Once for each time that the laptop makes the file.
        if unlink("\(context.directory)/\(AgentPlan.reconnectFile)") == 0 {
            role.breakRelays(ConnectionRecord.wasToldToReconnect)
        }
        role.tick()
    }

    private func scheduleSecond() {
        context.loop.schedule(afterNs: 1_000_000_000) { [weak self] in
            guard let self else { return }
            role.everySecond()
            writeStatus()
            for state in role.tcpStates() { append(state, to: "tcp.jsonl") }
            scheduleSecond()
        }
    }

    private func writeStatus() {
        var status = AgentStatus(
            runID: context.plan.runID,
            host: context.plan.host,
            role: context.plan.role,
            state: failure == nil ? role.state : .failed,
            message: failure ?? context.writer.sampleAccount.failure ?? role.message,
            at: context.now,
            window: role.window,
            lanes: role.laneStatuses(),
            clock: context.clock
        )
        status.differenceMedianMs = role.difference?.medianMs
        status.differencePairs = role.difference?.pairs
        status.ports = role.ports.isEmpty ? nil : role.ports
        status.recordingFailure = context.writer.failure
        status.standstill = standstills.newest
        let strangers = role.strangers
        status.strangers = strangers.isEmpty ? nil : strangers
        if let bytes = try? encoder.encode(status) { context.writer.replace("status.json", with: Array(bytes)) }
        progress?(status)
        giveBackAfterConnecting(status.lanes)
    }

    /// A new connection, and what ended the one before, used code that nothing needs while events flow: over hours of faults
    /// all of it would come together in memory.
    private func giveBackAfterConnecting(_ lanes: [LaneStatus]) {
        let connections = lanes.reduce(0) { $0 + $1.connections }
        guard connections != connectionsSeen, !givesBackSoon else { return }
        connectionsSeen = connections
        givesBackSoon = true
        context.loop.schedule(afterNs: Self.settlingNs) { [weak self] in
            self?.givesBackSoon = false
            ProgramPages.giveBack()
        }
    }

    private func writePorts() {
        guard !role.ports.isEmpty, let bytes = try? encoder.encode(role.ports) else { return }
        context.writer.replace("ports.json", with: Array(bytes))
    }

    private func append(_ value: some Encodable, to file: String) {
        guard var bytes = try? encoder.encode(value) else { return }
        bytes.append(UInt8(ascii: "\n"))
        context.writer.append(Array(bytes), to: file)
    }

    /// Ends the threads and writes the summary as the last file, so that whoever sees it finds everything else
    /// complete.
    private func finish() -> AgentSummary {
        for reading in sampler?.finish() ?? [] { note(reading) }
        if context.plan.chronyc != nil { note(ClockSampler.read(arguments: context.plan.chronyc ?? [])) }
        role.recorder?.flush()
        context.log.writeEnd(["reason": failure ?? role.message ?? ""])
        writeStatus()
        let waiting = role.recorder?.count ?? 0
        context.writer.finish()
        let account = context.writer.sampleAccount
        var summary = AgentSummary(
            plan: context.plan,
            agentVersion: LatexpVersion.text,
            state: failure == nil ? .finished : .failed,
            reason: account.failure ?? failure ?? role.message ?? "finished",
            started: started,
            ended: context.now,
            window: role.window,
            lanes: role.laneSummaries(),
            strangers: role.strangers,
            clockSteps: context.clockSteps.steps,
            receiveTimeSource: role.receiveTimes.source,
            sampleCount: account.written,
            samplesNotWritten: max(account.notWritten, waiting - account.written)
        )
        summary.recordingFailure = context.writer.failure
        summary.stoppedBy = role.message == Self.wasTold ? Termination.signalName : nil
        summary.standstills = standstills.found.isEmpty ? nil : standstills.found
        SummaryFile.write(summary, directory: context.directory, encoder: encoder)
        return summary
    }
}
