import ChildProcesses
import Foundation

/// A shell that does something when this process ends, in whatever way that happens.
///
/// It reads a pipe whose other end only this process holds, and which closes when this process lets go of it or dies.
/// That works on every system, unlike a parent-death signal.
final class GuardShell: Sendable {
    private let shell: ChildProcess
    private let pipe: HeldPipe

    /// Starts it.
    ///
    /// - Parameters:
    ///   - name: what it is called in the list of processes.
    ///   - script: reads standard input to its end first, or lets something in the background do so.
    ///   - output: the file that gets what it says.
    /// - Throws: `LabError` `system`.
    init(
        _ name: String,
        _ script: String,
        _ arguments: [String],
        environment: [String: String],
        output: ChildProcess.Stream = .nothing
    ) throws {
        let pipe = try HeldPipe()
        self.pipe = pipe
        shell = try pipe.withReadEnd { readEnd in
            do throws(SpawnError) {
                return try ChildProcess(
                    "/bin/sh",
                    ["-c", script, name] + arguments,
                    environment: environment,
                    input: .descriptor(readEnd),
                    output: output,
                    // Ctrl-C at a terminal is for this process, which then ends its children in order.
                    company: .ownGroup
                )
            } catch {
                throw LabError(.system, "\(error)", cause: error)
            }
        }
    }

    /// Whether it is still there.
    var isRunning: Bool { !shell.hasEnded }

    /// Tells it to do its work.
    func letGo() { pipe.letGo() }

    /// Tells it to do its work, and waits for its end; ends it by force, with everything that it started, when that
    /// takes longer than `limitNs`.
    func finish(limitNs: Int64) {
        pipe.letGo()
        guard !shell.waitForEnd(limitNs: limitNs) else { return }
        shell.signal(SIGKILL)
        _ = shell.waitForEnd(limitNs: 2_000_000_000)
    }
}
