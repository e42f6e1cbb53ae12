import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

@Suite(.serialized, .timeLimit(.minutes(1))) struct SSHCommandTests {
    @Test func argumentsArriveAsTheyAre() async throws {
        try await SSHServer.with { server in
            let arguments = ShellTests.nastyArguments
            let script = "printf '%s\\0' \"$@\"; exec 3>&1; echo \"$0\" >&3 # it's a comment!"
            let result = try await server.host().run(RemoteCommand(script, arguments: arguments))
            #expect(result.output == arguments.map { $0 + "\0" }.joined() + "sh\n")
            #expect(result.exitCode == 0 && result.errorOutputBytes.isEmpty)
        }
    }

    @Test("Exit codes are values", arguments: [0, 1, 7, 127, 255] as [Int32])
    func exitCodes(code: Int32) async throws {
        try await SSHServer.with { server in
            let command = RemoteCommand("echo out; echo err >&2; exit $1", arguments: [String(code)])
            let result = try await server.host().run(command)
            #expect(
                result
                    == CommandResult(
                        exitCode: code,
                        outputBytes: Array("out\n".utf8),
                        errorOutputBytes: Array("err\n".utf8)
                    )
            )
            guard code != 0 else {
                try result.checked(host: "tokyo", command: command)
                return
            }
            let error = try #require(throws: RemoteHostError.self) {
                try result.checked(host: "tokyo", command: command)
            }
            #expect(
                error.code == .commandFailed && error.message.contains("err")
                    && error.message.contains("status \(code)")
            )
        }
    }

    @Test func signalsShowInTheExitCodeAndAKilledReporterIsNoSuccess() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            #expect(try await host.run("kill -TERM $$").exitCode == 143)
            #expect(try await host.run("kill -KILL $$").exitCode == 137)
            let error = try await hostError { try await host.run("echo begun; kill -KILL $PPID $$") }
            #expect(error.code == .commandNotRun && error.message.contains("KILL"))
            #expect(try await host.run("echo again").output == "again\n")
        }
    }

    @Test func megabytesGoBothWaysAtTheSameTime() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let input = noise(1 << 20)
            for _ in 0..<3 {
                let result = try await host.run(
                    RemoteCommand("tee /dev/stderr", input: input, outputLimitBytes: 2 << 20)
                )
                #expect(result.outputBytes == input && result.errorOutputBytes == input && result.exitCode == 0)
            }
            #expect(server.log().components(separatedBy: "Accepted publickey").count == 2, "one session for all")
        }
    }

    /// A server that halts again and again leaves half packets in a small send buffer.
    ///
    /// What it sent before must still be read, and reading wants to open the small window, which sends: only the call
    /// that was interrupted may go on then.
    @Test func aHaltingServerCorruptsNothing() async throws {
        try await SSHServer.with { server in
            var options = SSHOptions()
            options.sendBufferBytes = 4096
            options.windowBytes = 1 << 16
            let host = try server.host(options: options)
            let input = noise(8 << 20)
            let command = RemoteCommand("tee /dev/stderr", input: input, outputLimitBytes: 8 << 20)
            _ = try await host.connect()
            let halting = Task {
                while !Task.isCancelled {
                    try await server.freeze()
                    try await server.thaw()
                    await Task.yield()
                }
            }
            defer { halting.cancel() }
            let result = try await host.run(command)
            #expect(result.outputBytes == input && result.errorOutputBytes == input && result.exitCode == 0)
            halting.cancel()
            _ = await halting.result
            try await server.thaw()
            #expect(server.log().components(separatedBy: "Accepted publickey").count == 2, "one session for all")
        }
    }

    @Test func inputThatNobodyReadsDoesNoHarm() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let result = try await host.run(RemoteCommand("exec 0<&-; echo done; exit 3", input: noise(8 << 20)))
            #expect(result.output == "done\n" && result.exitCode == 3)
            #expect(try await host.run("echo next").output == "next\n")
        }
    }

    @Test func aProfileThatPrintsCorruptsNothing() async throws {
        let noisy =
            "echo 'Welcome!'; echo 'motd' >&2; printf 'LATEXP1 no newline'; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\""
        let options = SSHServer.Options(configuration: ["ForceCommand \(noisy)"])
        try await SSHServer.with(options) { server in
            let host = try server.host()
            let result = try await host.run("printf 'no line feed'; echo problem >&2; exit 5")
            #expect(result.output == "no line feed" && result.errorOutput == "problem\n" && result.exitCode == 5)
            let bytes = noise(300_000)
            let file = try TemporaryFile(bytes)
            let path = server.directory + "/noisy/file"
            #expect(try await host.upload(UploadFile(localPath: file.path, remotePath: path)).bytes == 300_000)
            let back = try TemporaryDirectory()
            _ = try await host.download(path, to: back.path + "/file", limitBytes: 1 << 20)
            #expect(FileManager.default.contents(atPath: back.path + "/file") == Data(bytes))
        }
    }

    @Test func aLoginShellThatRunsNothingIsNamed() async throws {
        let options = SSHServer.Options(configuration: ["ForceCommand echo 'This account is not available.'; exit 1"])
        try await SSHServer.with(options) { server in
            let error = try await hostError { try await server.host().run("true") }
            #expect(error.code == .commandNotRun)
            #expect(error.message.contains("status 1") && error.message.contains("This account is not available."))
        }
    }

    @Test func aBackgroundProcessThatKeepsTheOutputOpenHoldsNobodyUp() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let start = ContinuousClock.now
            let result = try await host.run("sleep 30 & echo $!; exit 4")
            #expect(result.exitCode == 4 && ContinuousClock.now - start < .seconds(15))
            let pid = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try await host.run("kill \"$1\"", pid).exitCode == 0)
        }
    }

    @Test func aCommandThatTakesTooLongTimesOutAndTheHostStaysUsable() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let start = ContinuousClock.now
            let error = try await hostError {
                try await host.run(RemoteCommand("echo early; exec sleep 20", timeout: .milliseconds(500)))
            }
            #expect(error.code == .timedOut && error.message.contains("echo early"))
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(try await host.run("echo next").output == "next\n")
        }
    }

    @Test("A command that prints without end is stopped by its limit", arguments: ["yes", "yes >&2"])
    func outputLimit(script: String) async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let error = try await hostError { try await host.run(RemoteCommand(script, outputLimitBytes: 100_000)) }
            #expect(error.code == .outputTooLong && error.message.contains("100000"))
            let exact = try await host.run(RemoteCommand("head -c 100000 /dev/zero", outputLimitBytes: 100_000))
            #expect(exact.outputBytes.count == 100_000)
        }
    }

    @Test func whatCannotBeSentIsRefusedBeforeAnythingIsSent() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let nul = try await hostError { try await host.run("echo \"$1\"", "a\0b") }
            #expect(nul.code == .invalidArgument)
            let long = try await hostError { try await host.run("true", String(repeating: "x", count: 40_000)) }
            #expect(long.code == .invalidArgument && long.message.contains("input"))
            #expect(try await host.run("echo ${#1}", String(repeating: "x", count: 25_000)).output == "25000\n")
        }
    }
}
