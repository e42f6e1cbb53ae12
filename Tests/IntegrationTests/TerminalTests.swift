import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// What people see on a real terminal, as tmux shows it.
    struct TerminalTests {
        /// A terminal of a size, with a shell in it; gone with its server when the test is done.
        private struct Terminal {
            let server: String
            let session: String

            func tmux(_ arguments: [String]) async throws -> String {
                try await SSHServerTools.output("tmux", ["-L", server, "-f", "/dev/null"] + arguments)
            }

            /// The lines that the terminal shows now.
            func screen() async throws -> [String] {
                let text = try await tmux(["capture-pane", "-p", "-t", session])
                return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            }

            func type(_ keys: [String]) async throws {
                _ = try await tmux(["send-keys", "-t", session] + keys)
            }

            /// Waits until the screen shows something; gives the screen.
            func wait(for text: String, at location: SourceLocation = #_sourceLocation) async throws -> [String] {
                let end = ContinuousClock.now + .seconds(60)
                while true {
                    let screen = try await screen()
                    if screen.contains(where: { $0.contains(text) }) { return screen }
                    try #require(
                        ContinuousClock.now < end,
                        "waited in vain for '\(text)': \(screen)",
                        sourceLocation: location
                    )
                    try await Task.sleep(for: .milliseconds(50))
                }
            }

            static func with<Value>(
                columns: Int,
                _ command: String,
                _ body: (Terminal) async throws -> Value
            ) async throws -> Value {
                let server = "latexp-test-\(UInt32.random(in: .min ... .max))"
                let terminal = Terminal(server: server, session: "t")
                let shell = "cd '\(LatexpCommand.repository)'; \(command); echo \"ended with status $?\"; sleep 100"
                _ = try await terminal.tmux([
                    "new-session", "-d", "-s", "t", "-x", "\(columns)", "-y", "50", "env", "LC_ALL=C.UTF-8",
                    "sh", "-c", shell,
                ])
                do {
                    let value = try await body(terminal)
                    _ = try? await terminal.tmux(["kill-server"])
                    return value
                } catch {
                    _ = try? await terminal.tmux(["kill-server"])
                    throw error
                }
            }
        }

        @Test("The live block is redrawn in place, and fits 80 columns and 200", .timeLimit(.minutes(2)))
        func liveBlock() async throws {
            async let narrow: Void = checkLiveBlock(columns: 80)
            async let wide: Void = checkLiveBlock(columns: 200)
            _ = try await (narrow, wide)
        }

        private func checkLiveBlock(columns: Int) async throws {
            try await withTemporaryFolder { folder in
                let file = try LatexpCommand.experiment("demo.json", in: folder, replacing: LatexpCommand.short)
                let command = "'\(LatexpCommand.programs)/latexp' run '\(file)' --runs '\(folder)/runs'"
                try await Terminal.with(columns: columns, command) { terminal in
                    var screens = [try await terminal.wait(for: "clocks within: frankfurt")]
                    _ = try await terminal.wait(for: "0:02 of 0:04")
                    screens.append(try await terminal.screen())
                    for screen in screens {
                        print(screen.filter { !$0.isEmpty }.suffix(7).joined(separator: "\n"))
                        // Once each, at the bottom: nothing of an earlier drawing is left.
                        for text in [" left", "p50 ms", "Δ backbone - baseline: ", "clocks within: "] {
                            #expect(screen.count { $0.contains(text) } == 1, "\(text): \(screen)")
                        }
                        for path in ["baseline", "backbone"] {
                            let row = screen.last { $0.hasPrefix("  \(path) ") }
                            #expect(row?.contains("/s") == true && row?.contains("\u{2026}") == false, "\(screen)")
                        }
                    }
                    let end = try await terminal.wait(for: "ended with status ")
                    let word = end.last { $0.hasPrefix("ended with status ") }?.split(separator: " ").last ?? ""
                    try LatexpCommand.expectMeasured(
                        try LatexpCommand.latestRun(in: folder + "/runs"),
                        status: try #require(Int32(word), "\(end)"),
                        "\(end)"
                    )
                    #expect(
                        !end.contains { $0.contains("clocks within: frankfurt 0") },
                        "the block goes with its phase"
                    )
                }
            }
        }

        @Test("An encrypted key asks for its passphrase, unseen; without a terminal it says what to do")
        func passphrase() async throws {
            try await SSHServer.with { server in
                let key = server.directory + "/locked"
                try await SSHServerTools.makeKey("ed25519", at: key, passphrase: "open sesame")
                let line = try String(contentsOfFile: key + ".pub", encoding: .utf8)
                try line.write(toFile: server.authorizedKeys, atomically: true, encoding: .utf8)
                let file = server.directory + "/x.json"
                try """
                { "name": "x", "feed": { "streams": ["btcusdt@bookTicker"] }, "hosts": { "here": {
                    "ssh": "\(server.user)@127.0.0.1:\(server.port)", "identityFile": "\(key)",
                    "hostKey": "\(try server.hostKey("ed25519"))", "chronyc": ["-h", "127.0.0.1", "-p", "1"] } },
                  "receiver": "here", "paths": [{ "name": "baseline", "kind": "direct" }], "clock": { "wait": "1s" } }
                """.write(toFile: file, atomically: true, encoding: .utf8)
                let blind = try await LatexpCommand.run(
                    ["check", file],
                    environment: ["SSH_AUTH_SOCK": ""],
                    launcher: ["/usr/bin/setsid", "--wait"]
                )
                #expect(blind.status == 3 && blind.errors.contains("ssh-add \(key)"), "\(blind.errors)")

                let command = "SSH_AUTH_SOCK= '\(LatexpCommand.programs)/latexp' check '\(file)'"
                try await Terminal.with(columns: 200, command) { terminal in
                    _ = try await terminal.wait(for: "Passphrase for ")
                    try await terminal.type(["-l", "open sesame"])
                    try await terminal.type(["Enter"])
                    let screen = try await terminal.wait(for: "connect done")
                    #expect(!screen.contains { $0.contains("sesame") }, "\(screen)")
                }

                // Ctrl-C at the question ends it at once, and the terminal shows again what is typed.
                let look = "stty -a | grep -qw -- -echo && echo hidden || echo shown"
                try await Terminal.with(columns: 200, "trap : INT; \(command); echo \"ended $?\"; \(look)") {
                    terminal in
                    _ = try await terminal.wait(for: "Passphrase for ")
                    try await terminal.type(["C-c"])
                    let screen = try await terminal.wait(for: "status ")
                    #expect(screen.contains { $0.hasPrefix("ended 130") }, "\(screen)")
                    #expect(screen.contains { $0.hasPrefix("shown") }, "\(screen)")
                }
            }
        }
    }
}
