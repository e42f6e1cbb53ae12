import Foundation
import TestSupport

@testable import LabWorld

/// A root file system with nothing in it but the agent, `/proc`, a hosts file, a resolv.conf and a bundle of certificates.
struct EmptyRoot {
    /// Its folder, which is also where agents that run in it leave their files.
    let folder: String

    /// Makes one.
    init(_ folder: String, hosts: String = "127.0.0.1 localhost exchange.lab\n", resolv: String = "") throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder + "/proc", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: LatexpCommand.programs + "/latexp-agent",
            toPath: folder + "/agent"
        )
        try write(hosts, to: "/etc/hosts")
        try write(resolv, to: "/etc/resolv.conf")
    }

    /// Writes a file, with the folders that it needs.
    func write(_ text: String, to path: String) throws {
        let url = URL(filePath: folder + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    /// Starts the agent in it, in a network namespace if one is given.
    func start(_ arguments: [String], in namespace: NetworkNamespace? = nil) throws -> AgentByHand {
        // Both give the command mounts of its own. The first argument is the agent's path out here. Nothing of the environment
        // of out here, where SSL_CERT_FILE may be set, goes in.
        let apart = namespace.map { ["ip", "netns", "exec", $0.name] } ?? ["unshare", "--mount"]
        let script =
            "mount --bind /proc '\(folder)/proc' && shift && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot '\(folder)' /agent \"$@\""
        return try AgentByHand(
            arguments,
            in: folder,
            launcher: ["/usr/bin/env"] + apart + ["/bin/sh", "-c", script, "sh"]
        )
    }
}

extension AgentByHand {
    /// What its log says of dialling, in the order in which it happened: event and address.
    func dialled() throws -> [String] {
        try log().compactMap { line in
            guard let event = line["event"], event.hasPrefix("dial."), event != "dial.addresses" else { return nil }
            return "\(event) \(line["address"] ?? "")"
        }
    }

    /// The lines of its log.
    func log() throws -> [[String: String]] {
        guard let runFolder else { return [] }
        let text = try String(contentsOfFile: runFolder + "/log.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
    }
}
