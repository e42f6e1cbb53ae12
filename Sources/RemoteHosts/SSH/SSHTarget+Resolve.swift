import Foundation
import Subprocess

extension SSHTarget {
    /// Works out a target from what a user wrote, with the help of the user's own SSH configuration (`ssh -G`).
    ///
    /// What is given here counts more than the configuration. Where there is no `ssh` command, the text alone counts.
    public static func resolve(
        _ destination: String,
        host: String,
        identityFile: String? = nil,
        knownHosts: String? = nil,
        hostKey: String? = nil,
        configurationFile: String? = nil
    ) async throws -> SSHTarget {
        let parsed = try SSHDestination(destination, host: host)
        var target = SSHTarget(address: parsed.address, port: parsed.port ?? 22, user: parsed.user ?? NSUserName())
        if let configuration = try await configuration(for: parsed, host: host, file: configurationFile) {
            target.apply(SSHConfiguration(output: configuration), configurationFile: configurationFile)
        }
        if let identityFile { target.identityFiles = [expandingHome(identityFile)] }
        if let knownHosts { target.knownHostsFiles = [expandingHome(knownHosts)] }
        target.hostKey = hostKey
        target.jumps = try await target.resolveJumps(host: host, depth: 0)
        return target
    }

    /// More jump hosts behind jump hosts than these are nobody's.
    private static let jumpDepth = 4

    /// The hosts on the way, each with what the user's configuration says of it.
    ///
    /// One that cannot be made out is no failure here: the way through it will fail, and say why.
    private func resolveJumps(host: String, depth: Int) async throws -> [SSHJump] {
        guard case .jump(let text, let file)? = proxy, depth < Self.jumpDepth else { return [] }
        var jumps: [SSHJump] = []
        for name in text.split(separator: ",").map(String.init) {
            guard let parsed = try? SSHProxy.destination(of: name, host: host) else { return jumps }
            var jump = SSHTarget(address: parsed.address, port: parsed.port ?? 22, user: parsed.user ?? NSUserName())
            if let configuration = try await Self.configuration(for: parsed, host: host, file: file) {
                jump.apply(SSHConfiguration(output: configuration), configurationFile: file)
            }
            if jumps.isEmpty {
                jumps = try await jump.resolveJumps(host: host, depth: depth + 1)
            } else {
                // ssh comes to it through those before it, whatever its own entry says.
                jump.proxy = .jump(jumps.map(\.name).joined(separator: ","), configurationFile: file)
                jump.jumps = jumps
            }
            jumps.append(SSHJump(name: name, target: jump))
        }
        return jumps
    }

    /// What `ssh -G` prints; nil when this machine has no `ssh`.
    private static func configuration(
        for destination: SSHDestination,
        host: String,
        file: String?
    ) async throws -> String? {
        var arguments = ["-G"]
        if let file { arguments += ["-F", file] }
        if let user = destination.user { arguments += ["-l", user] }
        if let port = destination.port { arguments += ["-p", String(port)] }
        do {
            let result = try await LocalTool.run("ssh", arguments + ["--", destination.address], timeout: .seconds(10))
            guard result.exitCode == 0 else {
                throw RemoteHostError(
                    .invalidArgument,
                    host: host,
                    "the SSH configuration cannot be read: \(result.errorOutput.condensed(to: 300))"
                )
            }
            return result.output
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return nil
        }
    }

    private mutating func apply(_ configuration: SSHConfiguration, configurationFile: String?) {
        // ssh prints the one that counts, and `none` or nothing for the other.
        if let jump = configuration["proxyjump"], jump != "none" {
            proxy = .jump(jump, configurationFile: configurationFile)
        } else if let command = configuration["proxycommand"], command != "none" {
            proxy = .command(command)
        }
        address = configuration["hostname"] ?? address
        port = configuration["port"].flatMap { Int($0) } ?? port
        user = configuration["user"] ?? user
        hostKeyAlias = configuration["hostkeyalias"]
        if let agent = configuration["identityagent"], agent != "SSH_AUTH_SOCK" {
            agentSocket = Self.expandingHome(agent)
        }
        let files = configuration.all("identityfile").map(Self.expandingHome)
        // ssh prints its defaults, too: only when others are among them has somebody chosen.
        if files.contains(where: { !Self.isUsualIdentity($0) }) {
            identityFiles = files.filter { FileManager.default.fileExists(atPath: $0) }
        }
        let knownHosts = ["userknownhostsfile", "globalknownhostsfile"].flatMap { key in
            SSHConfiguration.paths(configuration[key] ?? "").map { Self.expandingHome(expandingSigns(of: $0)) }
        }
        if !knownHosts.isEmpty { knownHostsFiles = knownHosts.filter { $0 != "none" } }
    }

    /// OpenSSH's percent signs that a path of a known_hosts file may hold, which `ssh -G` leaves as they are.
    private func expandingSigns(of path: String) -> String {
        let signs: [(String, String)] = [
            ("%h", address), ("%k", knownHostsName), ("%p", String(port)), ("%r", user), ("%u", NSUserName()),
        ]
        return signs.reduce(path) { $0.replacing($1.0, with: $1.1) }
    }

    private static func isUsualIdentity(_ path: String) -> Bool {
        path.hasPrefix(NSHomeDirectory() + "/.ssh/id_")
            && ["rsa", "dsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss"].contains(
                path.components(separatedBy: "/id_").last
            )
    }

    private static func expandingHome(_ path: String) -> String {
        if path.hasPrefix("~/") { return NSHomeDirectory() + path.dropFirst() }
        if path.hasPrefix("%d/") { return NSHomeDirectory() + path.dropFirst(2) }
        return path
    }
}

/// The lines `key value` that `ssh -G` prints.
struct SSHConfiguration {
    private let lines: [(key: String, value: String)]

    init(output: String) {
        self.lines = output.split(whereSeparator: \.isNewline).compactMap { line in
            guard let space = line.firstIndex(of: " ") else { return nil }
            return (line[..<space].lowercased(), String(line[line.index(after: space)...]))
        }
    }

    /// The paths on one line, which `ssh -G` prints without quotes: a word that begins no path is part of the one before.
    static func paths(_ value: String) -> [String] {
        var paths: [String] = []
        for word in value.split(separator: " ", omittingEmptySubsequences: false).map(String.init) {
            let beginsPath = ["/", "~", "%", "$"].contains { word.hasPrefix($0) } || word == "none"
            if let last = paths.last {
                let joined = last + " " + word
                // A folder's name may end with a blank, so that what follows looks like a path, too.
                if !beginsPath || FileManager.default.fileExists(atPath: joined) {
                    paths[paths.count - 1] = joined
                    continue
                }
            }
            if !word.isEmpty { paths.append(word) }
        }
        return paths.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    subscript(key: String) -> String? { lines.first { $0.key == key }?.value }

    func all(_ key: String) -> [String] { lines.filter { $0.key == key }.map(\.value) }
}
