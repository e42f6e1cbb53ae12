import CSockets
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process of this one, with default signals and nothing inherited but three descriptors.
///
/// What else is open must be closed on exec, as everything is that this repository opens.
public final class ChildProcess: Sendable {
    /// What one of the three standard descriptors is.
    public enum Stream: Sendable {
        /// `/dev/null`.
        case nothing
        /// An open descriptor, which stays the caller's.
        case descriptor(Int32)
        /// A file that is appended to; made, for its user only, when it is not there.
        case file(String)
    }

    /// Who gets the signals of this process's terminal besides it.
    public enum Company: Sendable {
        /// The child, too.
        case shared
        /// Not the child, which leads a process group of its own.
        case ownGroup
        /// Not the child, which leads a session of its own.
        case ownSession
    }

    /// Its process id, and that of its group where it leads one.
    public let pid: pid_t
    private let leadsGroup: Bool
    /// What `waitpid` said of its end; from then on its id may belong to another process.
    private let ending = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`.
    ///   - arguments: without the program's own name.
    ///   - environment: all of it.
    ///   - errors: standard error; nil for the same as `output`.
    /// - Throws: `SpawnError`.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String],
        input: Stream = .nothing,
        output: Stream,
        errors: Stream? = nil,
        company: Company
    ) throws(SpawnError) {
        var pid: pid_t = 0
        let code = withActions([input, output], errors) { actions in
            withAttributes(company) { attributes in
                withStrings([program] + arguments) { argv in
                    withStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                        posix_spawnp(&pid, program, &actions, &attributes, argv, envp)
                    }
                }
            }
        }
        guard code == 0 else { throw SpawnError(program: program, code: code) }
        self.pid = pid
        leadsGroup = company != .shared
    }

    /// Whether it has ended.
    public var hasEnded: Bool {
        ending.withLock { ending in
            if ending != nil { return true }
            var status: Int32 = 0
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid || (ended < 0 && errno == ECHILD) { ending = status }
            return ending != nil
        }
    }

    /// Its exit status; nil while it runs, and when a signal ended it.
    public var exitStatus: Int32? {
        guard hasEnded, let ending = ending.withLock({ $0 }), ending & 0x7f == 0 else { return nil }
        return ending >> 8 & 0xff
    }

    /// Waits until it has ended, at most `limitNs`; whether it has.
    public func waitForEnd(limitNs: Int64) -> Bool {
        let deadlineNs = latexp_clock_ns(CLOCK_MONOTONIC) + limitNs
        while !hasEnded {
            if latexp_clock_ns(CLOCK_MONOTONIC) >= deadlineNs { return false }
            poll(nil, 0, 2)
        }
        return true
    }

    /// Sends it a signal, and to everything in its group where it leads one; nothing once it has ended.
    public func signal(_ number: Int32) {
        // Under the lock, so that the id cannot be given to another process meanwhile.
        ending.withLock { ending in
            if ending == nil { _ = kill(leadsGroup ? -pid : pid, number) }
        }
    }
}

/// A program that could not be started.
public struct SpawnError: Error, CustomStringConvertible {
    /// The program.
    public let program: String
    /// The errno that says why.
    public let code: Int32

    /// The program and the reason in words.
    public var description: String { "cannot start \(program): \(String(cString: strerror(code)))" }
}
