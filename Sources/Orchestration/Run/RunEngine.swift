import ExperimentModel
import Foundation
import RemoteHosts

/// Takes a run through its phases, and always to a clean end.
///
/// Cancel the task that called ``run()`` to interrupt the run: agents are stopped, what exists is brought home, the
/// hosts are cleaned, and the manifest says `interrupted`.
public struct RunEngine: Sendable {
    /// How far a run goes.
    public enum Extent: Sendable {
        /// Everything.
        case complete
        /// Up to the clocks, and whether forwarders reach the receiver; nothing is put on the hosts.
        case check
        /// Everything and the agents' measurement of themselves, but neither analysis nor reports.
        ///
        /// A validation judges what was measured itself.
        case validation
    }

    private let session: RunSession
    private let extent: Extent

    /// A run of `experiment` in the new directory `directory`.
    ///
    /// - Parameters:
    ///   - supplied: the experiment as the user wrote it.
    ///   - extent: how far to go.
    public init(
        _ experiment: Experiment,
        supplied: JSONValue,
        directory: RunDirectory,
        environment: RunEnvironment,
        options: RunOptions = RunOptions(),
        extent: Extent = .complete,
        observer: any RunObserver = SilentObserver()
    ) {
        let record = RunRecord(
            id: directory.id,
            version: LatexpVersion.text,
            arguments: options.arguments,
            beganSeconds: environment.clock.wallSeconds,
            supplied: supplied,
            experiment: experiment,
            allowUnsynchronised: options.allowsUnsynchronisedClocks || options.isLocal
        )
        self.session = RunSession(
            environment: environment,
            directory: directory,
            record: record,
            options: options,
            observer: observer
        )
        self.extent = extent
    }

    /// A run that began earlier, attached to again.
    init(session: RunSession, extent: Extent = .complete) {
        self.session = session
        self.extent = extent
    }

    /// Goes through all phases.
    ///
    /// - Throws: `OrchestrationError` when the directory belongs to another latexp; everything later is in the outcome.
    public func run() async throws -> RunOutcome {
        let lock = try session.directory.lock()
        defer { lock.release() }
        return await session.conclude(extent: extent) { session in
            try await session.performPhases(extent: extent)
        }
    }

    /// Goes on with a run whose agents were started earlier: watches, collects, reports.
    func resume() async -> RunOutcome {
        await session.conclude(extent: extent) { session in
            try await session.performRemainingPhases()
        }
    }
}

extension RunSession {
    /// The phases from the start, in order.
    func performPhases(extent: RunEngine.Extent) async throws {
        try await perform(PlanPhase())
        try await perform(ConnectPhase(showsWarnings: extent == .check))
        try await perform(InspectPhase(showsAll: extent == .check))
        if extent == .check {
            if !experiment.forwarders.isEmpty { try await perform(ReachPhase()) }
            return try await perform(ClockPhase())
        }
        try await perform(PushPhase())
        try await perform(ClockPhase())
        if extent == .validation { try await perform(SelfTestPhase()) }
        for block in blocks {
            try await perform(StartReceiverPhase(block: block))
            if !block.forwarders.isEmpty { try await perform(StartForwardersPhase(block: block)) }
            try await perform(MeasurePhase(block: block))
            try await perform(CollectPhase(block: block))
        }
        try await perform(ClockAfterPhase())
    }

    /// The phases after the agents' start, for the block that was running when the laptop was lost.
    func performRemainingPhases() async throws {
        try await perform(ConnectPhase())
        try await expectStartedAgents()
        for block in blocks where placements.contains(where: { $0.block == block.number && !$0.isCollected }) {
            // Where only a forwarder's files are missing, there is nothing left to watch.
            if placements.contains(where: { $0.block == block.number && $0.role == .receive }) {
                try await perform(MeasurePhase(block: block))
            }
            try await perform(CollectPhase(block: block))
        }
        try await perform(ClockAfterPhase())
    }

