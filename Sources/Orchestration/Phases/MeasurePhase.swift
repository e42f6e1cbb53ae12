import ExperimentModel
import Foundation
import RemoteHosts

/// Tells the agents to begin, and watches until the receiver has finished.
///
/// The laptop only watches: a lost connection is tried again, with growing pauses, until the agents' own deadline.
struct MeasurePhase: RunPhase {
    let block: BlockPlan

    func name(for experiment: Experiment) -> String { "measure" + block.suffix }

    func perform(in session: isolated RunSession) async throws {
        let placements = session.placements.filter { $0.block == block.number }
        try await tellToGo(placements, in: session)
        let end = try await watch(placements, in: session)
        for path in block.paths {
            let lanes = end.lanes.filter { $0.path == path.name }
            let arrived = lanes.reduce(0) { $0 + $1.counts.arrived }
            let planned = lanes.reduce(0) { $0 + ($1.plannedReplacements ?? 0) }
            let lost = lanes.reduce(0) { $0 + $1.reconnections }
            let again =
                (lost > 0 ? ", \(lost) \(lost == 1 ? "reconnection" : "reconnections")" : "")
                + (planned > 0 ? ", \(planned) planned \(planned == 1 ? "replacement" : "replacements")" : "")
            session.note(
                CheckRecord(
                    host: end.host,
                    path.name,
                    arrived > 0 ? .passed : .warning,
                    "\(arrived) events on \(lanes.count) \(lanes.count == 1 ? "lane" : "lanes")\(again)"
                )
            )
        }
    }

    /// Creates the file `go` everywhere; again does no harm, so a resumed run may do it, too.
    private func tellToGo(_ placements: [Placement], in session: isolated RunSession) async throws {
        let directories = Dictionary(placements.map { ($0.host, $0.directory) }) { first, _ in first }
        _ = try await session.onEachHost(Array(directories.keys).sorted(), "go", failure: .measurementFailed) {
            handle in
            let command = RemoteCommand(
                HostScripts.go,
                arguments: [directories[handle.name] ?? ""],
                isIdempotent: true
            )
            try await handle.host.run(command).checked(host: handle.name, command: command)
        }
    }

    /// Between two drawings of the live view.
    private static let redrawInterval = Duration.milliseconds(250)

    /// Follows each agent in a task of its own, so that a host that is not reached holds nobody up, and draws.
    ///
    /// Returns the receiver's last status.
    private func watch(_ placements: [Placement], in session: isolated RunSession) async throws -> AgentStatus {
        let clock = session.environment.clock
        let schedule = session.experiment.schedule
        let begin = clock.elapsed
        let limit =
            AgentPlans.deadline(warmUp: schedule.warmUp, duration: block.duration).duration + .seconds(60)
        let watches = try placements.map { placement in
            HostWatch(
                handle: try session.handle(placement.host),
                placement: placement,
                processes: session.environment.processes
            )
        }
        let board = WatchBoard(watches)
        var view = LiveView(
            phase: name(for: session.experiment),
            elapsedSeconds: 0,
            totalSeconds: schedule.warmUp.seconds + block.duration.seconds,
            paths: block.paths.map(\.name)
        )
        // The live view names the hosts that are not reached itself.
        session.troubles.mute(true)
        defer { session.troubles.mute(false) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            for watch in watches { group.addTask { await board.follow(watch, clock) } }
            // In the middle of the measured time, when nobody asked for the contrary of a quiet one.
            var provokesAt =
                session.options.provokesReconnection ? schedule.warmUp.seconds + block.duration.seconds / 2 : nil
            while true {
                let now = clock.elapsed
                let seen = try board.newest()
                show(seen, since: now - begin, at: now, &view, in: session)
                for watch in seen.values.map(\.watch).sorted(by: { $0.placement.host < $1.placement.host }) {
                    try judge(watch, in: session)
                }
                if let moment = provokesAt, view.receiver?.window != nil, view.elapsedSeconds >= moment {
                    provokesAt = nil
                    try await provokeReconnection(watches, in: session)
                }
                // The others have a word, too, before this ends.
                let haveAllBeenAsked = seen.values.allSatisfy { $0.looks > 0 }
                if let status = view.receiver, status.state == .finished, haveAllBeenAsked { return status }
                guard now - begin < limit else {
                    throw OrchestrationError(
                        .measurementFailed,
                        "the receiver did not finish within \(Int(limit.inSeconds)) s; `latexp resume "
                            + "\(session.record.id)` looks again"
                    )
                }
                try await clock.sleep(for: Self.redrawInterval)
            }
        }
    }

    /// Tells the forwarders to break their relay connections off.
    private func provokeReconnection(_ watches: [HostWatch], in session: isolated RunSession) async throws {
        for watch in watches where watch.placement.role == .forward {
            let command = RemoteCommand(HostScripts.reconnect, arguments: [watch.placement.directory])
            try await watch.handle.host.run(command).checked(host: watch.placement.host, command: command)
            let text = "its relay connections are broken off, to see what becomes of the events"
            session.note(CheckRecord(host: watch.placement.host, "reconnection", .passed, text))
        }
    }

    /// Draws what is known now; time goes on between two looks.
    private func show(
        _ seen: [String: WatchBoard.Entry],
        since begin: Duration,
        at now: Duration,
        _ view: inout LiveView,
        in session: isolated RunSession
    ) {
        let receiver = seen.values.first { $0.watch.placement.role == .receive }
        view.receiver = receiver?.watch.status
        let warmUp = session.experiment.schedule.warmUp
        let atLook = Self.elapsed(view.receiver, warmUp: warmUp)
        let sinceLook = receiver?.watch.statusAt.map { (now - $0).inSeconds } ?? 0
        view.elapsedSeconds = atLook.map { min($0 + sinceLook, view.totalSeconds) } ?? begin.inSeconds
        view.unreachable = seen.compactMapValues { $0.lostSeconds(at: now) }
        view.clockBoundsMs = seen.compactMapValues { entry in
            entry.watch.status?.clock?.tracking.map { $0.boundSeconds * 1e3 }
        }
        view.silent = seen.compactMapValues { $0.silentSeconds(at: now) }
        view.troubles = seen.compactMapValues { $0.watch.status?.recordingFailure?.reason }
        session.show(view)
    }

    /// The time since the warm-up began by the receiver's own clock, which a resumed run has not seen begin.
    private static func elapsed(_ status: AgentStatus?, warmUp: TimeSpan) -> Double? {
        guard let status, let window = status.window else { return nil }
        return Double(status.at.monotonicNs - window.start.monotonicNs) / 1e9 + warmUp.seconds
    }

    /// Ends the phase when the receiver failed; a forwarder's end is said, and the rest goes on.
    private func judge(_ watch: HostWatch, in session: isolated RunSession) throws {
        guard let reason = watch.failure else { return }
        let host = watch.placement.host
        if watch.placement.role == .receive {
            throw OrchestrationError(.measurementFailed, "\(host): the receiver \(reason)")
        }
        let text = "the forwarder on \(host) \(reason); its paths bring nothing any more"
        if !session.record.warnings.contains(text) {
            session.note(CheckRecord(host: host, "forwarder", .warning, text))
            session.warn(text)
        }
    }
}
