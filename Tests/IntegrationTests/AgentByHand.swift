import ExperimentModel
import Foundation
import Testing

/// The agent's program, started as a person starts it, in a folder of its own; killed when the test lets go of it.
final class AgentByHand {
    let folder: String
    private let process = Process()
    private let earlierNames: Set<String>

    /// Starts it.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - folder: its current folder, made if it is not there; results and messages go there.
    ///   - environment: variables beside the test's own.
    ///   - launcher: a program with arguments that starts it, if it shall not be started directly.
    init(
        _ arguments: [String],
        in folder: String,
        environment: [String: String] = [:],
        launcher: [String] = []
    ) throws {
        self.folder = folder
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        earlierNames = Set(Self.names(in: folder))
        _ = files.createFile(atPath: folder + "/stderr", contents: nil)
        let command = launcher + [LatexpCommand.programs + "/latexp-agent"] + arguments
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder + "/stderr"))
        process.standardError = process.standardOutput
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// What it has said so far.
    var said: String { (try? String(contentsOfFile: folder + "/stderr", encoding: .utf8)) ?? "" }

    /// Its newest status; nil before the first.
    var status: AgentStatus? { runFolder.flatMap { try? LatexpCommand.decode(AgentStatus.self, $0 + "/status.json") } }

    /// The folder that it made for its run: not one that an agent before it left there.
    var runFolder: String? {
        Self.names(in: folder).first { $0.hasPrefix("latexp-") && !earlierNames.contains($0) }.map {
            folder + "/" + $0
        }
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Sends it a signal.
    func signal(_ number: Int32) {
        kill(process.processIdentifier, number)
    }

    /// Whether it is still there.
    var isRunning: Bool { process.isRunning }

    /// Waits until `condition` holds; 30 s at most.
    func wait(
        for what: String,
        at location: SourceLocation = #_sourceLocation,
        until condition: (AgentByHand) -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while !condition(self) {
            guard ContinuousClock.now < end else {
                Issue.record("waited 30 s in vain for \(what); it said: \(said)", sourceLocation: location)
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for its end and gives its exit status; negative after a signal.
    func end(at location: SourceLocation = #_sourceLocation) async throws -> Int32 {
        try await wait(for: "its end", at: location) { !$0.isRunning }
        guard !process.isRunning else { return -1 }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// One of its files as JSON.
    func json(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(filePath: folder + "/" + name))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
