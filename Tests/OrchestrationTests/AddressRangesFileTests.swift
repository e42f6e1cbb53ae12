import Foundation
import Reporting
import Testing

@testable import Orchestration

@Suite("AWS's list of its ranges")
final class AddressRangesFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "latexp-ranges-\(UUID().uuidString)")
    private var run: RunDirectory { RunDirectory(url: folder.appending(path: "run")) }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ text: String) throws -> String {
        let file = folder.appending(path: "list.json")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    @Test("is kept in the run's directory as it was given")
    func kept() async throws {
        let text = """
            {"createDate": "2026-11-18-11-06-40", "prefixes": [
              {"ip_prefix": "203.0.113.0/24", "region": "ap-northeast-1", "service": "EC2"}]}
            """
        try await AddressRangesFile.place(try file(text), in: run)
        #expect(try Data(contentsOf: run.file(AddressRanges.fileName)) == Data(text.utf8))
    }

    @Test("is refused when it is something else, and nothing is left")
    func refused() async throws {
        let path = try file("<html>not found</html>")
        let run = run
        let error = await #expect(throws: ReportingError.self) { try await AddressRangesFile.place(path, in: run) }
        #expect(error?.code == .malformed)
        #expect(!run.has(AddressRanges.fileName))
        let missing = await #expect(throws: OrchestrationError.self) {
            try await AddressRangesFile.place("/nonexistent/list.json", in: run)
        }
        #expect(missing?.code == .storage)
    }
}
