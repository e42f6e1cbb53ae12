import ExperimentModel
import Foundation
import Reporting
import Subprocess
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The built programs, run as a user runs them.
struct LatexpCommand {
    /// What one run of a command left.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The folder of the three programs: `LATEXP_BIN`, else `bin` in the repository.
    static var programs: String {
        ProcessInfo.processInfo.environment["LATEXP_BIN"] ?? repository + "/bin"
    }

    /// The repository's top folder.
    static var repository: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path(percentEncoded: false).droppingLastSlash
    }

    /// Runs `latexp` and waits for its end; three minutes at most.
    ///
    /// - Parameters:
    ///   - arguments: its arguments.
    ///   - environment: variables that differ from this process's; an empty value takes one away.
    ///   - launcher: a program with arguments that starts it, if it shall not be started directly.
    ///   - programs: the folder of the programs.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        launcher: [String] = [],
        programs: String = programs
    ) async throws -> Result {
        let program = programs + "/latexp"
        try #require(
            FileManager.default.isExecutableFile(atPath: program),
            "\(program) is not there: run infra/build first"
        )
        let command = launcher + [program] + arguments
        var variables: [Environment.Key: String?] = ["NO_COLOR": "1", "LC_ALL": "C.UTF-8"]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .inherit.updating(variables),
            workingDirectory: FilePath(launcher.isEmpty ? repository : programs),
            output: .string(limit: 4 << 20),
            error: .string(limit: 4 << 20)
        )
        guard case .exited(let status) = result.terminationStatus else {
            Issue.record("latexp \(arguments.joined(separator: " ")) was ended by a signal")
            return Result(status: -1, output: result.standardOutput, errors: result.standardError)
        }
        return Result(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// The newest run below a folder of runs.
    static func latestRun(in runs: String) throws -> String {
        let name = try FileManager.default.destinationOfSymbolicLink(atPath: runs + "/latest")
        return name.hasPrefix("/") ? name : runs + "/" + name
    }

    /// Waits until the newest run below a folder has passed a phase; a minute at most.
    static func waitForPhase(_ name: String, runs: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let phases = (try? record(try latestRun(in: runs)))?.phases ?? []
            if phases.contains(where: { $0.name == name && $0.outcome == .passed }) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("no run in \(runs) passed '\(name)' within a minute")
    }

    /// A run's manifest.
    static func record(_ directory: String) throws -> RunRecord {
        try decode(RunRecord.self, directory + "/run.json")
    }

    /// A run's analysis.
    static func analysis(_ directory: String) throws -> RunAnalysis {
        try decode(RunAnalysis.self, directory + "/analysis.json")
    }

    /// Expects that a run has measured what it should, and that its exit status says what its analysis does: 0, or 1 without a verdict.
    ///
    /// For runs of a few seconds: that they are too short is the only excuse for having no verdict.
    static func expectMeasured(
        _ directory: String,
        status: Int32,
        _ said: String,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let record = try Self.record(directory)
        let analysis = try Self.analysis(directory)
        #expect(record.outcome == .done && record.exitStatus == status, "\(said)", sourceLocation: location)
        #expect(status == (analysis.isVerdictUnusable ? 1 : 0), "\(said)", sourceLocation: location)
        let obstacles = analysis.warnings.filter { $0.makesVerdictUnusable && $0.code != .tooFewSamples }
        #expect(obstacles.isEmpty, "\(obstacles)", sourceLocation: location)
        #expect([nil, "backbone"].contains(analysis.verdict.winner), "\(said)", sourceLocation: location)
        #expect(analysis.paths.map(\.name) == record.experiment.paths.map(\.name), sourceLocation: location)
        #expect(analysis.paths.allSatisfy { $0.samples > 100 }, "\(said)", sourceLocation: location)
        #expect(!analysis.conservation.isEmpty, sourceLocation: location)
        for row in analysis.conservation { #expect(row.mismatches.isEmpty, "\(row)", sourceLocation: location) }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
    }

    /// Writes a copy of a shipped experiment with some of its text replaced; every text must be found.
    static func experiment(
        _ name: String,
        in folder: String,
        replacing replacements: [(String, String)] = []
    ) throws -> String {
        var text = try String(contentsOfFile: repository + "/experiments/" + name, encoding: .utf8)
        for (old, new) in replacements {
            try #require(text.contains(old), "\(name) does not contain \(old)")
            text = text.replacingOccurrences(of: old, with: new)
        }
        let path = folder + "/" + name
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Replacements that make the demo short.
    static let short = [
        ("\"duration\": \"30s\"", "\"duration\": \"3s\""), ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\""),
    ]

    /// As short as a run may be that shall have a verdict: some thousand events, since they depend on each other.
    static let shortWithVerdict = [
        ("\"duration\": \"30s\"", "\"duration\": \"16s\""), ("\"warmUp\": \"3s\"", "\"warmUp\": \"1s\""),
    ]

    /// The processes whose command line holds a text.
    static func processes(holding text: String) -> [String] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return folders.filter { Int($0) != nil }.compactMap { process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"), !data.isEmpty else {
                return nil
            }
            let line = String(decoding: data.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
            return line.contains(text) && Int32(process) != getpid() ? "\(process): \(line)" : nil
        }
    }
}

extension String {
    fileprivate var droppingLastSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
