import Foundation
import TestSupport
import Testing

@testable import RemoteHosts

@Suite(.serialized, .timeLimit(.minutes(1))) struct SSHLossTests {
    /// Waits until a command has begun on the server: it makes this file.
    private func waitForFile(_ path: String) async throws {
        for _ in 0..<2000 where !FileManager.default.fileExists(atPath: path) {
            try await Task.sleep(for: .milliseconds(5))
        }
        try #require(FileManager.default.fileExists(atPath: path), "the command did not begin")
    }

    @Test func aServerThatGoesDownLosesTheCommandAndTheNextCallConnectsAgain() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let begun = server.directory + "/begun"
            async let lost = hostError { try await host.run("touch \"$1\"; exec sleep 30", begun) }
            try await waitForFile(begun)
            try await server.kill()
            #expect(try await lost.code == .connectionLost)
            let down = try await hostError { try await host.run("true") }
            #expect(down.code == .unreachable && down.isTransportFailure)
            try await server.start()
            #expect(try await host.run("echo back").output == "back\n")
        }
    }

    @Test func aConnectionLostWhileNothingRanIsMadeAnewUnnoticed() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            #expect(try await host.run("echo one").output == "one\n")
            try await server.kill()
            try await server.start()
            #expect(try await host.run("echo two").output == "two\n")
            #expect(server.log().components(separatedBy: "Accepted publickey").count == 3)
        }
    }

    @Test func aServerThatStopsAnsweringIsGivenUpAfterThreeIntervals() async throws {
        try await SSHServer.with { server in
            let host = try server.host(options: SSHOptions(keepAliveInterval: .seconds(1)))
            let begun = server.directory + "/begun"
            async let lost = hostError {
                try await host.run(
                    RemoteCommand("touch \"$1\"; exec sleep 50", arguments: [begun], timeout: .seconds(50))
                )
            }
            try await waitForFile(begun)
            let start = ContinuousClock.now
            try await server.freeze()
            let error = try await lost
            #expect(error.code == .connectionLost && error.message.contains("not answered"))
            #expect(ContinuousClock.now - start > .seconds(1) && ContinuousClock.now - start < .seconds(12))
            try await server.thaw()
            #expect(try await host.run("echo back").output == "back\n")
        }
    }

    @Test func aCommandThatIsOnlySilentIsNotGivenUp() async throws {
        try await SSHServer.with { server in
            let host = try server.host(options: SSHOptions(keepAliveInterval: .milliseconds(1000)))
            #expect(try await host.run("sleep 5; echo patience").output == "patience\n")
        }
    }

    @Test func aCancelledCommandEndsAtOnceAndTheHostStaysUsable() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            for script in ["touch \"$1\"; exec sleep 40", "touch \"$1\"; exec yes"] {
                let begun = server.directory + "/begun\(script.count)"
                let command = RemoteCommand(script, arguments: [begun], outputLimitBytes: 1 << 40)
                let task = Task { try await host.run(command) }
                try await waitForFile(begun)
                let start = ContinuousClock.now
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(ContinuousClock.now - start < .seconds(5))
                #expect(try await host.run("echo next").output == "next\n")
            }
        }
    }

    @Test func aTaskThatIsCancelledWhileItWaitsForItsTurnNeverRuns() async throws {
        try await SSHServer.with { server in
            let host = try server.host()
            let (first, second) = (server.directory + "/first", server.directory + "/second")
            let running = Task { try await host.run("touch \"$1\"; read line; echo over", first) }
            try await waitForFile(first)
            let waiting = Task { try await host.run("touch \"$1\"", second) }
            waiting.cancel()
            running.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            _ = await running.result
            #expect(!FileManager.default.fileExists(atPath: second))
        }
    }

    @Test func tenHostsWorkAtTheSameTime() async throws {
        try await SSHServer.with { server in
            let start = ContinuousClock.now
            let outputs = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<10 {
                    let host = try server.host(name: "host\(number)")
                    group.addTask {
                        let output = try await host.run("sleep 2; echo \"$1\"", "\(number)").output
                        await host.close()
                        return output
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outputs.sorted() == (0..<10).map { "\($0)\n" })
            // One after the other they would take 20 s.
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test func aHostThatIsThrownAwayLeavesNoThreadAndNoDescriptorBehind() async throws {
        try await SSHServer.with { server in
            for _ in 0..<3 { _ = try await server.host().run("true") }
            weak let executor: SSHThreadExecutor?
            do {
                let host = try server.host()
                executor = host.executor
                _ = try await host.run("true")
            }
            for _ in 0..<400 where executor != nil { try await Task.sleep(for: .milliseconds(5)) }
            #expect(executor == nil, "the thread ends and lets its executor go")
        }
    }
}
