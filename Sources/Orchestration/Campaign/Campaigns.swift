import ExperimentModel
import Foundation
import Reporting

/// Makes campaigns and their reports.
public enum Campaigns {
    /// Makes the directory and the manifest of a new campaign.
    ///
    /// - Throws: `OrchestrationError`: `invalidInput` for an experiment that cannot be detached, `storage`.
    public static func create(
        _ file: ExperimentFile,
        in store: RunStore,
        environment: RunEnvironment,
        options: RunOptions,
        isDetached: Bool
    ) throws -> CampaignDirectory {
        let experiment = file.experiment
        if isDetached { try checkDetachable(experiment) }
        let count = experiment.schedule.repetitions ?? 1
        let every = experiment.schedule.every ?? TimeSpan(ns: experiment.shortestRun.ns + TimeSpan.seconds(600).ns)
        let now = environment.clock.wallSeconds
        let seed = experiment.schedule.seed ?? environment.makeSeed()
        let directory = CampaignDirectory(try store.create(name: "\(experiment.name)-campaign", at: now))
        let record = CampaignRecord(
            id: directory.id,
            version: LatexpVersion.text,
            arguments: options.arguments,
            beganSeconds: now,
            supplied: file.supplied,
            experiment: experiment,
            every: every,
            seed: seed,
            isDetached: isDetached,
            allowUnsynchronised: options.allowsUnsynchronisedClocks || options.isLocal,
            isLocal: options.isLocal,
            slots: CampaignSchedule.slots(count: count, every: every, from: now, seed: seed)
        )
        try directory.save(record)
        return directory
    }

    /// Makes the reports of a campaign anew from its runs, which are analysed again where that is missing; needs no
    /// network.
    ///
    /// - Throws: `OrchestrationError` `storage`, `ReportingError` `unwritable`.
    public static func report(_ directory: CampaignDirectory) async throws -> CampaignAnalysis {
        var ledger = CampaignLedger(directory, try directory.loadRecord())
        let reporter = StandardReporter()
        for slot in ledger.record.slots where slot.isMeasured {
            guard let run = directory.run(of: slot), (try? StandardReporter.analysis(of: run)) == nil else { continue }
            _ = try await reporter.analyse(run)
            _ = try await reporter.report(run)
        }
        try ledger.report()
        guard let analysis = ledger.analysis else {
            throw OrchestrationError(.storage, "the figures of \(directory.id) could not be made")
        }
        return analysis
    }

    /// The figures over a campaign's runs as they were written last; nil when there are none.
    public static func analysis(of directory: CampaignDirectory) -> CampaignAnalysis? {
        guard let data = try? Data(contentsOf: directory.directory.file("analysis.json")) else { return nil }
        let found = try? JSONDecoder().decode(CampaignAnalysis.self, from: data)
        return found?.format == CampaignAnalysis.currentFormat ? found : nil
    }

    /// Refuses what cannot be left to its hosts.
    ///
    /// - Throws: `OrchestrationError` `invalidInput` that says why.
    public static func checkDetachable(_ experiment: Experiment) throws {
        guard experiment.lab != nil else { return }
        throw OrchestrationError(
            .invalidInput,
            "--detach: the simulated world of \(experiment.name) is this machine's and ends with latexp; leave --detach away"
        )
    }

    /// How often and when an experiment would be done, as lines for a dry run; empty for a single run.
    public static func plan(of experiment: Experiment, isDetached: Bool = false) -> String {
        var lines: [String] = []
        if let count = experiment.schedule.repetitions, let every = experiment.schedule.every {
            let last = length(Double(count - 1) * every.seconds)
            lines.append("all of that \(count) times, every \(every): the last begins \(last) after the first")
        }
        if isDetached { lines.append("detached: the hosts go through it by themselves, and the laptop may be closed") }
        return lines.isEmpty ? "" : "Campaign\n" + lines.map { "  \($0)\n" }.joined()
    }

    /// A length of time in the unit that suits it.
    private static func length(_ seconds: Double) -> String {
        if seconds < 120 { return String(format: "%.0f s", seconds) }
        return seconds < 7_200
            ? String(format: "%.0f min", seconds / 60) : String(format: "%.1f h", seconds / 3_600)
    }

    /// Tells the latexp that works on a campaign to end it; where none does, ends it here.
    ///
    /// - Returns: whether a latexp works on it, which then ends the run that goes on.
    public static func stopAttached(_ directory: CampaignDirectory, environment: RunEnvironment) async throws -> Bool {
        if directory.directory.isWorkedOn {
            try directory.directory.write(Data(), to: CampaignDirectory.stopFile)
            // Its run ends when the agents do.
            for slot in try directory.loadRecord().slots where slot.state == .running {
                guard let run = directory.run(of: slot), run.has("run.json") else { continue }
                _ = try? await RunAttachment(run, environment: environment).stop()
            }
            return true
        }
        let lock = try directory.directory.lock()
        defer { lock.release() }
        var ledger = CampaignLedger(directory, try directory.loadRecord())
        try CampaignStop.settle(&ledger, at: environment.clock.wallSeconds)
        _ = try ledger.endIfOver(at: environment.clock.wallSeconds)
        try ledger.report()
        return false
    }
}
