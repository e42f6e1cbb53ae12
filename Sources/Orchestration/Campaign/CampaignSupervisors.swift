import ExperimentModel
import Foundation
import RemoteHosts

/// Speaks with the supervisors of a detached campaign: prepares, launches, asks and ends them.
struct CampaignSupervisors: Sendable {
    /// What is known of one host's supervisor.
    struct Answer: Sendable {
        var host: String
        /// What it wrote last; nil when it wrote nothing, or the host was not reached.
        var status: CampaignHostStatus?
        /// The process; nil when the host was not reached.
        var process: AgentProcessState?
        /// The host's clock, seconds since 1970 UTC.
        var nowSeconds: Double?
        /// Why the host could not be asked.
        var failure: String?
    }

    let record: CampaignRecord
    let environment: RunEnvironment

    /// A supervisor's life: to the end of the last slot, and what its last agent may need beyond.
    static func lifetime(_ record: CampaignRecord, _ tasks: CampaignTasks, at nowSeconds: Double) throws -> Int {
        let end = (record.slots.last?.plannedSeconds ?? nowSeconds) + (try tasks.longestSlot()).seconds
        return max(60, Int((end - nowSeconds).rounded(.up)) + AgentStarter.graceSeconds)
    }

    private func directory(_ host: String) -> String { CampaignTasks.directory(record, host: host) }

    // MARK: Starting

    /// Puts the plan, the secret and the trusted certificates where the supervisor will be.
    func prepare(_ host: any RemoteHost, _ plan: CampaignPlan, secret: String, caFile: String?) async throws {
        let files = AgentFiles(host: host, directory: directory(plan.host))
        try await files.prepare(secret: secret, caFile: caFile)
        try await files.write(try JSONEncoder().encode(plan), to: Self.planFile)
    }

    private static let planFile = "campaign.json"

    /// Starts the supervisor, or starts it again.
    func launch(_ host: any RemoteHost, _ name: String, agentSHA256: String, maximumSeconds: Int) async throws {
        try await environment.processes.launch(
            on: host,
            directory: directory(name),
            command: [RemoteLayout.agentFromBlock(sha256: agentSHA256), "campaign", "--plan", Self.planFile],
            maximumSeconds: maximumSeconds
        )
    }

    /// Waits until the supervisor has written what it knows of its tasks.
    func awaitFirstWord(_ host: any RemoteHost, _ name: String, limit: Duration) async throws {
        let end = environment.clock.elapsed + limit
        while true {
            if try await status(host, name) != nil { return }
            let state = try await environment.processes.state(on: host, directory: directory(name))
            guard state == .running, environment.clock.elapsed < end else {
                let tail = await AgentFiles(host: host, directory: directory(name)).tail()
                throw OrchestrationError(
                    .hostUnusable,
                    "\(name): its supervisor \(state == .running ? "says nothing" : "\(state)")"
                        + (tail.isEmpty ? "" : "\n\(tail)")
                )
            }
            try await environment.clock.sleep(for: .milliseconds(200))
        }
    }

    // MARK: Asking

    /// Asks all hosts at once.
    func askAll(_ hosts: [String: any RemoteHost]) async -> [String: Answer] {
        await withTaskGroup(of: Answer.self) { group in
            for (name, host) in hosts { group.addTask { await ask(host, name) } }
            var answers: [String: Answer] = [:]
            for await answer in group { answers[answer.host] = answer }
            return answers
        }
    }

    /// What a host's supervisor says, and whether it is there; a host that does not answer is part of the answer.
    func ask(_ host: any RemoteHost, _ name: String) async -> Answer {
        var answer = Answer(host: name)
        do {
            answer.status = try await status(host, name)
            answer.process = try await environment.processes.state(on: host, directory: directory(name))
            // It may have written its last words in between.
            if answer.process != .running { answer.status = try await status(host, name) ?? answer.status }
            let command = RemoteCommand(CampaignScripts.now, timeout: .seconds(10), isIdempotent: true)
            let said = try await host.run(command).checked(host: host.name, command: command).output
            answer.nowSeconds = Double(said.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            answer.failure = "\(error)"
        }
        return answer
    }

    private func status(_ host: any RemoteHost, _ name: String) async throws -> CampaignHostStatus? {
        let command = RemoteCommand(
            HostScripts.readFile,
            arguments: [directory(name), CampaignPlan.statusFile],
            timeout: .seconds(20),
            isIdempotent: true
        )
        let result = try await host.run(command)
        if result.exitCode == 3 { return nil }
        try result.checked(host: host.name, command: command)
        do {
            return try JSONDecoder().decode(CampaignHostStatus.self, from: Data(result.outputBytes))
        } catch {
            throw OrchestrationError(
                .measurementFailed,
                "\(name): \(CampaignPlan.statusFile) of its supervisor cannot be read: \(error)",
                cause: error
            )
        }
    }

    // MARK: Ending

    /// Ends a supervisor and the agent that runs under it.
    func stop(_ host: any RemoteHost, _ name: String) async throws {
        try await environment.processes.stop(on: host, directory: directory(name), grace: .seconds(20))
    }

    /// Removes all that is left of the campaign on a host.
    func remove(_ host: any RemoteHost, _ name: String) async throws {
        try await stop(host, name)
        let command = RemoteCommand(
            CampaignScripts.remove,
            arguments: [directory(name), RemoteLayout.run(record.nameOnHosts)],
            isIdempotent: true
        )
        try await host.run(command).checked(host: host.name, command: command)
    }
}
