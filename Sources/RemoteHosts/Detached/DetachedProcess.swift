/// Starts a process on a host that outlives the connection, finds it again later, and stops it.
///
/// Everything about a run lies in one directory: `lock`, held by every process of the run, so that a free lock means
/// that none is left, whatever became of process ids; `pid`, with the leader's id and start time; `exit`, put there by
/// rename when the command has ended; `out.log` and `err.log`. The host itself ends the run at its deadline.
public struct DetachedProcess: Sendable {
    /// What became of a launch.
    public enum LaunchOutcome: Sendable, Equatable {
        /// The command runs; this is its leader's process id.
        case started(pid: Int32)
        /// A process of an earlier run is left; nothing was started.
        case alreadyRunning
    }

    /// How a run stands.
    public enum State: Sendable, Equatable {
        /// At least one process of the run is left.
        case running
        /// The command has ended with this status; 128 + n for signal n.
        case exited(code: Int32)
        /// No process is left, and none has said how it ended: killed, or the machine was started anew.
        case lost
        /// Nothing was ever launched in this directory.
        case absent
    }

    private let host: any RemoteHost

    /// Looks after processes on a host.
    public init(host: any RemoteHost) {
        self.host = host
    }

    /// Starts a command in `directory`, which is made if need be, and returns when it runs.
    ///
    /// After `maximumSeconds` it gets TERM, ten seconds later KILL, whether anybody is connected or not. Throws
    /// `unsupported` where `flock`, `setsid` or `timeout` is missing, as on macOS.
    public func launch(
        directory: String,
        command: [String],
        maximumSeconds: Int
    ) async throws -> LaunchOutcome {
        guard !command.isEmpty, maximumSeconds > 0 else {
            throw RemoteHostError(
                .invalidArgument,
                host: host.name,
                "a launch needs a command and a time that is not 0"
            )
        }
        let launch = RemoteCommand(
            LauncherScripts.launch,
            arguments: [TransferScripts.safePath(directory), String(maximumSeconds)] + command
        )
        let result = try await host.run(launch)
        switch result.exitCode {
        case 0:
            guard let pid = Int32(result.output.condensed(to: 20)) else { throw failed(launch, result) }
            return .started(pid: pid)
        case LauncherScripts.isRunningCode: return .alreadyRunning
        default: throw failed(launch, result)
        }
    }

    /// How the run in a directory stands.
    public func state(directory: String) async throws -> State {
        let ask = RemoteCommand(
            LauncherScripts.state,
            arguments: [TransferScripts.safePath(directory)],
            isIdempotent: true
        )
        return try read(ask, try await host.run(ask))
    }

    /// How a run stands, in the words of the scripts.
    private func read(_ ask: RemoteCommand, _ result: CommandResult) throws -> State {
        let words = result.output.split(whereSeparator: \.isWhitespace)
        switch (result.exitCode, words.first) {
        case (0, "running"): return .running
        case (0, "lost"): return .lost
        case (0, "absent"): return .absent
        case (0, "exited"):
            guard words.count == 2, let code = Int32(words[1]) else { throw failed(ask, result) }
            return .exited(code: code)
        default: throw failed(ask, result)
        }
    }

    /// Ends the run in a directory: TERM, after `grace` KILL; returns when no process of it is left.
    ///
    /// Only processes of the run are signalled: the leader when its start time is the one noted, and those that hold
    /// the lock. Nothing happens when nothing runs. Throws `commandFailed` when something survived even KILL.
    @discardableResult
    public func stop(directory: String, grace: Duration = .seconds(5)) async throws -> State {
        let seconds = max(0, Int(grace.inSeconds.rounded(.up)))
        let stop = RemoteCommand(
            LauncherScripts.stop,
            arguments: [TransferScripts.safePath(directory), String(seconds)],
            timeout: .seconds(seconds + 30),
            isIdempotent: true
        )
        return try read(stop, try await host.run(stop))
    }

    private func failed(_ command: RemoteCommand, _ result: CommandResult) -> RemoteHostError {
        let said = (result.errorOutput + " " + result.output).condensed(to: 300)
        guard result.exitCode != LauncherScripts.missingToolCode else {
            return RemoteHostError(
                .unsupported,
                host: host.name,
                "detached processes need flock, setsid and timeout (util-linux, coreutils): \(said)"
            )
        }
        return RemoteHostError(
            .commandFailed,
            host: host.name,
            "the launcher's '\(command.arguments.first ?? "")' failed with status \(result.exitCode): \(said)"
        )
    }
}
