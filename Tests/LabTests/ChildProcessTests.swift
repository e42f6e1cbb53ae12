import ChildProcesses
import Foundation
import Testing

/// How a child ended is known only from `waitpid`, once.
@Suite("A child process", .timeLimit(.minutes(1)))
struct ChildProcessTests {
    private static let patienceNs: Int64 = 20_000_000_000

    private static func shell(_ script: String, in directory: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh",
            ["-c", script],
            environment: [:],
            output: .file(directory == nil ? "/dev/null" : "out"),
            directory: directory,
            company: .ownGroup
        )
    }

    @Test("that exits has its status, one that a signal ends has that signal")
    func endings() throws {
        let exited = try Self.shell("exit 7")
        #expect(exited.waitForEnd(limitNs: Self.patienceNs))
        #expect(exited.exitStatus == 7 && exited.endingSignal == nil)
        let killed = try Self.shell("kill -TERM $$")
        #expect(killed.waitForEnd(limitNs: Self.patienceNs))
        #expect(killed.exitStatus == nil && killed.endingSignal == SIGTERM)
    }

    @Test("whose end somebody else took has ended, and nobody takes that for success")
    func takenByAnother() throws {
        let child = try Self.shell("exit 7")
        var status: Int32 = 0
        #expect(waitpid(child.pid, &status, 0) == child.pid)
        #expect(child.hasEnded)
        #expect(child.exitStatus == nil && child.endingSignal == nil)
    }

    @Test("works in the directory that it is given, its files named from there")
    func directory() throws {
        let folder = try TemporaryDirectory()
        let child = try Self.shell("pwd -P", in: folder.path)
        #expect(child.waitForEnd(limitNs: Self.patienceNs))
        let output = try String(contentsOfFile: folder.path("out"), encoding: .utf8)
        #expect(output == URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path + "\n")
    }
}
