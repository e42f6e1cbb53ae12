import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// What goes wrong before anything is measured: one clear message, the right status, nothing half-done.
    struct BadInputTests {
        private func run(_ text: String, _ arguments: [String] = []) async throws -> LatexpCommand.Result {
            try await withTemporaryFolder { folder in
                let file = folder + "/x.json"
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                let result = try await LatexpCommand.run(["run", file, "--runs", folder + "/runs"] + arguments)
                if result.status == 2 { #expect(!FileManager.default.fileExists(atPath: folder + "/runs")) }
                return result
            }
        }

        @Test(
            "A misspelt key, a wrong type and an unknown host are all named at once, with status 2",
            .timeLimit(.minutes(1))
        )
        func allAtOnce() async throws {
            let result = try await run(
                """
                { "name": "x", "feed": { "streams": ["btcusdt@bookTicker"], "merket": "usdm" }, "lab": { "rate": "fast" },
                  "receiver": "frankfurt", "paths": [{ "name": "backbone", "kind": "relay", "via": "tokio" }] }
                """
            )
            #expect(result.status == 2, "\(result.errors)")
            for text in [
                "feed.merket", "did you mean 'market'?", "lab.rate: expected a number", "paths[0].via",
                "did you mean 'tokyo'?",
            ] {
                #expect(result.errors.contains(text), "no '\(text)' in: \(result.errors)")
            }
        }

        @Test("A missing file and a broken file are status 2, each with one message", .timeLimit(.minutes(1)))
        func missing() async throws {
            let missing = try await LatexpCommand.run(["run", "/nonexistent/x.json"])
            #expect(missing.status == 2)
            #expect(missing.errors.contains("/nonexistent/x.json"))
            let broken = try await run("{ \"name\": ")
            #expect(broken.status == 2)
            #expect(broken.errors.contains("is not JSON"), "\(broken.errors)")
            let unknown = try await LatexpCommand.run(["run", "experiments/demo.json", "--colour"])
            #expect(unknown.status == 2)
        }

        @Test("A slip is answered with the name that was meant, a folder with what is wanted", .timeLimit(.minutes(1)))
        func slips() async throws {
            let slips = [
                (["rnu", "x.json"], "no command is called 'rnu'; did you mean 'run'?"),
                (["phase", "tokyo"], "no validation is called 'tokyo'; did you mean 'tokyo-validate'?"),
                (["run", "experiments"], "experiments is a directory: name a file"),
                (["check", "README.md"], "README.md is not JSON"), (["check", "README.md"], "line 1, column 1"),
            ]
            for (arguments, says) in slips {
                let result = try await LatexpCommand.run(arguments)
                #expect(result.status == 2)
                #expect(result.errors.contains(says), "\(result.errors)")
                #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            }
        }

        @Test("A host key that none could be, and a destination that is none, are refused when the file is read")
        func malformedHost() async throws {
            let host = "\"ssh\": \"admin@10.0.0.1:http\", \"hostKey\": \"SHA256:tooShort\""
            let result = try await run(Self.experiment(host: host))
            #expect(result.status == 2, "\(result.errors)")
            #expect(result.errors.contains("x.json has 2 problems"), "\(result.errors)")
            for text in [
                "hosts.here.ssh: 'admin@10.0.0.1:http' is no SSH", "hosts.here.hostKey: is 'SHA256:tooShort': write",
            ] {
                #expect(result.errors.contains(text), "\(result.errors)")
            }
        }

        @Test("What is wrong in an inventory is said with the inventory's name")
        func malformedInventory() async throws {
            try await withTemporaryFolder { folder in
                try "{ \"here\": { \"ssh\": \"admin@10.0.0.1\", \"hostKey\": \"ssh-ed25519 AAAA\" } }"
                    .write(toFile: folder + "/mine.json", atomically: true, encoding: .utf8)
                let text = Self.experiment(host: "").replacing(
                    "{ \"here\": {  } }",
                    with: "{ \"inventory\": \"mine.json\" }"
                )
                try text.write(toFile: folder + "/x.json", atomically: true, encoding: .utf8)
                let result = try await LatexpCommand.run(["check", folder + "/x.json"])
                #expect(result.status == 2, "\(result.errors)")
                #expect(result.errors.contains("x.json with its inventory mine.json has a problem"), "\(result.errors)")
                #expect(result.errors.contains("hosts.here.hostKey: is 'ssh-ed25519 AAAA'"), "\(result.errors)")
            }
        }

        @Test("A host that does not answer is status 3, named with its address", .timeLimit(.minutes(1)))
        func unreachable() async throws {
            let result = try await run(Self.experiment(host: "\"ssh\": \"root@127.0.0.1:1\""))
            #expect(result.status == 3, "\(result.errors)")
            #expect(result.errors.contains("here") && result.errors.contains("127.0.0.1"), "\(result.errors)")
            // It may just boot: it is tried again, and whoever waits knows why and until when.
            #expect(
                result.errors.contains("! here not reached for 0 s, tried for 20 s more: Connection refused")
            )
            #expect(result.errors.contains("latexp: connect failed: here: no connection to 127.0.0.1 port 1"))

            // Who only wants to know is told at once.
            try await withTemporaryFolder { folder in
                let file = folder + "/x.json"
                try Self.experiment(host: "\"ssh\": \"root@127.0.0.1:1\"")
                    .write(toFile: file, atomically: true, encoding: .utf8)
                let start = ContinuousClock.now
                let check = try await LatexpCommand.run(["check", file])
                #expect(check.status == 3 && check.errors.contains("x is not ready to measure: connect failed at here"))
                #expect(ContinuousClock.now - start < .seconds(10))
            }
        }

        @Test("A wrong host key is status 3, with both fingerprints, before anything is sent", .timeLimit(.minutes(1)))
        func wrongHostKey() async throws {
            try await SSHServer.with { server in
                let wrong = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                let host = """
                    "ssh": "\(server.user)@127.0.0.1:\(server.port)", "identityFile": "\(server.userKey)", "hostKey": "\(wrong)"
                    """
                let result = try await run(Self.experiment(host: host))
                #expect(result.status == 3, "\(result.errors)")
                #expect(result.errors.components(separatedBy: "SHA256:").count >= 3, "\(result.errors)")
                #expect(!result.errors.contains("push"))
            }
        }

        private static func experiment(host: String) -> String {
            """
            { "name": "x", "feed": { "streams": ["btcusdt@bookTicker"] }, "hosts": { "here": { \(host) } },
              "receiver": "here", "paths": [{ "name": "baseline", "kind": "direct" }] }
            """
        }
    }
}
