import Foundation
import Testing

/// The published schemas are what the sources say, and what is written agrees with them.
@Suite struct SchemaTests {
    private let script = PythonScript(name: "schema.py")

    @Test(.timeLimit(.minutes(1))) func whatIsWrittenAgreesWithTheSchemas() async throws {
        let goldens = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens")
        let recorded = try FileManager.default.contentsOfDirectory(atPath: goldens.path).filter {
            $0.hasSuffix(".json")
        }
        .map { goldens.appending(path: $0).path }
        try #require(recorded.count > SyntheticKind.allCases.count)
        let folder = try ReportFolder.write()
        defer { folder.remove() }
        let result = try await script.run(["check"] + recorded + folder.jsonFiles)
        #expect(result.isSuccess, "\(result.output)")
    }

    @Test(.timeLimit(.minutes(1))) func whatDoesNotAgreeIsFound() async throws {
        let folder = try ReportFolder.write(only: [.tiny])
        defer { folder.remove() }
        let file = folder.url.appending(path: "tiny.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let faults = [
            ("\"lanesPerPath\" : 1", "\"lanesPerPath\" : \"1\"", "no integer"),
            ("\"market\" : \"usdm\"", "\"market\" : \"moon\"", "none of"),
            ("\"receiver\" :", "\"reciever\" :", "reciever is unknown"),
        ]
        for (right, wrong, complaint) in faults {
            try #require(text.contains(right))
            try text.replacing(right, with: wrong).write(to: file, atomically: true, encoding: .utf8)
            let result = try await script.run(["check", file.path])
            #expect(!result.isSuccess && result.output.contains(complaint), "\(result.output)")
        }
    }
}
