import Foundation
import Testing

@testable import RemoteHosts

@Suite(.timeLimit(.minutes(1))) struct LocalHostTests {
    private let host = LocalHost(name: "here")

    @Test func commandsBehaveAsOnARemoteHost() async throws {
        let arguments = ShellTests.nastyArguments
        let nasty = try await host.run(RemoteCommand("printf '%s\\0' \"$@\"; echo \"$0\"", arguments: arguments))
        #expect(nasty.output == arguments.map { $0 + "\0" }.joined() + "sh\n")
        #expect(
            try await host.run("echo err >&2; exit 7")
                == CommandResult(exitCode: 7, errorOutputBytes: Array("err\n".utf8))
        )
        #expect(try await host.run("kill -KILL $$").exitCode == 137)
        let input = noise(1 << 20)
        let echoed = try await host.run(RemoteCommand("cat", input: input))
        #expect(echoed.outputBytes == input)
        #expect(try await host.connect().trust == .thisMachine)
    }

    @Test func inputThatNobodyReadsDoesNoHarm() async throws {
        let result = try await host.run(RemoteCommand("exec 0<&-; echo done; exit 3", input: noise(8 << 20)))
        #expect(result.output == "done\n" && result.exitCode == 3)
    }

    @Test func limitsHold() async throws {
        let slow = try await hostError {
            try await host.run(RemoteCommand("sleep 30; echo late", timeout: .milliseconds(300)))
        }
        #expect(slow.code == .timedOut && slow.message.hasPrefix("here: "))
        let long = try await hostError { try await host.run(RemoteCommand("yes", outputLimitBytes: 1000)) }
        #expect(long.code == .outputTooLong)
        let nul = try await hostError { try await host.run("true", "a\0") }
        #expect(nul.code == .invalidArgument)
    }

    @Test func cancellationEndsACommandAndItsChildren() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/begun"
        let task = Task { try await host.run("sleep 40 & echo $! >\"$1.tmp\"; mv \"$1.tmp\" \"$1\"; wait", path) }
        while !FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let child = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
        for _ in 0..<1000 {
            // Gone, or waiting for a parent that never asks.
            let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ") Z"
            if state.contains(") Z") { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("the child outlived its cancelled command")
    }

    @Test func filesAreCopiedWholeOrNotAtAll() async throws {
        let home = try TemporaryDirectory()
        let host = LocalHost(name: "here", homeDirectory: home.path)
        let bytes = noise(1 << 20)
        let file = try TemporaryFile(bytes)
        let outcome = try await host.upload(
            UploadFile(localPath: file.path, remotePath: "a/b/agent", permissions: 0o755)
        )
        #expect(outcome.sha256 == SHA256.hash(bytes).hexadecimal && outcome.bytes == 1 << 20)
        #expect(try await host.run("cd a/b && ./agent; ls -l agent").output.hasPrefix("-rwxr-xr-x"))
        _ = try await host.download("a/b/agent", to: file.path + ".back", limitBytes: 1 << 20)
        #expect(FileManager.default.contents(atPath: file.path + ".back") == Data(bytes))

        let long = try await hostError { try await host.download("a/b/agent", to: file.path + ".2", limitBytes: 10) }
        #expect(long.code == .transferFailed)
        let missing = try await hostError { try await host.download("nowhere", to: file.path + ".2", limitBytes: 10) }
        #expect(missing.code == .localFile)
        let wrong = UploadFile(localPath: file.path, remotePath: "a/b/other", sha256: String(repeating: "0", count: 64))
        #expect(try await hostError { try await host.upload(wrong) }.code == .hashMismatch)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/a/b") == ["agent"])
        #expect(file.directory.names == ["file", "file.back"])
    }
}
