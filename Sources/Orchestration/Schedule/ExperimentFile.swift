import ExperimentModel
import Foundation
import RemoteHosts

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
    /// - Parameter isLocal: every host is this machine: an inventory that is not there is not needed.
    /// - Throws: `ExperimentError`.
    public static func load(_ path: String, isLocal: Bool = false) throws -> ExperimentFile {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent()
        let data = try read(url, missing: "there is no experiment file \(path); the examples are in experiments/")
        var (experiment, supplied) = try ExperimentReader.read(data, fileName: path, judgingHost: faults) { inventory in
            let file = resolve(inventory, in: folder)
            if isLocal, !FileManager.default.fileExists(atPath: file) { return try localInventory(of: data) }
            let advice =
                inventory.contains(".lab/")
                ? "the network lab is not up: infra/lab/up brings it up and writes it"
                : "infra/aws/up makes hosts on AWS and writes it, "
                    + "or copy experiments/hosts.example.json to it and enter your hosts"
            return try read(
                URL(filePath: file),
                missing: "\(path) names the inventory \(file), which is not there: \(advice)"
            )
        }
        if let file = experiment.feed.caFile { experiment.feed.caFile = resolve(file, in: folder) }
        for (name, host) in experiment.hosts {
            experiment.hosts[name]?.identityFile = host.identityFile.map { resolve($0, in: folder) }
            experiment.hosts[name]?.knownHosts = host.knownHosts.map { resolve($0, in: folder) }
        }
        return ExperimentFile(path: path, experiment: experiment, supplied: supplied)
    }

    /// What is wrong with the texts that say how a host is reached and known, before anything is connected to.
    private static func faults(of host: HostSpecification) -> [(key: String, fault: String)] {
        [
            ("ssh", host.ssh.flatMap(SSHTarget.fault(ofDestination:))),
            ("hostKey", host.hostKey.flatMap(SSHTarget.fault(ofHostKey:))),
        ].compactMap { key, fault in fault.map { (key, $0) } }
    }

    /// This machine under every name that the experiment has for a host.
    private static func localInventory(of data: Data) throws -> Data {
        guard case .object(let root) = try JSONValue(json5: data) else { return Data("{}".utf8) }
        var names: [JSONValue?] = [root["receiver"]]
        if case .array(let paths)? = root["paths"] {
            names += paths.map { if case .object(let path) = $0 { path["via"] } else { nil } }
        }
        let address = "127.0.0.1"
        let host = HostSpecification(
            local: true,
            privateAddress: address,
            publicAddress: address,
            acceleratorAddress: address
        )
        let hosts = names.compactMap { if case .string(let name)? = $0 { name } else { nil } }
        return try JSONEncoder().encode(Dictionary(hosts.map { ($0, host) }) { first, _ in first })
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
