import CSockets
import Foundation
import Synchronization

/// A process of this one, in a process group of its own, with default signals and nothing inherited but three descriptors.
final class ChildProcess: Sendable {
    /// Its process id, and that of its group.
    let pid: pid_t
    /// What `waitpid` said of its end; from then on its id may belong to another process.
    private let ending = Mutex<Int32?>(nil)

    /// Starts `executable`.
    ///
    /// - Parameters:
    ///   - executable: an absolute path.
    ///   - arguments: without the program's own name.
    ///   - environment: all of it.
    ///   - standardInput: a descriptor.
    ///   - output: the file that gets standard output and standard error, appended.
    /// - Throws: `LabError` `system`.
    init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String],
        standardInput: Int32,
        output: String
    ) throws {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // An own group: Ctrl-C at a terminal is for this process, which then ends its children in order.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var pid: pid_t = 0
        let code = Self.withStrings([executable] + arguments) { argv in
            Self.withStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&pid, executable, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            throw LabError(.system, "cannot start \(executable): \(String(cString: strerror(code)))")
        }
        self.pid = pid
    }

    /// Whether it has ended.
    var hasEnded: Bool {
        ending.withLock { ending in
            if ending != nil { return true }
            var status: Int32 = 0
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid || (ended < 0 && errno == ECHILD) { ending = status }
            return ending != nil
        }
    }

    /// Its exit status; nil while it runs, and when a signal ended it.
    var exitStatus: Int32? {
        guard hasEnded, let ending = ending.withLock({ $0 }), ending & 0x7f == 0 else { return nil }
        return ending >> 8 & 0xff
    }

    /// Waits until it has ended, at most `limitNs`; whether it has.
    func waitForEnd(limitNs: UInt64) -> Bool {
        let deadline = DispatchTime.now().uptimeNanoseconds + limitNs
        while !hasEnded {
            if DispatchTime.now().uptimeNanoseconds >= deadline { return false }
            usleep(2_000)
        }
        return true
    }

    /// Ends it and everything in its group the hard way, and waits for that.
    func killGroup() {
        // Under the lock, so that the id cannot be given to another process meanwhile.
        ending.withLock { ending in
            if ending == nil { kill(-pid, SIGKILL) }
        }
        _ = waitForEnd(limitNs: 2_000_000_000)
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("there is at least the terminator") }
            return body(base)
        }
    }
}
