import ArgumentParser
import ExperimentModel
import Foundation
import Orchestration
import RemoteHosts
import Reporting

/// What the commands do when they are about a campaign.
enum CampaignActions {
    // MARK: run

    /// Goes through a campaign from here.
    static func run(
        _ directory: CampaignDirectory,
        _ environment: RunEnvironment,
        _ options: RunOptions,
        _ printer: any ProgressObserver,
        _ format: OutputFormat
    ) async throws {
        let outcome = try await Interruption.guarding(
            printer,
            hint: "The agents end by themselves; `latexp resume \(directory.directory.commandName)` goes on."
        ) {
            var engine = try CampaignEngine(directory, environment: environment, options: options, observer: printer)
            return try await engine.run()
        }
        printer.finish()
        try end(outcome, format)
    }

    /// Leaves a campaign to its hosts.
    static func arm(
        _ directory: CampaignDirectory,
        _ environment: RunEnvironment,
        _ printer: any ProgressObserver,
        _ format: OutputFormat
    ) async throws {
        let outcome = try await Interruption.guarding(
            printer,
            hint:
                "Supervisors that were started end by themselves; `latexp stop \(directory.directory.commandName)` ends them."
        ) {
            var campaign = try DetachedCampaign(directory, environment: environment, observer: printer)
            return try await campaign.arm()
        }
        printer.finish()
        if let error = outcome.error { throw error }
        let record = outcome.record
        let rows = record.slots.map { ["\($0.number)", UTC.text($0.plannedSeconds)] }
        let text =
            "\(record.id): the hosts go through \(record.slots.count) slots by themselves, the first at "
            + "\(UTC.text(record.slots.first?.plannedSeconds ?? 0)), the last at \(UTC.text(record.slots.last?.plannedSeconds ?? 0)).\n"
            + "The laptop may be closed. `latexp status \(directory.directory.commandName)` looks, `latexp resume \(directory.directory.commandName)` brings home "
            + "what is done.\n"
        Terminal.results.write(
            try Rows.render(["slot", "planned_utc"], rows, json: record.slots, format: format) ?? text
        )
    }

    // MARK: resume

    static func resume(
        _ directory: RunDirectory,
        _ printer: any ProgressObserver,
        _ format: OutputFormat
    ) async throws {
        let campaign = CampaignDirectory(directory)
        let record = try campaign.loadRecord()
        let environment = RunEnvironment.installed(agentFile: nil)
        guard record.isDetached else {
            guard !record.slots.allSatisfy(\.isOver) else {
                throw OrchestrationError(
                    .invalidInput,
                    "\(record.id) is over and its runs are here; `latexp report \(directory.commandName)` prints it again"
                )
            }
            let options = RunOptions(
                allowsUnsynchronisedClocks: record.allowUnsynchronised,
                isLocal: record.isLocal,
                arguments: record.arguments
            )
            return try await run(campaign, environment, options, printer, format)
        }
        let outcome = try await Interruption.guarding(
            printer,
            hint: "The hosts go on; `latexp resume \(directory.commandName)` looks again."
        ) {
            var detached = try DetachedCampaign(campaign, environment: environment, observer: printer)
            return try await detached.resume()
        }
        printer.finish()
        try end(outcome, format)
    }

    /// Prints a campaign's figures so far, and ends with its status.
    private static func end(_ outcome: CampaignOutcome, _ format: OutputFormat) throws {
        if let analysis = outcome.analysis { Terminal.results.write(try format.render(analysis)) }
        let record = outcome.record
        if format != .json {
            Terminal.errors.write("\n\(record.id): \(record.progress).\n")
            if outcome.error == nil, record.outcome == .running {
                let hosts = record.isDetached ? "The hosts go on by themselves; " : ""
                Terminal.errors.write(
                    "\(hosts)`latexp resume \(outcome.directory.directory.commandName)` brings home what is done by then.\n"
                )
            }
            Terminal.errors.write(
                "Reports in \(outcome.directory.directory.url.relativePath): report.html, report.md, runs.csv\n"
            )
        }
        if let error = outcome.error { throw error }
        if outcome.status != .done { throw ExitCode(outcome.status.rawValue) }
    }

    // MARK: status

    /// A campaign with its slots and hosts, for programs.
    private struct Status: Encodable {
        var campaign: String
        var outcome: String
        var slots: [CampaignSlot]
        var hosts: [Host]
    }

    /// A host of a detached campaign, for programs.
    private struct Host: Encodable {
        var host: String
        var supervisor: String?
        var tasks: [CampaignTaskRecord]
        var failure: String?
    }

