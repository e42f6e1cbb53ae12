import ExperimentModel
import Foundation

/// The directory of one run, and how files come into it: whole, or not at all.
public struct RunDirectory: Hashable, Sendable {
    /// The directory.
    public let url: URL

    /// The directory at `url`, which may not exist yet.
    public init(url: URL) {
        self.url = url
    }

    /// The run's name, which is the directory's.
    public var id: String { url.lastPathComponent }

    /// What to call the run on the command line: its name where the runs usually lie, elsewhere the way to it.
    public var commandName: String {
        let usual = URL(filePath: "runs", directoryHint: .isDirectory).standardizedFileURL.path
        return url.deletingLastPathComponent().standardizedFileURL.path == usual ? id : url.relativePath
    }

    /// Where a file of the run is, by its path relative to the directory.
    public func file(_ relativePath: String) -> URL { url.appending(path: relativePath) }

    /// Whether a file of the run is there.
    public func has(_ relativePath: String) -> Bool {
        FileManager.default.fileExists(atPath: file(relativePath).path)
    }

    /// Writes a file whole or not at all, making the directories on its way.
    ///
    /// - Throws: `OrchestrationError` `storage` naming the file.
    public func write(_ data: Data, to relativePath: String) throws {
        let target = file(relativePath)
        do {
            try makeDirectory(target.deletingLastPathComponent())
            try data.write(to: target, options: .atomic)
        } catch {
            throw OrchestrationError(
                .storage,
                "cannot write \(target.path): \(error.localizedDescription)",
                cause: error
            )
        }
    }

    /// Makes a directory of the run and gives its place.
    ///
    /// - Throws: `OrchestrationError` `storage` naming the directory.
    public func makeDirectory(_ relativePath: String) throws -> URL {
        let target = file(relativePath)
        do {
            try makeDirectory(target)
        } catch {
            throw OrchestrationError(
                .storage,
                "cannot make \(target.path): \(error.localizedDescription)",
                cause: error
            )
        }
        return target
    }

    /// Whether an agent that was started by hand left its files here: those of a run lie deeper.
    var isOfAgentByHand: Bool {
        !hasManifest && has("log.jsonl") && (has("plan.json") || has("status.json") || has("summary.json"))
    }

    /// Reads the manifest.
    ///
    /// - Throws: `OrchestrationError` `storage` when it is missing, broken or of another format.
    public func loadRecord() throws -> RunRecord {
        let path = file("run.json").path
        do {
            let record = try JSONDecoder().decode(RunRecord.self, from: try Data(contentsOf: file("run.json")))
            guard record.format == RunRecord.currentFormat else {
                throw OrchestrationError(
                    .storage,
                    "\(path) has format \(record.format); this latexp reads format \(RunRecord.currentFormat)"
                )
            }
            return record
        } catch let error as OrchestrationError {
            throw error
        } catch {
            throw OrchestrationError(.storage, "cannot read \(path): \(error)", cause: error)
        }
    }

    /// Writes the manifest.
    public func save(_ record: RunRecord) throws {
        try write(try Self.encode(record), to: "run.json")
    }

    /// The files of the run, by their relative paths, in order.
    public func listFiles() -> [String] {
        let paths = FileManager.default.subpaths(atPath: url.path) ?? []
        return paths.filter { path in
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: file(path).path, isDirectory: &isDirectory)
            return exists && !isDirectory.boolValue
        }.sorted()
    }

    /// JSON as every file of a run has it: indented, keys in order.
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }

    private func makeDirectory(_ url: URL) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
}