    /// Does `work`, then whatever must be done whether it succeeded or not, and says how it all came out.
    func conclude(
        extent: RunEngine.Extent,
        _ work: @Sendable (isolated RunSession) async throws -> Void
    ) async -> RunOutcome {
        var failure: (any Error)?
        do { try await work(self) } catch { failure = error }
        let wasInterrupted = failure is CancellationError || (failure != nil && Task.isCancelled)
        // A task of its own: what follows must happen although this one may be cancelled.
        let firstFailure = failure
        await Task {
            if wasInterrupted { await self.findUnreachable() }
            await self.close(after: firstFailure, extent)
        }.value
        if extent == .complete, !wasInterrupted { failure = await analyse(after: failure) }
        return finish(failure, wasInterrupted: wasInterrupted, wasCutShort: extent != .check && !isWhole)
    }

    /// Stops and collects what a failure left running, cleans the hosts, ends connections and the simulated world.
    private func close(after failure: (any Error)?, _ extent: RunEngine.Extent) async {
        if failure != nil {
            for block in blocks where placements.contains(where: { $0.block == block.number && !$0.isCollected }) {
                try? await perform(CollectPhase(block: block, afterFailure: true))
            }
        }
        if !hosts.isEmpty, extent != .check { try? await perform(CleanUpPhase()) }
        for host in hosts.values { await host.close() }
        await lab?.stop()
    }

    /// Results, also of a measurement that failed half-way, as far as its samples go.
    private func analyse(after failure: (any Error)?) async -> (any Error)? {
        let hasSamples = record.blocks.contains { block in
            block.directories[experiment.receiver].map { directory.has("\($0)/samples.bin") } ?? false
        }
        guard failure == nil || hasSamples else { return failure }
        do {
            // The analysis says whether the measurement came to its end.
            let isWhole = self.isWhole
            try update { $0.outcome = failure != nil ? .failed : isWhole ? .done : .interrupted }
            try await perform(AnalysePhase())
            try await perform(ReportPhase())
            return failure
        } catch {
            return failure ?? error
        }
    }

    /// What an interrupted run leaves, and what can be done with it.
    private var interruptionText: String {
        let name = directory.commandName
        let left = Set(placements.filter { !$0.isCollected }.map(\.host)).sorted()
        if !left.isEmpty {
            let hosts = left.map { unreachable.contains($0) ? "\($0) (not reached)" : $0 }.joined(separator: ", ")
            return "interrupted; not all is home: the agents on \(hosts) end by themselves at their deadline, and "
                + "`latexp resume \(name)` then brings home what they wrote"
        }
        let hasSamples = record.blocks.contains { $0.directories[experiment.receiver] != nil }
        guard hasSamples else {
            return "interrupted before anything was measured; \(directory.url.path) says how far it came"
        }
        return "interrupted; what was measured is in \(directory.url.path); `latexp report \(name)` analyses it"
    }

    /// What a run came to.
    ///
    /// One that was cut short from elsewhere has results, and still is not what was asked for: it counts as interrupted,
    /// without an error.
    private func finish(_ failure: (any Error)?, wasInterrupted: Bool, wasCutShort: Bool) -> RunOutcome {
        var error: OrchestrationError? =
            if wasInterrupted {
                OrchestrationError(.interrupted, interruptionText)
            } else {
                failure.map { $0 as? OrchestrationError ?? OrchestrationError(.measurementFailed, "\($0)", cause: $0) }
            }
        let measured: CommandStatus =
            wasCutShort ? .interrupted : analysis?.isUsable == false ? .verdictUnusable : .done
        let status = error?.code.exitStatus ?? measured
        let ended = environment.clock.wallSeconds
        do {
            try update { record in
                record.endedSeconds = ended
                record.outcome =
                    wasInterrupted ? .interrupted : error != nil ? .failed : wasCutShort ? .interrupted : .done
                record.exitStatus = status.rawValue
            }
        } catch let unsaved {
            // Without its last words the manifest says that the run goes on.
            error = error ?? Self.failure(unsaved, host: "the manifest", code: .storage)
        }
        return RunOutcome(
            directory: directory,
            record: record,
            status: error?.code.exitStatus ?? status,
            error: error
        )
    }
}
