import Foundation
import Subprocess
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A network lab of a test's own, brought up by the scripts that people use.
struct NetworkLabCommand {
    /// The lab's own folder.
    let directory: String

    /// Brings a lab up in a folder, calls `body`, and takes it down again, whatever happens.
    static func with<Value>(_ folder: String, _ body: (NetworkLabCommand) async throws -> Value) async throws -> Value {
        let lab = NetworkLabCommand(directory: folder + "/lab")
        // The lab's process does not end with this one: people bring it up in one shell and use it in another.
        let aftermath = try Aftermath(of: folder, lab: lab.directory)
        defer { aftermath.dismiss() }
        let up = try await lab.script("up")
        try #require(up.status == 0, "\(up.errors)")
        do {
            let value = try await body(lab)
            try await lab.takeDown()
            return value
        } catch {
            try? await lab.takeDown()
            throw error
        }
    }

    private func takeDown() async throws {
        let down = try await script("down")
        #expect(down.status == 0, "\(down.errors)")
    }

    /// Runs one of `infra/lab`'s scripts.
    func script(_ name: String, _ arguments: [String] = []) async throws -> LatexpCommand.Result {
        let result = try await Subprocess.run(
            .path(FilePath("\(LatexpCommand.repository)/infra/lab/\(name)")),
            arguments: Arguments(arguments),
            environment: .inherit.updating([
                "LATEXP_LAB_DIRECTORY": directory, "LATEXP_BIN": LatexpCommand.programs, "NO_COLOR": "1",
                "LC_ALL": "C.UTF-8",
            ]),
            workingDirectory: FilePath(LatexpCommand.repository),
            output: .string(limit: 4 << 20),
            error: .string(limit: 4 << 20)
        )
        guard case .exited(let status) = result.terminationStatus else {
            Issue.record("infra/lab/\(name) was ended by a signal: \(result.standardError)")
            return .init(status: -1, output: result.standardOutput, errors: result.standardError)
        }
        return .init(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// Changes a link: `("backbone", "--cut", "1s")`.
    func link(_ words: String...) async throws {
        let result = try await script("link", words)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// The shipped experiment for the lab, with this lab's hosts and the given duration.
    func experiment(in folder: String, seconds: Int, replacing more: [(String, String)] = []) throws -> String {
        try LatexpCommand.experiment(
            "lab.json",
            in: folder,
            replacing: [
                ("../.lab/world", directory + "/world"), ("\"duration\": \"30s\"", "\"duration\": \"\(seconds)s\""),
            ] + more
        )
    }

    /// Runs `latexp` on the lab's laptop.
    func latexp(_ arguments: [String]) async throws -> LatexpCommand.Result {
        try await script("enter", [LatexpCommand.programs + "/latexp"] + arguments)
    }
}
