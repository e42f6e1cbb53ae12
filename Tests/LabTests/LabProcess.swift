import CSockets
import ChildProcesses
import ExperimentModel
import Foundation
import Testing

@testable import LabWorld

/// `latexp-lab serve` as a child of the test, and what it has started.
final class LabProcess {
    let directory: String
    let child: ChildProcess
    private let outputFile: String
    private var inputDescriptor: Int32

    struct Answer: Codable {
        var lab: String?
        var truth: String?
        var events: Int?
        var error: String?
    }

    /// The program that was built with the tests.
    static func program() throws -> String {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let candidates = [beside, package.appendingPathComponent(".build/debug")].map { "\($0.path)/latexp-lab" }
        return try #require(
            candidates.first { FileManager.default.isExecutableFile(atPath: $0) },
            "latexp-lab is in none of \(candidates); build it with `swift build`"
        )
    }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - specification: the text of the specification.
    ///   - folder: for its specification, its output, and its directory.
    ///   - arguments: further arguments.
    ///   - program: another copy of the program.
    ///   - launcher: a program with arguments that starts it, if it shall not be started directly.
    init(
        _ specification: String,
        in folder: TemporaryDirectory,
        name: String = "world",
        arguments: [String] = [],
        program: String? = nil,
        launcher: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        directory = folder.path(name)
        outputFile = folder.path("\(name).out")
        let specificationFile = folder.path("\(name).json")
        try Data(specification.utf8).write(to: URL(fileURLWithPath: specificationFile))
        let command =
            try launcher + [program ?? Self.program(), "serve", "--spec", specificationFile, "--directory", directory]
            + arguments
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        inputDescriptor = ends[1]
        child = try ChildProcess(
            command[0],
            Array(command.dropFirst()),
            environment: UserAccount.environment.merging(environment) { $1 },
            input: .descriptor(ends[0]),
            output: .file(outputFile),
            company: .ownGroup
        )
        close(ends[0])
    }

    deinit {
        closeInput()
        if !child.waitForEnd(limitNs: 20_000_000_000) { child.signal(SIGKILL) }
    }

    var output: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }

    /// The answers so far.
    var answers: [Answer] {
        output.split(separator: "\n").compactMap { try? JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    }

    func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(inputDescriptor, bytes, bytes.count)
    }

    func closeInput() {
        if inputDescriptor >= 0 { close(inputDescriptor) }
        inputDescriptor = -1
    }

    /// Waits for an answer, or for the end.
    func answer(_ index: Int = 0) async throws -> Answer {
        _ = try await Readiness.wait(limit: .seconds(40)) { answers.count > index || child.hasEnded }
        try #require(answers.count > index, "the lab said: \(output)")
        return answers[index]
    }

    /// Waits until the world is up.
    func description() async throws -> LabDescription {
        let first = try await answer()
        let file = try #require(first.lab)
        return try JSONDecoder().decode(LabDescription.self, from: try Data(contentsOf: URL(fileURLWithPath: file)))
    }

    // MARK: Processes

    /// The servers' ids, as they wrote them down themselves.
    func serverIDs() throws -> [pid_t] {
        let files = ["clock/chronyd", "frankfurt/chronyd", "frankfurt/sshd", "tokyo/chronyd", "tokyo/sshd"]
        return try files.map { "\(directory)/\($0).pid" }.filter { FileManager.default.fileExists(atPath: $0) }.map {
            let text = try String(contentsOfFile: $0, encoding: .utf8)
            return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    /// All processes below the lab, itself included.
    func processIDs() async throws -> Set<pid_t> {
        let table = try await Self.processTable()
        var found: Set<pid_t> = [child.pid]
        while true {
            let more = table.filter { found.contains($0.parent) && !found.contains($0.id) }
            guard !more.isEmpty else { return found }
            found.formUnion(more.map(\.id))
        }
    }

    /// Those of these processes that run: a zombie that nobody reaps does not.
    static func running(_ ids: some Collection<pid_t>) async throws -> [pid_t] {
        try await processTable().filter { ids.contains($0.id) && !$0.state.hasPrefix("Z") }.map(\.id)
    }

    private static func processTable() async throws -> [(id: pid_t, parent: pid_t, state: String)] {
        let ps = try Tool("ps", package: (apt: "procps", brew: "procps"))
        let text = try await ps.run(["-A", "-o", "pid=", "-o", "ppid=", "-o", "stat="])
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count == 3, let id = pid_t(fields[0]), let parent = pid_t(fields[1]) else { return nil }
            return (id, parent, String(fields[2]))
        }
    }
}
