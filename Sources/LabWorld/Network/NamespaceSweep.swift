/// Ends what runs in the lab's namespaces and removes them when this process has ended, however it ended.
final class NamespaceSweep: Sendable {
    /// Agents outlive the connection that started them, so a host is emptied before it goes.
    private static let script = """
        cat >/dev/null
        ip=$1
        shift
        for signal in TERM KILL; do
            for name; do
                for pid in $("$ip" netns pids "$name" 2>/dev/null); do kill -s $signal "$pid" 2>/dev/null; done
            done
            for attempt in 1 2 3 4 5 6 7 8 9 10; do
                left=
                for name; do [ -n "$("$ip" netns pids "$name" 2>/dev/null)" ] && left=yes; done
                [ -z "$left" ] && break
                sleep 0.1
            done
        done
        for name; do "$ip" netns del "$name" 2>/dev/null; done
        """

    private let shell: GuardShell

    /// Watches over namespaces, which need not exist yet.
    init(_ namespaces: [NetworkNamespace], ip: Tool) throws {
        shell = try GuardShell(
            "latexp-lab-namespaces",
            Self.script,
            [ip.path] + namespaces.map(\.name),
            environment: UserAccount.environment
        )
    }

    /// Does it now, and waits for that.
    func run() {
        shell.finish(limitNs: 15_000_000_000)
    }
}
