import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

@Suite(.serialized, .timeLimit(.minutes(1))) struct DetachedProcessTests {
    private let here = LocalHost(name: "here")

    /// Asks until a run's state is what is expected, for a while.
    private func expectState(
        _ expected: DetachedProcess.State,
        of processes: DetachedProcess,
        in directory: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var state = DetachedProcess.State.absent
        for _ in 0..<200 {
            state = try await processes.state(directory: directory)
            if state == expected { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the state is \(state)", sourceLocation: sourceLocation)
    }

    private func shell(_ script: String) -> [String] { ["/bin/sh", "-c", script] }

    @Test func aRunOutlivesItsConnectionAndItsServerAndItsStatusIsFetchedLater() async throws {
        try await SSHServer.with { server in
            let directory = server.directory + "/it's a run"
            let processes = DetachedProcess(host: try server.host())
            #expect(try await processes.state(directory: directory) == .absent)
            let command = [
                "/bin/sh", "-c", "echo said; echo \"$1\" >&2; until [ -e go ]; do sleep 0.05; done; exit 7", "sh",
                "an 'argument'",
            ]
            let start = ContinuousClock.now
            let outcome = try await processes.launch(directory: directory, command: command, maximumSeconds: 50)
            guard case .started(let pid) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(pid > 1 && ContinuousClock.now - start < .seconds(10))
            #expect(try await processes.state(directory: directory) == .running)
            #expect(
                try await processes.launch(directory: directory, command: command, maximumSeconds: 50)
                    == .alreadyRunning
            )

            try await server.kill()
            try await server.start()
            let later = DetachedProcess(host: try server.host())
            #expect(try await later.state(directory: directory) == .running)
            try Data().write(to: URL(fileURLWithPath: directory + "/go"))
            try await expectState(.exited(code: 7), of: later, in: directory)
            #expect(try String(contentsOfFile: directory + "/out.log", encoding: .utf8) == "said\n")
            #expect(try String(contentsOfFile: directory + "/err.log", encoding: .utf8) == "an 'argument'\n")
            #expect(try await later.stop(directory: directory) == .exited(code: 7))
        }
    }

    @Test func theSameDirectoryCanBeUsedAgain() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        for code in [3, 0, 127] as [Int32] {
            let command = code == 127 ? ["/no/such/program"] : shell("exit \(code)")
            guard
                case .started = try await processes.launch(
                    directory: directory.path,
                    command: command,
                    maximumSeconds: 20
                )
            else {
                Issue.record("not started")
                return
            }
            try await expectState(.exited(code: code), of: processes, in: directory.path)
        }
    }

    @Test func stopEndsAWellBehavedRunByTERM() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        let script = "trap 'echo stopped; exit 9' TERM; echo up; while :; do sleep 0.05; done"
        _ = try await processes.launch(directory: directory.path, command: shell(script), maximumSeconds: 50)
        while try String(contentsOfFile: directory.path + "/out.log", encoding: .utf8) != "up\n" {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await processes.stop(directory: directory.path) == .exited(code: 9))
        #expect(try String(contentsOfFile: directory.path + "/out.log", encoding: .utf8) == "up\nstopped\n")
        #expect(try await processes.stop(directory: directory.path) == .exited(code: 9), "stopping twice is no error")
        #expect(try await processes.stop(directory: directory.path + "/nowhere") == .absent)
    }

    @Test func aRunThatIgnoresTERMIsKilledWithAllItsChildren() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        let script = "trap '' TERM; sleep 41 & echo up; while :; do sleep 0.2; done"
        _ = try await processes.launch(directory: directory.path, command: shell(script), maximumSeconds: 50)
        while try String(contentsOfFile: directory.path + "/out.log", encoding: .utf8) != "up\n" {
            try await Task.sleep(for: .milliseconds(10))
        }
        let start = ContinuousClock.now
        let state = try await processes.stop(directory: directory.path, grace: .seconds(1))
        #expect(state == .lost && ContinuousClock.now - start < .seconds(10))
    }

    @Test func aRunWhoseLeaderWasKilledIsStillFoundAndStopped() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        let launched = try await processes.launch(
            directory: directory.path,
            command: ["sleep", "42"],
            maximumSeconds: 50
        )
        guard case .started(let pid) = launched else { return }
        kill(pid, SIGKILL)
        #expect(try await processes.state(directory: directory.path) == .running)
        #expect(try await processes.stop(directory: directory.path, grace: .seconds(2)) != .running)
    }

    @Test func aProcessThatOnlyHasTheNotedIdIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        let bystander = Process()
        bystander.executableURL = URL(fileURLWithPath: "/bin/sleep")
        bystander.arguments = ["43"]
        try bystander.run()
        // Not TERM: Foundation's children may have it blocked.
        defer { kill(bystander.processIdentifier, SIGKILL) }
        _ = try await processes.launch(directory: directory.path, command: ["sleep", "44"], maximumSeconds: 50)
        try "\(bystander.processIdentifier) 12345\n".write(
            toFile: directory.path + "/pid",
            atomically: true,
            encoding: .utf8
        )
        #expect(try await processes.stop(directory: directory.path, grace: .seconds(2)) != .running)
        #expect(bystander.isRunning)
    }

    @Test func theDeadlineEndsARunThatNobodyWatches() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: here)
        _ = try await processes.launch(directory: directory.path, command: ["sleep", "45"], maximumSeconds: 1)
        try await expectState(.exited(code: 143), of: processes, in: directory.path)
    }

    @Test func withoutItsToolsTheLauncherSaysWhatIsMissing() async throws {
        let directory = try TemporaryDirectory()
        let processes = DetachedProcess(host: HostWithoutTools())
        let error = try await hostError {
            try await processes.launch(directory: directory.path, command: ["true"], maximumSeconds: 1)
        }
        #expect(error.code == .unsupported && error.message.contains("flock is missing"))
        let empty = try await hostError { try await processes.launch(directory: "x", command: [], maximumSeconds: 1) }
        #expect(empty.code == .invalidArgument)
    }
}

/// This machine with an empty search path.
private struct HostWithoutTools: RemoteHost {
    private let host = LocalHost(name: "mac")
    var name: String { host.name }

    func connect() async throws -> ConnectionFacts { try await host.connect() }

    func run(_ command: RemoteCommand) async throws -> CommandResult {
        var command = command
        command.script = "PATH=/nonexistent\n" + command.script
        return try await host.run(command)
    }

    func upload(_ file: UploadFile, progress: (@Sendable (TransferProgress) -> Void)?) async throws -> TransferOutcome {
        try await host.upload(file, progress: progress)
    }

    func download(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws -> TransferOutcome {
        try await host.download(path, to: localPath, limitBytes: limitBytes, progress: progress)
    }

    func close() async {}
}
