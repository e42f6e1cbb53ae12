import RemoteHosts

/// Starts, watches and stops the one detached process that lives in a directory of a host.
public protocol AgentProcesses: Sendable {
    /// Starts `command` in `directory`; it outlives the connection and is ended after `maximumSeconds`.
    func launch(on host: any RemoteHost, directory: String, command: [String], maximumSeconds: Int) async throws
    /// Whether the process runs, and how it ended.
    func state(on host: any RemoteHost, directory: String) async throws -> AgentProcessState
    /// Ends the process: first politely, then, after `grace`, by force; only if it is the one started there.
    func stop(on host: any RemoteHost, directory: String, grace: Duration) async throws
}

/// What has become of a detached process.
public enum AgentProcessState: Hashable, Sendable, CustomStringConvertible {
    /// It runs.
    case running
    /// It ended with this status.
    case exited(Int32)
    /// It is gone and left no status: it was killed, or the machine was started anew.
    case lost
    /// None was started there.
    case absent

    /// The state in words.
    public var description: String {
        switch self {
        case .running: "is running"
        case .exited(let status): "ended with status \(status)"
        case .lost: "is gone without a trace: it was killed, or the machine was restarted"
        case .absent: "was never started"
        }
    }
}
