import CSockets
import Foundation
import Synchronization

/// A server that ends when this process does, in whatever way that happens.
///
/// A shell stands between: it starts the server, and reads a pipe whose other end only this process holds. The pipe closes
/// when this process lets go of it or dies; then the shell ends the server, and what the server itself has started. That
/// works on every system, unlike a parent-death signal.
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

    private static let patienceNs: UInt64 = 5_000_000_000

    private let shell: ChildProcess
    private let pipe: HeldPipe

    /// Starts `executable` in `folder`, with its output in the file `log`.
    init(
        _ executable: String,
        _ arguments: [String],
        folder: String,
        environment: [String: String],
        log: String
    ) throws {
        let pipe = try HeldPipe()
        self.pipe = pipe
        shell = try pipe.withReadEnd { readEnd in
            try ChildProcess(
                "/bin/sh",
                ["-c", Self.script, "latexp-lab-guard", folder, executable] + arguments,
                environment: environment,
                standardInput: readEnd,
                output: log
            )
        }
    }

    /// Whether the server runs.
    var isRunning: Bool { !shell.hasEnded }

    /// Asks the server to end.
    func beginStop() {
        pipe.letGo()
    }

    /// Ends the server and waits for it; by force when it takes longer than five seconds.
    func stop() {
        beginStop()
        if !shell.waitForEnd(limitNs: Self.patienceNs) { shell.killGroup() }
    }
}

/// A pipe whose writing end this process keeps until it lets go of it.
final class HeldPipe: Sendable {
    private let readEnd: Mutex<Int32>
    private let writeEnd: Mutex<Int32>

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LabError(.system, "cannot open a pipe: \(String(cString: strerror(errno)))")
        }
        // No child may hold the writing end, or the pipe would not close with this process.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        readEnd = Mutex(ends[0])
        writeEnd = Mutex(ends[1])
    }

    deinit {
        Self.shut(readEnd)
        Self.shut(writeEnd)
    }

    /// Calls `body` with the reading end, then closes that.
    func withReadEnd<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
        defer { Self.shut(readEnd) }
        return try body(readEnd.withLock { $0 })
    }

    /// Closes the writing end.
    func letGo() {
        Self.shut(writeEnd)
    }

    private static func shut(_ end: borrowing Mutex<Int32>) {
        end.withLock { descriptor in
            if descriptor >= 0 { _ = close(descriptor) }
            descriptor = -1
        }
    }
}
