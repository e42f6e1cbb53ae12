import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// `latexp phase`: one validation sequence alone.
    struct PhaseTests {
        @Test("tokyo-validate prints its seven lines, each with a verdict", .timeLimit(.minutes(2)))
        func tokyo() async throws {
            try await withTemporaryFolder { folder in
                let result = try await LatexpCommand.run([
                    "phase", "tokyo-validate", "experiments/demo.json", "--runs", folder,
                ])
                #expect(result.status == 0, "\(result.errors)")
                for number in 1...7 {
                    let line = result.output.split(separator: "\n").first {
                        $0.trimmingCharacters(in: .whitespaces).contains("\(number).")
                    }
                    #expect(line?.contains("✓") == true, "line \(number): \(line ?? "missing")\n\(result.output)")
                }
                #expect(LatexpCommand.processes(holding: folder).isEmpty)
            }
        }

        @Test(
            "Every line of the other two passes, too; the relay's account across a reconnection that it provokes",
            .timeLimit(.minutes(2))
        )
        func others() async throws {
            async let frankfurt: Void = check("frankfurt-validate", count: 5)
            async let backbone: Void = check("backbone-validate", count: 6)
            _ = try await (frankfurt, backbone)
        }

        private func check(_ name: String, count: Int) async throws {
            try await withTemporaryFolder { folder in
                let result = try await LatexpCommand.run([
                    "phase", name, "experiments/demo.json", "--runs", folder, "--format", "json",
                ])
                #expect(result.status == 0, "\(result.errors)")
                struct Line: Decodable {
                    var title: String
                    var outcome: String
                    var detail: String
                }
                let lines = try JSONDecoder().decode([Line].self, from: Data(result.output.utf8))
                #expect(lines.count == count)
                for line in lines { #expect(line.outcome == "passed", "\(line)") }
                if name == "backbone-validate" {
                    #expect(lines[4].detail.contains("across a reconnection that was provoked"), "\(lines[4])")
                }
                #expect(LatexpCommand.processes(holding: folder).isEmpty)
            }
        }

        @Test("The sequences are named, and an unknown one is refused with their names", .timeLimit(.minutes(1)))
        func list() async throws {
            let list = try await LatexpCommand.run(["phase", "list"])
            let unknown = try await LatexpCommand.run(["phase", "tokio-validate"])
            #expect(list.status == 0)
            #expect(unknown.status == 2)
            for name in ["tokyo-validate", "frankfurt-validate", "backbone-validate", "compare"] {
                #expect(list.output.contains(name))
            }
            #expect(unknown.errors.contains("did you mean 'tokyo-validate'?"), "\(unknown.errors)")
        }
    }
}
