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
