import ExperimentModel
import Foundation
import RemoteHosts

/// Puts an agent's plan and secret on its host, starts it, and waits until it is seen to be ready.
struct AgentStarter: Sendable {
    let session: RunSession
    let handle: RunSession.Handle
    let placement: Placement
    let agent: AgentFile

    /// How long the launcher lets the agent live beyond its own deadline, seconds.
    static let graceSeconds = 30

    /// Prepares the directory and launches the agent.
    func start(_ plan: AgentPlan, secret: String) async throws {
        let host = handle.host
        let files = AgentFiles(host: host, directory: placement.directory)
        let caFile = await session.experiment.feed.caFile
        try await files.prepare(secret: secret, caFile: plan.caFile == nil ? nil : caFile)
        try await files.write(try RunDirectory.encode(plan), to: "plan.json")
        let verb = plan.role == .receive ? "receive" : "forward"
        try await session.environment.processes.launch(
            on: host,
            directory: placement.directory,
            command: [RemoteLayout.agentFromBlock(sha256: agent.sha256), verb, "--plan", "plan.json"],
            maximumSeconds: Int(plan.deadline.seconds.rounded(.up)) + Self.graceSeconds
        )
    }

    /// Looks twice a second until `isReady` says yes of the status.
    ///
    /// - Parameters:
    ///   - what: what is waited for, in words, for the live display and the message.
    ///   - limit: how long to wait.
    /// - Throws: `OrchestrationError` `measurementFailed` with what the agent said.
    @discardableResult
    func wait(
        for what: String,
        limit: Duration,
        until isReady: @Sendable (AgentStatus) -> Bool
    ) async throws -> AgentStatus {
        let clock = session.environment.clock
        let files = AgentFiles(host: handle.host, directory: placement.directory)
        let end = clock.elapsed + limit
        var looks = 0
        while true {
            let status: AgentStatus?
            do { status = try await files.status() } catch let error as RemoteHostError where error.code == .timedOut {
                // A look that took too long is not yet an agent that is not ready.
                guard clock.elapsed < end else { throw error }
                try await clock.sleep(for: .milliseconds(500))
                continue
            }
            if let status {
                if status.state == .failed {
                    throw await failure("its agent failed: \(status.message ?? "no reason given")", status)
                }
                if isReady(status) { return status }
            }
            looks += 1
            if looks % 4 == 0 {
                let state = try await session.environment.processes.state(
                    on: handle.host,
                    directory: placement.directory
                )
                // It may have written its last status after the look above.
                if state != .running, (try await files.status())?.state != .failed {
                    throw await failure("its agent \(state) before it was ready", status)
                }
            }
            guard clock.elapsed < end else {
                throw await failure("not ready after \(Int(limit.inSeconds)) s, waiting for \(what)", status)
            }
            await session.show(waiting: "\(handle.name): waiting for \(what)\(Self.summary(status))")
            try await clock.sleep(for: .milliseconds(500))
        }
    }

    /// What is wrong, with the lanes' own reasons and the end of the agent's log.
    private func failure(_ reason: String, _ status: AgentStatus?) async -> OrchestrationError {
        let tail = await AgentFiles(host: handle.host, directory: placement.directory).tail()
        let lanes = (status?.lanes ?? []).compactMap { lane -> String? in
            guard lane.state != .streaming || lane.lastFailure != nil || lane.relayState != nil else { return nil }
            let relay = lane.relayState.map { ", relay \($0.rawValue)" } ?? ""
            let failure = lane.lastFailure.map { ": \($0)" } ?? ""
            return "  \(lane.path) lane \(lane.lane) is \(lane.state.rawValue)\(relay)\(failure)"
        }
        let text = (["\(handle.name): \(reason)"] + lanes.prefix(8) + (tail.isEmpty ? [] : [tail])).joined(
            separator: "\n"
        )
        return OrchestrationError(.measurementFailed, text)
    }

    private static func summary(_ status: AgentStatus?) -> String {
        guard let status else { return "" }
        let streaming = status.lanes.filter { $0.state == .streaming }.count
        return status.lanes.isEmpty ? "" : " (\(streaming) of \(status.lanes.count) lanes streaming)"
    }
}

extension RunSession {
    /// How long an agent may take to become ready: connecting, and one pause after a failed attempt.
    var readyLimit: Duration {
        .seconds(30) + min(experiment.reconnect.initial, .seconds(10)).duration * 2
    }

    /// Registers an agent's place on a host before anything is put there, so that clean-up knows of it.
    func place(_ block: BlockPlan, on host: String, role: AgentPlan.Role) throws -> Placement {
        let placement = Placement(
            host: host,
            block: block.number,
            directory: RemoteLayout.block(record.nameOnHosts, host: host, number: block.number),
            role: role
        )
        placements.append(placement)
        try updateHost(host) { $0.directory = placement.directory }
        return placement
    }

    /// What makes the agents' plans of a block.
    func plans(for block: BlockPlan) -> AgentPlans {
        let skipsClock = options.isLocal
        let withChrony = record.hosts.filter { !skipsClock && $0.value.facts?.chronyVersion != nil }.keys
        return AgentPlans(
            runID: record.nameOnHosts,
            experiment: experiment,
            block: block,
            hostsWithChrony: Set(withChrony),
            caFile: experiment.feed.caFile == nil ? nil : AgentFiles.caFile
        )
    }

    /// What starts the agent of a place.
    func starter(_ placement: Placement) throws -> AgentStarter {
        guard let agent = agents[placement.host] else {
            throw OrchestrationError(.agentUnavailable, "\(placement.host): no agent was found for it")
        }
        return AgentStarter(session: self, handle: try handle(placement.host), placement: placement, agent: agent)
    }

    /// The place of the receiver in a block.
    func receiverPlacement(_ block: BlockPlan) throws -> Placement {
        guard let placement = placements.first(where: { $0.block == block.number && $0.role == .receive }) else {
            throw OrchestrationError(.measurementFailed, "the receiver of block \(block.number) was never started")
        }
        return placement
    }
}
