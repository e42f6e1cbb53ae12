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
    /// How it ended; from then on its id may belong to another process.
    private let ending = Mutex<Ending?>(nil)

    private enum Ending {
        /// As `waitpid` puts it.
        case status(Int32)
        /// Somebody else waited for it, or nobody can: this process ignores its children's ends.
        case unknown
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`.
    ///   - arguments: without the program's own name.
    ///   - environment: all of it.
    ///   - errors: standard error; nil for the same as `output`.
    ///   - directory: its working directory, from which `program` and files are looked up; nil for this process's.
    ///   - company: who gets the terminal's signals.
    /// - Throws: `SpawnError`.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String],
        input: Stream = .nothing,
        output: Stream,
        errors: Stream? = nil,
        directory: String? = nil,
        company: Company
    ) throws(SpawnError) {
        var pid: pid_t = 0
        let code = withActions(directory, [input, output], errors) { actions in
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
            if ended == pid { ending = .status(status) }
            if ended < 0, errno == ECHILD { ending = .unknown }
            return ending != nil
        }
    }

    /// Its exit status; nil while it runs, when a signal ended it, and when that is not known.
    public var exitStatus: Int32? {
        guard let status = endedStatus, status & 0x7f == 0 else { return nil }
        return status >> 8 & 0xff
    }

    /// The signal that ended it; nil while it runs, when it exited, and when that is not known.
    public var endingSignal: Int32? {
        guard let status = endedStatus, status & 0x7f != 0 else { return nil }
        return status & 0x7f
    }

    private var endedStatus: Int32? {
        guard hasEnded, case .status(let status) = ending.withLock({ $0 }) else { return nil }
        return status
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
