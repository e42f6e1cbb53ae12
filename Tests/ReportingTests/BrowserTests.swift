import Foundation
import Testing

/// What a browser makes of the reports: on phones and wide screens, light and dark.
@Suite struct BrowserTests {
    @Test(.timeLimit(.minutes(2))) func reportsFitEveryScreenAndShowWhatTheAnalysisSays() async throws {
        let folder = try ReportFolder.write()
        defer { folder.remove() }
        let result = try await PythonScript(name: "browser.py").run([folder.url.path])
        #expect(result.isSuccess, "needs chromium and python3-websockets: \(result.output.suffix(3_000))")
    }
}
