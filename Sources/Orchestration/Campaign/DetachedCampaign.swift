import ExperimentModel
import Foundation
import RemoteHosts

/// A campaign that its hosts go through by themselves: starts it, and later brings home what they did.
public struct DetachedCampaign: Sendable {
    private let environment: RunEnvironment
    private let observer: any RunObserver
    private let troubles: HostTroubles
    private var ledger: CampaignLedger

    /// The campaign in `directory`, which has a manifest.
    ///
    /// - Throws: `OrchestrationError` `storage`.
    public init(
        _ directory: CampaignDirectory,
        environment: RunEnvironment,
        observer: any RunObserver = SilentObserver()
    ) throws {
        self.environment = environment
        self.observer = observer
        self.troubles = HostTroubles(clock: environment.clock, observer: observer)
        self.ledger = CampaignLedger(directory, try directory.loadRecord())
    }

    private var record: CampaignRecord { ledger.record }

    // MARK: Starting

    /// Prepares every host and starts its supervisor; returns when all of them wait for the first slot.
    ///
    /// What fails is in the outcome; then nothing is left on any host but the cached agent.
    public mutating func arm() async throws -> CampaignOutcome {
        let lock = try ledger.directory.directory.lock()
        defer { lock.release() }
        let folder = RunDirectory(url: try ledger.directory.directory.makeDirectory("arming"))
        var experiment = record.experiment
        experiment.schedule.seed = record.seed
        let session = RunSession(
            environment: environment,
            directory: folder,
            record: RunRecord(
                id: record.id,
                version: record.version,
                arguments: record.arguments,
                beganSeconds: record.beganSeconds,
                supplied: record.supplied,
                experiment: experiment,
                allowUnsynchronised: record.allowUnsynchronised,
                token: record.token
            ),
            options: RunOptions(
                allowsUnsynchronisedClocks: record.allowUnsynchronised,
                isLocal: record.isLocal,
                arguments: record.arguments
            ),
            observer: observer
        )
        let (directory, before) = (ledger.directory, record)
        do {
            try await session.performArming(before) { try directory.save($0) }
        } catch {
            let failure = error as? OrchestrationError ?? OrchestrationError(.hostUnusable, "\(error)", cause: error)
            let isCancelled = error is CancellationError || Task.isCancelled
            // A task of its own: what was put on the hosts goes, although this one may be cancelled.
            await Task { await session.disarm(directory) }.value
            ledger = CampaignLedger(directory, try directory.loadRecord())
            try ledger.update {
                $0.outcome = .failed
                $0.reason = isCancelled ? "interrupted before it began" : CampaignLedger.oneLine(failure.message)
            }
            return ledger.outcome(isCancelled ? OrchestrationError(.interrupted, "interrupted") : failure)
        }
        await session.closeHosts()
        ledger = CampaignLedger(directory, try directory.loadRecord())
        return ledger.outcome()
    }

    // MARK: Coming back

    /// Brings home what is done, starts supervisors again that are gone while slots are to come, and reports.
    ///
    /// - Throws: `OrchestrationError` when another latexp works on the campaign, or nothing can be saved.
    public mutating func resume() async throws -> CampaignOutcome {
        let lock = try ledger.directory.directory.lock()
        defer { lock.release() }
        guard record.outcome != .failed else {
            throw OrchestrationError(
                .invalidInput,
                "\(record.id) never began (\(record.reason ?? "no reason given")): there is nothing to fetch"
            )
        }
        guard !record.slots.allSatisfy(\.isOver) || record.outcome != .done else {
            throw OrchestrationError(
                .invalidInput,
                "\(record.id) is over and its runs are here; `latexp report \(record.id)` prints it again"
            )
        }
        let hosts = try await connectedHosts()
        let supervisors = CampaignSupervisors(record: record, environment: environment)
        let answers = await supervisors.askAll(hosts)
        for answer in answers.values.sorted(by: { $0.host < $1.host }) { observer.checked(Self.check(answer)) }
        try await collect(hosts, answers)
        let failures = answers.values.compactMap(\.failure).sorted()
        if try ledger.endIfOver(at: environment.clock.wallSeconds) {
            await cleanUp(hosts, supervisors)
        } else if failures.isEmpty, record.reason == nil {
            try await startAgain(hosts, answers, supervisors)
        }
        for host in hosts.values { await host.close() }
        try ledger.report()
        guard let failure = failures.first else { return ledger.outcome() }
        return ledger.outcome(OrchestrationError(.hostUnusable, failure))
    }

    private func connectedHosts() async throws -> [String: any RemoteHost] {
        var hosts: [String: any RemoteHost] = [:]
        for name in record.experiment.participatingHosts {
            let specification = record.experiment.hosts[name] ?? HostSpecification()
            hosts[name] = try await environment.makeHost(name, specification, troubles.notice(of: name))
        }
        return hosts
    }

    private static func check(_ answer: CampaignSupervisors.Answer) -> CheckRecord {
        if let failure = answer.failure { return CheckRecord(host: answer.host, "supervisor", .warning, failure) }
        let tasks = answer.status?.tasks ?? []
        let state = answer.process.map { "\($0)" } ?? "is unknown"
        let counts = CampaignText.counts(tasks)
        return CheckRecord(host: answer.host, "supervisor", .passed, "it \(state): \(counts)")
    }

