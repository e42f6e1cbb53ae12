import ExperimentModel
import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// Hosts on which nothing is as it should be: each gets a clear outcome, soon, and before anything is started there.
    ///
    /// Needs root: a host's oddities are mounts that only its sshd and what that starts can see.
    struct HostileHostTests {
        /// What is odd about a host.
        struct Oddity: CustomTestStringConvertible, Sendable {
            var testDescription: String
            /// What sshd's own view of the file system is changed by; `$HOME` is the login directory.
            var mounts = ""
            /// Lines for sshd's configuration.
            var configuration: [String] = []
            var command = "check"
            var status: Int32 = 3
            /// What the message must say.
            var says: [String]
        }

        static let oddities = [
            Oddity(
                testDescription: "a home that is full",
                mounts: "mount -t tmpfs -o size=2m none \"$HOME\"",
                says: ["MiB are free in the login directory"]
            ),
            Oddity(
                testDescription: "a home that is read-only",
                mounts: "mount --bind \"$HOME\" \"$HOME\"; mount -o remount,bind,ro \"$HOME\"",
                says: ["cannot be written (read-only"]
            ),
            Oddity(
                testDescription: "a home from which nothing may be run",
                mounts: "mount -t tmpfs -o noexec,mode=700 none \"$HOME\"",
                command: "run",
                says: ["where the agent lives, is mounted noexec", "mount it with exec"]
            ),
            Oddity(
                testDescription: "/tmp from which nothing may be run, which the agent does not need",
                mounts: "mount --bind /tmp /tmp; mount -o remount,bind,noexec /tmp",
                command: "run",
                // This host has no chronyd: the clock is as far as it gets.
                status: 4,
                says: ["push done", "clock failed"]
            ),
            Oddity(
                testDescription: "no sh",
                mounts: "mount --bind /dev/null \"$(readlink -f /bin/sh)\"",
                says: ["the login shell ended with status 126", "/bin/sh"]
            ),
            Oddity(
                testDescription: "a login that prints without end",
                configuration: ["ForceCommand yes 'all work and no play'"],
                says: ["the login shell prints without end"]
            ),
            Oddity(
                testDescription: "a profile that prints, before and after",
                configuration: ["ForceCommand echo 'kernel=none'; /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"; echo bye"],
                status: 4,
                says: ["inspect done"]
            ),
        ]

        @Test("Each oddity has a clear outcome", .timeLimit(.minutes(1)), arguments: oddities)
        func outcome(_ oddity: Oddity) async throws {
            // Turns into sshd, which sees the mounts; nobody else does.
            let script =
                "export HOME='\(NSHomeDirectory())'; \(oddity.mounts.isEmpty ? ":" : oddity.mounts); exec \"$@\""
            let bash = "/bin/bash"
            let options = SSHServer.Options(
                configuration: oddity.configuration,
                launcher: ["/usr/bin/unshare", "--mount", "--propagation", "private", bash, "-c", script, "bash"]
            )
            let start = ContinuousClock.now
            try await SSHServer.with(options) { server in
                try await withTemporaryFolder { folder in
                    let file = folder + "/x.json"
                    try Self.experiment(server).write(toFile: file, atomically: true, encoding: .utf8)
                    let extra = oddity.command == "run" ? ["--runs", folder + "/runs"] : []
                    let result = try await LatexpCommand.run([oddity.command, file] + extra)
                    #expect(result.status == oddity.status, "\(result.errors)")
                    for text in oddity.says { #expect(result.errors.contains(text), "\(result.errors)") }
                    print("\(oddity): \(result.errors.split(separator: "\n").last ?? "")")
                }
            }
            #expect(ContinuousClock.now - start < .seconds(30))
        }

        @Test("A host of an architecture for which there is no agent is told how to get one", .timeLimit(.minutes(1)))
        func architecture() async throws {
            try await withTemporaryFolder { folder in
                try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
                let uname = folder + "/bin/uname"
                try "#!/bin/sh\ncase $1 in -m) echo riscv64 ;; *) exec /usr/bin/uname \"$@\" ;; esac\n"
                    .write(toFile: uname, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: uname)
                let options = SSHServer.Options(configuration: ["SetEnv PATH=\(folder)/bin:/usr/bin:/bin"])
                try await SSHServer.with(options) { server in
                    let file = folder + "/x.json"
                    try Self.experiment(server).write(toFile: file, atomically: true, encoding: .utf8)
                    let result = try await LatexpCommand.run(["run", file, "--runs", folder + "/runs"])
                    #expect(result.status == 3, "\(result.errors)")
                    for text in ["riscv64", "infra/build", "--agent"] {
                        #expect(result.errors.contains(text), "\(result.errors)")
                    }
                }
            }
        }

        private static func experiment(_ server: SSHServer) throws -> String {
            """
            { "name": "x", "feed": { "streams": ["btcusdt@bookTicker"] }, "hosts": { "here": {
                "ssh": "\(server.user)@127.0.0.1:\(server.port)", "identityFile": "\(server.userKey)",
                "hostKey": "\(try server.hostKey("ed25519"))", "chronyc": ["-h", "127.0.0.1", "-p", "1"] } },
              "receiver": "here", "paths": [{ "name": "baseline", "kind": "direct" }], "clock": { "wait": "1s" } }
            """
        }
    }
}
