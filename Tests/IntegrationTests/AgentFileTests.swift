import ExperimentModel
import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// The agent is one file that is pushed once and verified always.
    struct AgentFileTests {
        #if os(Linux)
            @Test("The agent is one static executable: it asks for no interpreter and no library")
            func isStatic() throws {
                let program = LatexpCommand.programs + "/latexp-agent"
                let bytes = try Data(contentsOf: URL(filePath: program), options: .mappedIfSafe)
                // ELF64: the program headers' offset at 32, their size at 54, their number at 56; 2 is PT_DYNAMIC, 3 PT_INTERP.
                func number(_ offset: Int, _ size: Int) -> Int {
                    (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
                }
                #expect(Array(bytes.prefix(5)) == [0x7F, 0x45, 0x4C, 0x46, 2])
                let kinds = (0..<number(56, 2)).map { number(number(32, 8) + $0 * number(54, 2), 4) }
                #expect(!kinds.isEmpty)
                #expect(!kinds.contains(2) && !kinds.contains(3))
            }
        #endif

        @Test("It is uploaded once; what was cut short or altered on the host is replaced", .timeLimit(.minutes(3)))
        func pushedOnce() async throws {
            try await withTemporaryFolder { folder in
                let file = try LatexpCommand.experiment("demo.json", in: folder, replacing: LatexpCommand.short)
                // An agent that no host has, and that no other run wants while it is damaged there.
                let agent = folder + "/latexp-agent"
                let program = try Data(contentsOf: URL(filePath: LatexpCommand.programs + "/latexp-agent"))
                try (program + Data((0..<64).map { _ in UInt8.random(in: .min ... .max) }))
                    .write(to: URL(filePath: agent))
                func push() async throws -> (uploads: [Bool?], hashes: Set<String?>, errors: String) {
                    let result = try await LatexpCommand.run(["run", file, "--agent", agent, "--runs", folder])
                    let run = try LatexpCommand.latestRun(in: folder)
                    try LatexpCommand.expectMeasured(run, status: result.status, result.errors)
                    let hosts = try LatexpCommand.record(run).hosts.values
                    return (hosts.map(\.agentUploaded), Set(hosts.map(\.agentSHA256)), result.errors)
                }
                let first = try await push()
                let hash = try #require(first.hashes.first ?? nil)
                #expect(first.hashes == [try Self.sha256(agent)])
                #expect(first.uploads.contains(true))
                let second = try await push()
                #expect(second.uploads == [false, false])
                #expect(second.errors.contains("upload skipped"))

                let remote = NSHomeDirectory() + "/.cache/latexp/agents/latexp-agent-" + hash.prefix(16)
                defer { try? FileManager.default.removeItem(atPath: remote) }
                let whole = try Data(contentsOf: URL(filePath: remote))
                for damaged in [whole.prefix(whole.count / 2), whole + Data([0])] {
                    try damaged.write(to: URL(filePath: remote))
                    let again = try await push()
                    #expect(again.uploads.contains(true))
                    #expect(again.hashes == [hash])
                    #expect(try Self.sha256(remote) == hash)
                }
            }
        }

        private static func sha256(_ path: String) throws -> String {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["sha256sum", path]
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return String(text.prefix(64))
        }
    }
}
