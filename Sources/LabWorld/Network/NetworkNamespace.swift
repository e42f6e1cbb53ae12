import CSockets
import Foundation

/// A network namespace: a host of the network lab, with addresses and ports of its own.
struct NetworkNamespace: Sendable, Hashable {
    /// Its name as `ip netns` knows it.
    let name: String

    /// Where `ip netns` keeps it.
    var path: String { "/var/run/netns/\(name)" }

    /// What goes before a command that shall run in it.
    func wrap(_ executable: String, _ arguments: [String], ip: Tool) -> (executable: String, arguments: [String]) {
        (ip.path, ["netns", "exec", name, executable] + arguments)
    }

    /// Makes it, with its loopback up.
    ///
    /// - Parameter portRange: the ports of outgoing connections; different ones on each host tell their connections
    ///   apart.
    func make(ip: Tool, portRange: ClosedRange<Int>) async throws {
        _ = try await ip.run(["netns", "add", name])
        _ = try await ip.run(["-n", name, "link", "set", "lo", "up"])
        let range = "\(portRange.lowerBound) \(portRange.upperBound)"
        _ = try await ip.run(
            ["netns", "exec", name, "/bin/sh", "-c", "echo \(range) > /proc/sys/net/ipv4/ip_local_port_range"]
        )
    }

    /// Moves the calling thread into it, for good.
    ///
    /// - Throws: `LabError` `system`.
    func enter() throws {
        let failure = latexp_enter_network_namespace(path)
        guard failure == 0 else {
            throw LabError(
                .system,
                "cannot enter the network namespace \(name): \(String(cString: strerror(failure))); is this root?"
            )
        }
    }
}
