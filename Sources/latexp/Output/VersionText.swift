import CBuild
import ExperimentModel
import Orchestration

/// What `latexp --version` prints: the version, the commit it was built from, and the agents it would put on hosts.
///
/// An agent is named by the SHA-256 of its file: the hosts' caches name it by that, too.
enum VersionText {
    /// All of it, a line each.
    static func whole() async -> String {
        let agents = RunEnvironment.installed(agentFile: nil).agents
        var lines = ["latexp \(LatexpVersion.text)", "commit \(String(cString: latexp_build_commit()))"]
        for architecture in ["x86_64", "aarch64"] {
            let agent = try? await agents.agent(for: architecture)
            lines.append("agent for Linux on \(architecture): \(agent.map { "SHA-256 \($0.sha256)" } ?? "none here")")
        }
        return lines.joined(separator: "\n")
    }
}
