import ExperimentModel
import Foundation
import RemoteHosts

/// An agent's directory on a host: what the laptop puts there, and what it tells the laptop.
struct AgentFiles: Sendable {
    let host: any RemoteHost
    let directory: String

    /// The trusted certificates' name in an agent's directory.
    static let caFile = "ca.pem"

    /// Makes the directory with the run's secret, and the trusted certificates when there is a local file of them.
    func prepare(secret: String, caFile: String?) async throws {
        // On standard input: arguments show in the host's list of processes.
        let command = RemoteCommand(
            HostScripts.prepare,
            arguments: [directory],
            input: Array((secret + "\n").utf8),
            // Nothing runs there yet.
            isIdempotent: true
        )
        try await host.run(command).checked(host: host.name, command: command)
        guard let caFile else { return }
        _ = try await host.upload(
            UploadFile(
                localPath: caFile,
                remotePath: "\(directory)/\(Self.caFile)",
                permissions: 0o600,
                compression: .none
            )
        )
    }

    /// Writes a short file.
    func write(_ data: Data, to file: String) async throws {
        let command = RemoteCommand(
            HostScripts.writeFile,
            arguments: [directory, file],
            input: Array(data),
            isIdempotent: true
        )
        try await host.run(command).checked(host: host.name, command: command)
    }

    /// The agent's status; nil before the first.
    func status() async throws -> AgentStatus? {
        guard let data = try await read("status.json") else { return nil }
        do {
            return try JSONDecoder().decode(AgentStatus.self, from: data)
        } catch {
            throw OrchestrationError(
                .measurementFailed,
                "\(host.name): status.json of the agent cannot be read: \(JSONFaultText.text(of: error, in: data))",
                cause: error
            )
        }
    }

    /// The ports that the receiver listens on, by path; nil before it does.
    func ports() async throws -> [String: Int]? {
        guard let data = try await read("ports.json") else { return nil }
        let ports = try? JSONDecoder().decode([String: Int].self, from: data)
        return ports?.filter { (1...65535).contains($0.value) }
    }

    /// The last lines of the agent's logs, or nothing when they cannot be had: it is only ever part of a message.
    func tail() async -> String {
        let command = RemoteCommand(HostScripts.tail, arguments: [directory], timeout: .seconds(10))
        guard let result = try? await host.run(command) else { return "" }
        return result.output.split(separator: "\n").map { line in
            "  | \(AgentLogText.text(line).filter { !$0.isControl })"
        }.joined(separator: "\n")
    }

    private func read(_ file: String) async throws -> Data? {
        let command = RemoteCommand(
            HostScripts.readFile,
            arguments: [directory, file],
            timeout: .seconds(10),
            isIdempotent: true
        )
        let result: CommandResult
        do { result = try await host.run(command) } catch let error as RemoteHostError where error.code == .timedOut {
            throw RemoteHostError(
                .timedOut,
                host: host.name,
                "\(file) of the agent was not read within \(Int(command.timeout.inSeconds)) s: is the host too busy?",
                cause: nil
            )
        }
        if result.exitCode == 3 { return nil }
        try result.checked(host: host.name, command: command)
        return Data(result.outputBytes)
    }
}
