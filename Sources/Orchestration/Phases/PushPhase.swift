import ExperimentModel
import Foundation
import RemoteHosts

/// Brings the agent to every host: once for each build, verified by its hash, and the same build everywhere.
struct PushPhase: RunPhase {
    func name(for experiment: Experiment) -> String { "push" }

    func perform(in session: isolated RunSession) async throws {
        let names = session.experiment.participatingHosts
        try await session.locateAgents(names)
        let agents = session.agents
        let versions = try await session.onEachHost(names, "agent", failure: .hostUnusable) { handle in
            guard let agent = agents[handle.name] else {
                throw OrchestrationError(.agentUnavailable, "\(handle.name): no agent was found for it")
            }
            let (check, uploaded) = try await Self.push(agent, to: handle, session)
            await session.note(check)
            // It counts as deployed once it has been seen to run there.
            let version = try await Self.version(of: agent, on: handle)
            try await session.updateHost(handle.name) {
                $0.agentSHA256 = agent.sha256
                $0.agentUploaded = uploaded
            }
            return version
        }
        try compare(versions, in: session)
    }

    private static func push(
        _ agent: AgentFile,
        to handle: RunSession.Handle,
        _ session: RunSession
    ) async throws -> (CheckRecord, uploaded: Bool) {
        let path = RemoteLayout.agent(sha256: agent.sha256)
        let ask = RemoteCommand(HostScripts.hash, arguments: [path], timeout: .seconds(60), isIdempotent: true)
        let lines = try await handle.host.run(ask).output.split(whereSeparator: \.isWhitespace)
        if lines.first.map(String.init) == agent.sha256, lines.contains("executable") {
            let detail = "already there, upload skipped (SHA-256 \(agent.sha256.prefix(16))…)"
            return (CheckRecord(host: handle.name, "agent", .passed, detail), false)
        }
        let file = UploadFile(
            localPath: agent.path,
            remotePath: path,
            permissions: 0o755,
            sha256: agent.sha256,
            compression: .automatic
        )
        let name = handle.name
        let outcome = try await handle.host.upload(file) { progress in
            let percent = progress.totalBytes > 0 ? progress.completedBytes * 100 / progress.totalBytes : 0
            Task { await session.show(waiting: "sending the agent to \(name): \(percent) %") }
        }
        guard outcome.sha256 == agent.sha256 else {
            throw RemoteHostError(.hashMismatch, host: name, "the agent arrived with another SHA-256; try again")
        }
        let replaced = lines.isEmpty ? "" : " in place of an altered one"
        let detail = String(
            format: "uploaded%@, %.1f MB in %.1f s, SHA-256 %@… verified",
            replaced,
            Double(outcome.sentBytes) / 1e6,
            outcome.seconds,
            String(agent.sha256.prefix(16))
        )
        return (CheckRecord(host: name, "agent", .passed, detail), true)
    }

    /// Runs the agent once, which also shows that it can run there at all.
    private static func version(of agent: AgentFile, on handle: RunSession.Handle) async throws -> String {
        let command = RemoteCommand(
            HostScripts.version,
            arguments: [RemoteLayout.agent(sha256: agent.sha256)],
            isIdempotent: true
        )
        let result = try await handle.host.run(command)
        // The shell's own status for a file that it may not run.
        guard result.exitCode != 126 else {
            throw OrchestrationError(
                .hostUnusable,
                "\(handle.name): the agent may not be run there: is the login directory mounted noexec? Mount it with "
                    + "exec, or log in as a user whose home is elsewhere"
            )
        }
        guard result.exitCode < 128 else {
            let forget = RemoteCommand(HostScripts.forget, arguments: command.arguments, isIdempotent: true)
            _ = try? await handle.host.run(forget)
            throw OrchestrationError(
                .agentUnavailable,
                "\(handle.name): the agent \(agent.path) does not run there (signal \(result.exitCode - 128)): the file is "
                    + "damaged or cut short. Build it anew with infra/build; it was taken away from the host"
            )
        }
        try result.checked(host: handle.name, command: command)
        return String(result.output.filter { !$0.isControl && !$0.isNewline }.prefix(60))
    }

    private func compare(_ versions: [String: String], in session: isolated RunSession) throws {
        let all = Set(versions.values)
        guard all.count <= 1 else {
            let list = versions.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value)" }.joined(separator: ", ")
            throw OrchestrationError(
                .hostUnusable,
                "the agents are not of one build: \(list). Build all of them from one state of the sources"
            )
        }
        let version = all.first ?? ""
        session.note(
            version == LatexpVersion.text
                ? CheckRecord("build", .passed, "all hosts hold version \(version)")
                : CheckRecord(
                    "build",
                    .warning,
                    "the agents are of version \(version), latexp of \(LatexpVersion.text)"
                )
        )
    }
}

extension RunSession {
    /// Finds the agent of each host's architecture on the laptop, before anything is sent.
    ///
    /// - Throws: `OrchestrationError` `agentUnavailable`.
    func locateAgents(_ names: [String]) async throws {
        var found: [String: AgentFile] = [:]
        for name in names {
            let architecture = record.hosts[name]?.facts?.architecture ?? "an unknown architecture"
            if found[architecture] == nil {
                found[architecture] = try await environment.agents.agent(for: architecture)
            }
            agents[name] = found[architecture]
        }
    }
}
