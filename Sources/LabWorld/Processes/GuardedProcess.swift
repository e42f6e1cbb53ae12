import ChildProcesses

/// A server that ends when this process does, in whatever way that happens.
///
/// A shell stands between: it starts the server, and ends it when this process lets go or dies, with what the server
/// itself has started.
final class GuardedProcess: Sendable {
    // `ps` finds the server's own children, such as sshd's connections; programs that users started in them live on.
    // The server is ended last, since the shell is done when the server is.
    private static let script = """
        cd "$1" || exit 1
        shift
        exec 3<&0 </dev/null
        "$@" 3<&- & server=$!
        (
            cat <&3 >/dev/null
            started=$(ps -A -o pid= -o ppid= 2>/dev/null | while read -r pid parent; do
                if [ "$parent" = "$server" ]; then echo "$pid"; fi
            done)
            kill $started $server 2>/dev/null
        ) & watcher=$!
        exec 3<&-
        wait $server
        status=$?
        kill $watcher 2>/dev/null
        exit $status
        """

    private static let patienceNs: Int64 = 5_000_000_000

    private let shell: GuardShell

    /// Starts `executable` in `folder`, with its output in the file `log`.
    init(
        _ executable: String,
        _ arguments: [String],
        folder: String,
        environment: [String: String],
        log: String
    ) throws {
        shell = try GuardShell(
            "latexp-lab-guard",
            Self.script,
            [folder, executable] + arguments,
            environment: environment,
            output: .file(log)
        )
    }

    /// Whether the server runs.
    var isRunning: Bool { shell.isRunning }

    /// Asks the server to end.
    func beginStop() {
        shell.letGo()
    }

    /// Ends the server and waits for it; by force when it takes longer than five seconds.
    func stop() {
        shell.finish(limitNs: Self.patienceNs)
    }
}
