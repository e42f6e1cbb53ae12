import Foundation
import Subprocess
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A script beside these tests, for the interpreter of the system.
struct PythonScript {
    let name: String

    /// Runs it.
    ///
    /// - Returns: whether it ended well, and what it wrote.
    func run(_ arguments: [String]) async throws -> (isSuccess: Bool, output: String) {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: name)
        let result = try await Subprocess.run(
            .path("/usr/bin/python3"),
            arguments: .init([script.path] + arguments),
            output: .string(limit: 1 << 20),
            error: .combinedWithOutput
        )
        return (result.terminationStatus.isSuccess, result.standardOutput)
    }
}
