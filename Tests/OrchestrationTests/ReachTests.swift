import ExperimentModel
import Foundation
import RemoteHosts
import TestSupport
import Testing

@testable import Orchestration

@Suite("Whether a forwarder reaches the receiver", .timeLimit(.minutes(1)))
struct ReachTests {
    private static func read(_ text: String) throws -> (CheckRecord.Outcome, String) {
        ReachPhase.read(text, address: "10.1.1.10", port: 8080, in: try FakeWorld().experiment)
    }

    @Test(
        "is told by how the attempt ends",
        arguments: [
            ("0 224000000\n", CheckRecord.Outcome.passed, "takes connections within 224 ms"),
            (
                "1 224000000\nbash: connect: Connection refused\nbash: line 1: /dev/tcp/10.1.1.10/8080: Connection refused\n",
                .passed, "answers within 224 ms; nobody listens there yet"
            ),
            ("7 \ncurl: (7) Failed to connect to 10.1.1.10 port 8080: Connection refused", .passed, "answers; nobody"),
            ("124 5000000000\n", .failed, "must let TCP port 8080 in"),
            ("28 5000000000\ncurl: (28) Connection timed out", .failed, "does not answer"),
            (
                "1 3000\nbash: connect: No route to host\n", .failed,
                "cannot be reached: bash: connect: No route to host"
            ),
            ("127 0\n", .warning, "neither bash nor curl"), ("", .warning, "is not tried"),
        ]
    )
    func reading(text: String, outcome: CheckRecord.Outcome, says: String) throws {
        let (found, detail) = try Self.read(text)
        #expect(found == outcome, "\(detail)")
        #expect(detail.contains(says), "\(detail)")
        #expect(detail.hasPrefix("frankfurt at 10.1.1.10, TCP port 8080,"))
    }

    @Test("is tried by the real script: a port where somebody listens, and one where nobody does")
    func script() async throws {
        let here = LocalHost(name: "here")
        let free = try SSHServerTools.freePort()
        let closed = try await here.run(RemoteCommand(HostScripts.reach, arguments: ["127.0.0.1", "\(free)"]))
        #expect(try Self.read(closed.output).1.contains("nobody listens there yet"), "\(closed.output)")
        try await SSHServer.with { server in
            let open = try await here.run(RemoteCommand(HostScripts.reach, arguments: ["127.0.0.1", "\(server.port)"]))
            #expect(try Self.read(open.output).1.contains("takes connections"), "\(open.output)")
        }
    }

    @Test("is part of `check`, before the clocks, and ends it when it is not so")
    func phase() async throws {
        let open = try await FakeWorld().run(.check)
        #expect(open.record.phases.map(\.name) == ["plan", "connect", "inspect", "reach", "clock"])
        let blocked = try await FakeWorld(tokyo: { $0.reach = "124 5000000000\n" }).run(.check)
        #expect(blocked.status == .hostUnusable)
        #expect(blocked.record.phases.last?.name == "reach")
        #expect(
            blocked.error?.message.contains("tokyo: backbone: frankfurt at 10.1.1.10") == true,
            "\(blocked.error as Any)"
        )
    }
}

#if os(Linux)
    /// The metadata service of EC2, by a responder in a network namespace of its own; needs root.
    @Suite("What EC2's metadata service says", .enabled(if: getuid() == 0), .timeLimit(.minutes(1)))
    struct MetadataTests {
        /// What the script of facts says in a namespace, with the responder or without.
        private static func facts(claimed: String, answers: Bool, without tool: String? = nil) async throws -> HostFacts
        {
            try await withTemporaryFolder { folder in
                try MetadataResponder.source.write(toFile: folder + "/responder.py", atomically: true, encoding: .utf8)
                try HostScripts.facts.write(toFile: folder + "/facts.sh", atomically: true, encoding: .utf8)
                let hide = tool.map { "mount --bind /dev/null $(readlink -f $(command -v \($0)))" } ?? ":"
                let serve = """
                    ip link set lo up && ip addr add 169.254.169.254/32 dev lo
                    mkfifo \(folder)/up
                    python3 \(folder)/responder.py >\(folder)/up &
                    trap "kill $!" EXIT
                    read -r word <\(folder)/up
                    """
                let script = "set -e\n\(hide)\n\(answers ? serve : ":")\nsh \(folder)/facts.sh '\(claimed)'\n"
                try script.write(toFile: folder + "/all.sh", atomically: true, encoding: .utf8)
                let text = try await SSHServerTools.output(
                    "unshare",
                    ["--net", "--mount", "--propagation", "private", "sh", folder + "/all.sh"]
                )
                return try #require(HostFactsReader.read(text)).facts
            }
        }

        @Test("is read with curl, and without it by bash", arguments: [nil, "curl"])
        func read(without tool: String?) async throws {
            let facts = try await Self.facts(claimed: "ap-northeast-1", answers: true, without: tool)
            #expect(facts.region == "ap-northeast-1")
            #expect(facts.zone == "apne1-az4")
            #expect(facts.instanceType == "t3.micro")
        }

        @Test("is nothing where there is none, and is not asked where no region is said")
        func absent() async throws {
            #expect(try await Self.facts(claimed: "ap-northeast-1", answers: false).region == nil)
            #expect(try await Self.facts(claimed: "", answers: true).region == nil)
        }
    }
#endif
