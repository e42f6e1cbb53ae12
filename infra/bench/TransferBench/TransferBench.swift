import ExperimentModel
import Foundation
import RemoteHosts

/// Copies files as `latexp` does, and prints how long that took, connecting and the last hash included: for
/// `infra/bench/transfer`, which holds it against `scp`.
///
///     TransferBench up FILE REMOTE hosts.json HOST…           to all the hosts at once
///     TransferBench down REMOTE FILE hosts.json HOST
@main
struct TransferBench {
    static func main() async {
        do {
            print(String(format: "%.3f", try await seconds(Array(CommandLine.arguments.dropFirst()))))
        } catch {
            FileHandle.standardError.write(Data("TransferBench: \(error)\n".utf8))
            _exit(1)
        }
        // As latexp itself: no exit handlers while hosts' threads still free their sessions.
        fflush(nil)
        _exit(0)
    }

    private static func seconds(_ arguments: [String]) async throws -> Double {
        guard arguments.count >= 5, ["up", "down"].contains(arguments[0]) else {
            throw RemoteHostError(.invalidArgument, host: "", "arguments: up|down FROM TO hosts.json HOST…")
        }
        let inventory = try JSONDecoder().decode(
            [String: HostSpecification].self,
            from: Data(contentsOf: URL(filePath: arguments[3]))
        )
        var hosts: [any RemoteHost] = []
        for name in arguments[4...] {
            guard let host = inventory[name], let ssh = host.ssh else {
                throw RemoteHostError(.invalidArgument, host: name, "not in the inventory")
            }
            let target = try await SSHTarget.resolve(
                ssh,
                host: name,
                identityFile: host.identityFile,
                hostKey: host.hostKey
            )
            hosts.append(RetryingHost(try SSHHost(name: name, target: target)))
        }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for host in hosts {
                let (verb, from, to) = (arguments[0], arguments[1], arguments[2])
                group.addTask {
                    if verb == "up" {
                        _ = try await host.upload(UploadFile(localPath: from, remotePath: to, permissions: 0o755))
                    } else {
                        _ = try await host.download(from, to: to, limitBytes: 4 << 30)
                    }
                }
            }
            try await group.waitForAll()
        }
        let took = ContinuousClock.now - start
        return Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    }
}
