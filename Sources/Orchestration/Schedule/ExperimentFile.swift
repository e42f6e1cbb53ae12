import ExperimentModel
import Foundation

/// An experiment as it was read from its file.
public struct ExperimentFile: Sendable {
    /// The file.
    public var path: String
    /// The experiment with every default, and paths of files as latexp must open them.
    public var experiment: Experiment
    /// The experiment as the user wrote it.
    public var supplied: JSONValue

    /// Reads and checks the file at `path`, and the inventory that it names.
    ///
    /// Relative paths in it are relative to its directory; `~` is the user's home.
    ///
    /// - Throws: `ExperimentError`.
    public static func load(_ path: String) throws -> ExperimentFile {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent()
        let data = try read(url, missing: "there is no experiment file \(path); the examples are in experiments/")
        var (experiment, supplied) = try ExperimentReader.read(data, fileName: path) { inventory in
            let file = resolve(inventory, in: folder)
            return try read(
                URL(filePath: file),
                missing: "\(path) names the inventory \(file), which is not there: "
                    + "infra/aws/up makes hosts on AWS and writes it, "
                    + "or copy experiments/hosts.example.json to it and enter your hosts"
            )
        }
        if let file = experiment.feed.caFile { experiment.feed.caFile = resolve(file, in: folder) }
        for (name, host) in experiment.hosts {
            experiment.hosts[name]?.identityFile = host.identityFile.map { resolve($0, in: folder) }
            experiment.hosts[name]?.knownHosts = host.knownHosts.map { resolve($0, in: folder) }
        }
        return ExperimentFile(path: path, experiment: experiment, supplied: supplied)
    }

    private static func read(_ url: URL, missing: String) throws -> Data {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
            throw ExperimentError(.unreadable, missing)
        }
        guard !isDirectory.boolValue else {
            throw ExperimentError(.unreadable, "\(url.relativePath) is a directory: name a file")
        }
        do {
            return try Data(contentsOf: url)
        } catch {
            throw ExperimentError(
                .unreadable,
                "cannot read \(url.path): \(error.localizedDescription)",
                cause: error
            )
        }
    }

    static func resolve(_ path: String, in folder: URL) -> String {
        if path.hasPrefix("/") { return path }
        if path == "~" || path.hasPrefix("~/") { return NSHomeDirectory() + path.dropFirst() }
        return folder.appending(path: path).standardizedFileURL.path
    }
}