    static func status(
        _ directory: RunDirectory,
        _ printer: any ProgressObserver,
        _ format: OutputFormat
    ) async throws {
        let campaign = CampaignDirectory(directory)
        let record = try campaign.loadRecord()
        var hosts: [Host] = []
        var states: [CampaignHostState] = []
        if record.isDetached, record.outcome == .running {
            let environment = RunEnvironment.installed(agentFile: nil, patience: .none)
            states = try await DetachedCampaign(campaign, environment: environment, observer: printer).states()
            printer.finish()
            hosts = states.map {
                Host(host: $0.host, supervisor: $0.process.map { "\($0)" }, tasks: $0.tasks, failure: $0.failure)
            }
        }
        let outcome = outcome(of: campaign, record)
        let rows = record.slots.map { slot in
            [
                "\(slot.number)", UTC.text(slot.plannedSeconds), slot.state.rawValue, slot.run ?? "",
                slot.reason ?? "",
            ]
        }
        let table = try Rows.render(
            ["slot", "planned_utc", "state", "run", "reason"],
            rows,
            json: Status(campaign: record.id, outcome: outcome, slots: record.slots, hosts: hosts),
            format: format
        )
        Terminal.results.write(table ?? text(record, outcome, states))
        if states.contains(where: { $0.failure != nil }) { throw ExitCode(CommandStatus.hostUnusable.rawValue) }
    }

    private static func text(_ record: CampaignRecord, _ outcome: String, _ states: [CampaignHostState]) -> String {
        let settled = record.slots.count(where: \.isOver)
        let progress =
            record.isDetached && record.outcome == .running && record.reason == nil
            ? "\(settled) of \(record.slots.count) slots are here, the hosts have the rest" : record.progress
        var lines = ["\(record.id): \(outcome), \(progress)"]
        if let reason = record.reason { lines.append("  \(reason)") }
        for state in states {
            if let failure = state.failure {
                lines.append("  \(state.host): could not be asked: \(failure)")
            } else {
                lines.append(
                    "  \(state.host): its supervisor \(state.process.map { "\($0)" } ?? "is unknown"), \(state.counts)"
                )
            }
        }
        for slot in record.slots where slot.state != .done && slot.state != .pending {
            lines.append(
                "  slot \(slot.number), \(UTC.text(slot.plannedSeconds)): \(slot.state.words)"
                    + (slot.reason.map { ", \($0)" } ?? "")
            )
        }
        let next = record.slots.first { $0.state == .pending }
        if let next, record.outcome == .running, !record.isDetached {
            lines.append("  slot \(next.number) is planned for \(UTC.text(next.plannedSeconds))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// How a campaign stands: one that goes on from a laptop, and that no latexp works on, was left by it.
    static func outcome(of campaign: CampaignDirectory, _ record: CampaignRecord) -> String {
        guard record.outcome == .running, !record.isDetached else { return record.outcome.rawValue }
        return campaign.directory.isWorkedOn ? record.outcome.rawValue : "abandoned"
    }

    // MARK: stop

    /// What came of stopping, for programs.
    private struct Stopped: Encodable {
        var campaign: String
        var stopped: [String]
        var failures: [String]
    }

    static func stop(
        _ directory: RunDirectory,
        _ printer: any ProgressObserver,
        _ format: OutputFormat
    ) async throws {
        let campaign = CampaignDirectory(directory)
        let record = try campaign.loadRecord()
        let environment = RunEnvironment.installed(agentFile: nil, patience: .none)
        var stopped: [String] = []
        var failures: [String] = []
        var text: String
        if record.isDetached {
            var detached = try DetachedCampaign(campaign, environment: environment, observer: printer)
            let states = try await detached.stop()
            printer.finish()
            stopped = states.filter { $0.process == .running && $0.failure == nil }.map(\.host)
            failures = states.compactMap(\.failure)
            text = stopped.isEmpty ? "no supervisor was running" : "stopped on \(stopped.joined(separator: ", "))"
            text += "; `latexp resume \(directory.commandName)` brings home what was measured"
        } else {
            let isWorkedOn = try await Campaigns.stopAttached(campaign, environment: environment)
            text = isWorkedOn ? "its latexp was told to end it" : "its slots to come are not done any more"
        }
        let rows = stopped.map { [$0, "true"] }
        Terminal.results.write(
            try Rows.render(
                ["host", "stopped"],
                rows,
                json: Stopped(campaign: record.id, stopped: stopped, failures: failures),
                format: format
            ) ?? "\(record.id): \(text)\n"
        )
        if let failure = failures.first { throw OrchestrationError(.hostUnusable, failure) }
    }
}
