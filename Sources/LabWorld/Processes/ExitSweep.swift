/// Removes files when this process has ended, however it ended; private keys must not outlive the world.
final class ExitSweep: Sendable {
    /// Several times, since a server that ends at the same moment may still write its last line.
    private static let script = """
        cat >/dev/null
        directory=$1
        shift
        for attempt in 1 2 3 4 5; do
            rm -rf -- "$@" 2>/dev/null
            left=
            for file; do [ -e "$file" ] && left=yes; done
            [ -z "$left" ] && break
            sleep 1
        done
        if [ -n "$directory" ]; then rmdir -- "$directory" 2>/dev/null; fi
        """

    private let shell: GuardShell

    /// Watches over `paths`, which need not exist yet, and over `emptyDirectory`, which goes if nothing else is in it.
    init(_ paths: [String], emptyDirectory: String?, environment: [String: String]) throws {
        let arguments = [emptyDirectory ?? ""] + paths
        shell = try GuardShell("latexp-lab-sweep", Self.script, arguments, environment: environment)
    }

    /// Removes them now, and waits for that.
    func run() {
        shell.finish(limitNs: 10_000_000_000)
    }
}