    /// Settles every slot of which all hosts have told the end.
    private mutating func collect(
        _ hosts: [String: any RemoteHost],
        _ answers: [String: CampaignSupervisors.Answer]
    ) async throws {
        let collector = CampaignCollector(
            record: record,
            directory: ledger.directory,
            environment: environment,
            observer: observer,
            hosts: hosts.mapValues(KeptHost.init),
            answers: answers
        )
        for index in record.slots.indices where !record.slots[index].isOver {
            let slot = record.slots[index]
            guard let found = try collector.findings(slot) else { continue }
            try Task.checkCancellation()
            try await settle(index, found, collector)
            observer.checked(CampaignText.check(record.slots[index], of: record.slots.count))
        }
    }

    private mutating func settle(
        _ index: Int,
        _ found: CampaignCollector.Findings,
        _ collector: CampaignCollector
    ) async throws {
        guard found.hasBegun else { return try ledger.settle(index, .missed, found.failure, at: nil) }
        let began = found.beganSeconds ?? record.slots[index].plannedSeconds
        let directory = try takeDirectory(index, began)
        try ledger.update { record in
            record.slots[index].run = "slots/\(directory.id)"
            record.slots[index].beganSeconds = began
        }
        observer.phaseBegan("slot \(record.slots[index].number) of \(record.slots.count): \(directory.id)")
        let outcome = await collector.bringHome(record.slots[index], found, to: directory)
        if outcome.error?.code == .interrupted { throw CancellationError() }
        if let error = outcome.error, CampaignCollector.isLostHost(error) {
            throw OrchestrationError(.hostUnusable, error.message, cause: error)
        }
        try ledger.settle(
            index,
            outcome.error != nil ? .failed : outcome.wasCutShort ? .cutShort : .done,
            found.failure ?? outcome.error?.message ?? (outcome.wasCutShort ? CampaignText.cutShort : nil),
            at: found.endedSeconds
        )
    }

    /// The directory of a slot's run: the one that an earlier attempt left, or a new one.
    private func takeDirectory(_ index: Int, _ began: Double) throws -> RunDirectory {
        if let earlier = ledger.directory.run(of: record.slots[index]), earlier.has("lock") || earlier.has("run.json") {
            return earlier
        }
        return try ledger.directory.store.create(name: record.experiment.name, at: began)
    }

    /// Starts supervisors again that are gone while their hosts have something to do.
    private func startAgain(
        _ hosts: [String: any RemoteHost],
        _ answers: [String: CampaignSupervisors.Answer],
        _ supervisors: CampaignSupervisors
    ) async throws {
        for (name, answer) in answers.sorted(by: { $0.key < $1.key }) {
            guard let host = hosts[name], answer.process != .running, let now = answer.nowSeconds,
                let sha256 = record.hosts[name]?.agentSHA256,
                answer.status?.tasks.contains(where: { !$0.isOver }) ?? true
            else { continue }
            let tasks = CampaignTasks(record: record, hostsWithChrony: [])
            let seconds = try CampaignSupervisors.lifetime(record, tasks, at: now)
            do {
                try await supervisors.launch(host, name, agentSHA256: sha256, maximumSeconds: seconds)
                let text = "it was gone, and is started again for the slots to come"
                observer.checked(CheckRecord(host: name, "supervisor", .warning, text))
            } catch {
                observer.checked(CheckRecord(host: name, "supervisor", .failed, "it cannot be started again: \(error)"))
            }
        }
    }

    private mutating func cleanUp(_ hosts: [String: any RemoteHost], _ supervisors: CampaignSupervisors) async {
        for (name, host) in hosts.sorted(by: { $0.key < $1.key }) {
            do {
                try await supervisors.remove(host, name)
                let text = "the campaign's directory is removed; the agent stays cached"
                observer.checked(CheckRecord(host: name, "files", .passed, text))
            } catch {
                let text = "\(RemoteLayout.run(record.nameOnHosts)) is left there: \(error)"
                observer.checked(CheckRecord(host: name, "files", .warning, text))
                try? ledger.update { $0.warnings.append("\(name): \(CampaignLedger.oneLine(text))") }
            }
        }
    }

    // MARK: Looking and stopping

    /// What each host's supervisor says now.
    public func states() async throws -> [CampaignHostState] {
        let hosts = try await connectedHosts()
        let answers = await CampaignSupervisors(record: record, environment: environment).askAll(hosts)
        for host in hosts.values { await host.close() }
        return answers.values.sorted { $0.host < $1.host }.map { CampaignHostState($0) }
    }

    /// Ends every supervisor and what runs under it; slots to come are missed from now on.
    ///
    /// What was measured stays on the hosts for ``resume()``.
    public mutating func stop() async throws -> [CampaignHostState] {
        let hosts = try await connectedHosts()
        let supervisors = CampaignSupervisors(record: record, environment: environment)
        var states: [CampaignHostState] = []
        for (name, answer) in await supervisors.askAll(hosts).sorted(by: { $0.key < $1.key }) {
            var state = CampaignHostState(answer)
            if answer.process == .running, let host = hosts[name] {
                do { try await supervisors.stop(host, name) } catch { state.failure = "\(error)" }
            }
            states.append(state)
        }
        for host in hosts.values { await host.close() }
        if states.allSatisfy({ $0.failure == nil }) {
            try CampaignStop.settle(&ledger, at: environment.clock.wallSeconds)
        }
        return states
    }
}
