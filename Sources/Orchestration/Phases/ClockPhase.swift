import ExperimentModel
import Foundation
import RemoteHosts

/// Judges every host's clock, and waits for it to become good enough; nothing is measured with a bad clock.
struct ClockPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "clock" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        if session.options.isLocal {
            for name in names {
                session.note(
                    CheckRecord(host: name, "clock", .skipped, "not looked at (--local); all hosts share this clock")
                )
            }
            return
        }
        let requirement = session.experiment.clock
        let allowed = session.options.allowsUnsynchronisedClocks
        _ = try await session.onEachHost(names, "clock", failure: .clockUnusable) { handle in
            let reading = try await Self.wait(for: handle, requirement, allowed: allowed, session)
            try await session.updateHost(handle.name) { $0.clockBefore = reading }
            switch ClockVerdict.judge(reading, maxError: requirement.maxError) {
            case .good:
                await session.note(CheckRecord(host: handle.name, "clock", .passed, ClockAsker.describe(reading)))
            case .bad(let reason) where allowed:
                await session.note(CheckRecord(host: handle.name, "clock", .warning, reason))
                await session.warn("clock not verified on \(handle.name): \(reason)")
            case .bad(let reason):
                let sources = await ClockAsker.sources(handle)
                throw OrchestrationError(
                    .clockUnusable,
                    "\(handle.name): \(reason)\(sources)\n  (--allow-unsynchronised measures all the same "
                        + "and marks every absolute figure)"
                )
            }
        }
    }

    /// Asks each second until the clock is good or the time is up; a missing chronyc is not waited for.
    private static func wait(
        for handle: RunSession.Handle,
        _ requirement: ClockRequirement,
        allowed: Bool,
        _ session: RunSession
    ) async throws -> ClockReading {
        let clock = session.environment.clock
        let end = clock.elapsed + requirement.wait.duration
        while true {
            let answer = try await ClockAsker.ask(handle)
            guard case .bad(let reason) = ClockVerdict.judge(answer.reading, maxError: requirement.maxError) else {
                return answer.reading
            }
            // With permission to go on, a moment to settle is enough.
            if answer.isFinal || allowed || clock.elapsed >= end { return answer.reading }
            let left = Int((end - clock.elapsed).inSeconds.rounded(.up))
            await session.show(waiting: "\(handle.name): waiting for its clock, up to \(left) s more: \(reason)")
            try await clock.sleep(for: .seconds(1))
        }
    }
}

/// Looks at the clocks again when all is measured: a clock that went bad in between must be known.
struct ClockAfterPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "clock after" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        if session.options.isLocal {
            session.note(CheckRecord("clock", .skipped, "not looked at (--local)"))
            return
        }
        let requirement = session.experiment.clock
        for name in names {
            guard let handle = try? session.handle(name) else { continue }
            do {
                let reading = try await ClockAsker.ask(handle).reading
                try session.updateHost(name) { $0.clockAfter = reading }
                switch ClockVerdict.judge(reading, maxError: requirement.maxError) {
                case .good: session.note(CheckRecord(host: name, "clock", .passed, ClockAsker.describe(reading)))
                case .bad(let reason):
                    session.note(CheckRecord(host: name, "clock", .warning, reason))
                    session.warn("clock not verified on \(name) after the measurement: \(reason)")
                }
            } catch let error as RemoteHostError {
                session.note(CheckRecord(host: name, "clock", .warning, "could not be asked: \(error.message)"))
            }
        }
    }
}
