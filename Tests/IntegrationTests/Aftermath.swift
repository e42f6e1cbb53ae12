import ChildProcesses
import Foundation

@testable import LabWorld

/// Takes away what a test started when the test's process has ended, however that ended; a lab first, if there is one.
///
/// A shell waits for that at a pipe whose other end only this process holds. It ends every process that works inside the test's
/// folder, and removes the folder.
final class Aftermath {
    private static let script = """
        trap '' INT TERM HUP
        cat >/dev/null
        [ -z "$LATEXP_LAB_DIRECTORY" ] || "$2" >/dev/null 2>&1
        for process in /proc/[0-9]*; do
            case $(readlink "$process/cwd") in
            "$1" | "$1"/*) kill -9 "${process#/proc/}" ;;
            esac
        done 2>/dev/null
        rm -rf -- "$1"
        """

    private let pipe: HeldPipe
    private let shell: ChildProcess

    /// Watches over a folder, and over the network lab in a folder of its own.
    init(of folder: String, lab: String? = nil) throws {
        let pipe = try HeldPipe()
        self.pipe = pipe
        var environment = ProcessInfo.processInfo.environment
        environment["LATEXP_LAB_DIRECTORY"] = lab ?? ""
        environment["LATEXP_BIN"] = LatexpCommand.programs
        shell = try pipe.withReadEnd { readEnd in
            try ChildProcess(
                "/bin/sh",
                ["-c", Self.script, "latexp-test-aftermath", folder, LatexpCommand.repository + "/infra/lab/down"],
                environment: environment,
                input: .descriptor(readEnd),
                output: .nothing,
                company: .ownGroup
            )
        }
    }

    /// Nothing is left to take away: the test has done it itself.
    func dismiss() {
        shell.signal(SIGKILL)
        _ = shell.waitForEnd(limitNs: 5_000_000_000)
        pipe.letGo()
    }
}
