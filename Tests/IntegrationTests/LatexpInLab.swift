import ExperimentModel
import Foundation
import TestSupport
import Testing

/// A `latexp` that goes on in the background, on the laptop of a network lab, and gets signals as from a terminal.
final class LatexpInLab {
    /// The folder of its runs.
    let runs: String
    private let process = Process()
    private let outputFile: String

    /// Starts it.
    init(_ arguments: [String], runs: String, lab: NetworkLabCommand) throws {
        self.runs = runs
        try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
        outputFile = runs + "/output-\(UInt32.random(in: .min ... .max))"
        _ = FileManager.default.createFile(atPath: outputFile, contents: nil)
        // `enter` and what it starts replace themselves: the process is latexp's own.
        process.executableURL = URL(filePath: LatexpCommand.repository + "/infra/lab/enter")
        process.arguments = [LatexpCommand.programs + "/latexp"] + arguments + ["--runs", runs]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "LATEXP_LAB_DIRECTORY": lab.directory, "LATEXP_BIN": LatexpCommand.programs, "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
        ]) { $1 }
        process.currentDirectoryURL = URL(filePath: LatexpCommand.repository)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: outputFile))
        process.standardError = process.standardOutput
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// What it has said so far.
    var said: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }

    /// The events of `--format json` that it has told so far.
    var events: [[String: JSONValue]] {
        get throws {
            try said.split(separator: "\n").filter { $0.hasPrefix("{\"") }.map { line in
                try JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8))
            }
        }
    }

    /// The run's directory, once there is one.
    var directory: String { get throws { try LatexpCommand.latestRun(in: runs) } }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits until a phase has begun and not ended, and some text was said if one is given.
    func waitForPhase(_ name: String, saying text: String? = nil) async throws {
        try await wait(for: "phase '\(name)'") {
            let phase = (try? LatexpCommand.record(try self.directory))?.phases.last
            return phase?.name == name && phase?.outcome == nil && (text.map { self.said.contains($0) } ?? true)
        }
    }

    /// Waits until the agents have been told that the measurement begins; the lab's hosts have their files here.
    ///
    /// - Parameter hosts: where there are agents, the receiver's first.
    func waitForGo(_ hosts: [String] = ["frankfurt", "tokyo"]) async throws {
        let record = try LatexpCommand.record(try directory)
        let folders = hosts.map { host in
            "\(NSHomeDirectory())/.cache/latexp/runs/\(record.nameOnHosts)/\(host)-b1/go"
        }
        try await wait(for: "the agents to go") { folders.allSatisfy { FileManager.default.fileExists(atPath: $0) } }
        // The agents look for it ten times a second, and say each second what they do.
        try await wait(for: "a receiver that measures") {
            let status = folders[0].dropLast(2) + "status.json"
            return (try? LatexpCommand.decode(AgentStatus.self, String(status)))?.state == .measuring
        }
    }

    /// Waits until the measured window has begun, which is known once the agents have been told to go.
    func waitForWindow() async throws {
        let record = try LatexpCommand.record(try directory)
        let file = "\(NSHomeDirectory())/.cache/latexp/runs/\(record.nameOnHosts)/frankfurt-b1/status.json"
        try await wait(for: "the measured window") {
            guard let status = try? LatexpCommand.decode(AgentStatus.self, file), let window = status.window else {
                return false
            }
            return status.at.monotonicNs > window.start.monotonicNs
        }
    }

    /// Waits for its end; gives its exit status, negative after a signal.
    func end(within limit: Duration = .seconds(90)) async throws -> Int32 {
        try await wait(for: "its end", limit: limit) { !self.process.isRunning }
        guard !process.isRunning else { return -1 }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    private func wait(for what: String, limit: Duration = .seconds(60), until condition: () -> Bool) async throws {
        let end = ContinuousClock.now + limit
        while !condition() {
            let isOver = what != "its end" && !process.isRunning
            guard ContinuousClock.now < end, !isOver else {
                try #require(Bool(false), "waited in vain for \(what); it said: \(said.suffix(2_000))")
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension NetworkLabCommand {
    /// A host's network namespace.
    func namespace(_ host: String) throws -> String {
        let pid = try String(contentsOfFile: directory + "/pid", encoding: .utf8)
        return "latexp-\(pid.trimmingCharacters(in: .whitespacesAndNewlines))-\(host)"
    }

    /// The ports on which something listens on Tokyo and Frankfurt.
    func listeners() async throws -> Set<String> {
        var found: Set<String> = []
        for host in ["tokyo", "frankfurt"] {
            let sockets = try await SSHServerTools.output(
                "ip",
                ["netns", "exec", try namespace(host), "ss", "-H", "-l", "-t", "-u", "-n"]
            )
            for line in sockets.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count > 4 { found.insert("\(host) \(words[0]) \(words[4])") }
            }
        }
        return found
    }

    /// Looks for anything of a run on the hosts: processes, listening ports, files.
    ///
    /// - Parameter before: who listened when the lab was fresh.
    func expectNothingLeft(
        of run: String,
        listenersBefore before: Set<String>,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let record = try LatexpCommand.record(run)
        let name = record.nameOnHosts
        // A session's own end takes a moment after latexp's.
        var processes = Self.processes(in: name)
        for _ in 0..<40 where !processes.isEmpty {
            try await Task.sleep(for: .milliseconds(50))
            processes = Self.processes(in: name)
        }
        #expect(processes.isEmpty, "left: \(processes)", sourceLocation: location)
        let cache = NSHomeDirectory() + "/.cache/latexp"
        #expect(!FileManager.default.fileExists(atPath: "\(cache)/runs/\(name)"), sourceLocation: location)
        let agents = (try? FileManager.default.contentsOfDirectory(atPath: cache + "/agents")) ?? []
        let hashes = record.hosts.values.compactMap { $0.agentSHA256.map { "latexp-agent-\($0.prefix(16)).tmp" } }
        let parts = agents.filter { file in hashes.contains { file.hasPrefix($0) } }
        #expect(parts.isEmpty, "left: \(parts)", sourceLocation: location)
        let listeners = try await self.listeners().subtracting(before)
        #expect(listeners.isEmpty, "left: \(listeners)", sourceLocation: location)
    }

    /// The processes that work in, or speak of, a directory whose path holds `text`.
    private static func processes(in text: String) -> [String] {
        let ids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int32($0) != nil }
        let inside = ids.filter { id in
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
            return place?.contains(text) == true
        }
        return inside + LatexpCommand.processes(holding: text)
    }
}
