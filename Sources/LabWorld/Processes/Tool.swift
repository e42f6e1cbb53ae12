import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A program of the machine that the world is made of.
struct Tool: Sendable {
    /// Its absolute path; sshd insists on being started by one.
    let path: String

    /// Directories that are not in everybody's `PATH`.
    private static let usualDirectories = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/homebrew/sbin",
        "/opt/homebrew/bin",
    ]

    /// Looks for a program.
    ///
    /// - Throws: `LabError` `missingTool` that says what to install.
    init(_ name: String, package: (apt: String, brew: String)) throws {
        let own = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = own.split(separator: ":").map(String.init) + Self.usualDirectories
        let candidates = directories.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            #if os(macOS)
                let command = "brew install \(package.brew)"
            #else
                let command = "apt-get install \(package.apt)"
            #endif
            throw LabError(.missingTool, "\(name) is not installed: \(command)")
        }
        self.path = path
    }

    /// A program that was found already.
    init(absolutePath: String) {
        path = absolutePath
    }

    /// Runs the program to its end, at most `limit`.
    ///
    /// - Returns: what it wrote on standard output.
    /// - Throws: `LabError` `toolFailed` with what it wrote when it does not exit with 0, or takes too long.
    func run(_ arguments: [String], directory: String? = nil, limit: Duration = .seconds(10)) async throws -> String {
        let outcome = try await outcome(of: arguments, directory: directory, limit: limit)
        guard outcome.isSuccess else {
            let words = ([path] + arguments).joined(separator: " ")
            let said = (outcome.errors + outcome.output).trimmingCharacters(in: .whitespacesAndNewlines)
            throw LabError(.toolFailed, "`\(words)` failed: \(said.isEmpty ? "it said nothing" : said)")
        }
        return outcome.output
    }

    /// How a run came out.
    struct Outcome: Sendable {
        var isSuccess: Bool
        var output: String
        var errors: String
    }

    /// Runs the program to its end, at most `limit`, whatever its exit status.
    func outcome(of arguments: [String], directory: String? = nil, limit: Duration = .seconds(10)) async throws
        -> Outcome
    {
        let path = self.path
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .path(FilePath(path)),
                    arguments: Arguments(arguments),
                    workingDirectory: directory.map { FilePath($0) },
                    output: .string(limit: 64 << 10),
                    error: .string(limit: 64 << 10)
                )
                return Outcome(
                    isSuccess: result.terminationStatus.isSuccess,
                    output: result.standardOutput,
                    errors: result.standardError
                )
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let outcome = first else {
                throw LabError(.toolFailed, "\(path) took longer than \(limit); is the machine overloaded?")
            }
            return outcome
        }
    }
}
