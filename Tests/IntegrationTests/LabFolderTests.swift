import Foundation
import TestSupport
import Testing

extension WholeRuns {
    /// The lab's scripts remove what a lab made, and nothing else.
    struct LabFolderTests {
        @Test("A folder that no lab made is never removed", .timeLimit(.minutes(1)), arguments: ["up", "down"])
        func foreign(_ script: String) async throws {
            try await withTemporaryFolder { folder in
                let precious = folder + "/precious"
                try Data("mine".utf8).write(to: URL(filePath: precious))
                let result = try await NetworkLabCommand(directory: folder).script(script)
                #expect(result.status != 0)
                #expect(result.errors.contains("was made by no lab"), "\(result.errors)")
                #expect(FileManager.default.fileExists(atPath: precious))
            }
        }

        @Test("-h tells what a script does, and does nothing", arguments: ["up", "down", "enter", "link", "exchange"])
        func help(_ script: String) async throws {
            try await withTemporaryFolder { folder in
                try Data().write(to: URL(filePath: folder + "/latexp-lab-folder"))
                let result = try await NetworkLabCommand(directory: folder).script(script, ["-h"])
                #expect(result.status == 0 && result.output.contains("infra/lab/\(script)"), "\(result.output)")
                #expect(FileManager.default.fileExists(atPath: folder))
            }
        }
    }
}
