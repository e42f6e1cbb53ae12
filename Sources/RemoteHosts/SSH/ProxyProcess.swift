import Foundation

/// A program that carries an SSH connection over its standard input and output; ended with its session.
final class ProxyProcess {
    // POSIX_SPAWN_SETSID, which glibc shows to GNU programs only.
    #if os(Linux)
        private static let ownSession: Int32 = 0x80
    #else
        private static let ownSession: Int32 = 0x400
    #endif

    private let pid: pid_t
    private let complaints: Int32
    private var hasEnded = false

    /// Starts a program; returns it and our end of the connection, which the caller owns.
    static func start(_ arguments: [String], host: String) throws -> (process: ProxyProcess, socket: Int32) {
        func impossible(_ what: String, _ code: Int32) -> RemoteHostError {
            RemoteHostError(.localFile, host: host, "\(what): \(String(cString: strerror(code)))")
        }
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
        #else
            let stream = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, stream, 0, &ends) == 0 else { throw impossible("no pair of sockets", errno) }
        defer { closeDescriptor(ends[1]) }
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0 else {
            let code = errno
            closeDescriptor(ends[0])
            throw impossible("no pipe", code)
        }
        defer { closeDescriptor(pipeEnds[1]) }
        for end in ends + pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        for end in [ends[0], pipeEnds[0]] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
        do {
            let pid = try spawn(arguments, connection: ends[1], complaints: pipeEnds[1], host: host)
            return (ProxyProcess(pid: pid, complaints: pipeEnds[0]), ends[0])
        } catch {
            closeDescriptor(ends[0])
            closeDescriptor(pipeEnds[0])
            throw error
        }
    }

    private init(pid: pid_t, complaints: Int32) {
        self.pid = pid
        self.complaints = complaints
    }

    deinit {
        end()
        closeDescriptor(complaints)
    }

    /// What the program has written to its standard error, cut short; empty when it is content.
    func complaint() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(complaints, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self).condensed(to: 400) : ""
    }

    /// Ends the program: its connection is closed by now, so it has nothing left to do.
    private func end() {
        for signal in [SIGTERM, SIGKILL] where !hasEnded {
            kill(pid, signal)
            for _ in 0..<200 where !hasEnded {
                var status: Int32 = 0
                let found = waitpid(pid, &status, WNOHANG)
                hasEnded = found == pid || (found < 0 && errno == ECHILD)
                if !hasEnded { usleep(5_000) }
            }
        }
    }

    private static func spawn(
        _ arguments: [String],
        connection: Int32,
        complaints: Int32,
        host: String
    ) throws -> pid_t {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, connection, 0)
        posix_spawn_file_actions_adddup2(&actions, connection, 1)
        posix_spawn_file_actions_adddup2(&actions, complaints, 2)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // A session of its own: Ctrl-C is for latexp, which still needs the way to the host to bring things home.
        let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | ownSession
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let variables = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let (argv, envp) = (arguments.map { strdup($0) }, variables.map { strdup($0) })
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv + [nil], envp + [nil])
        guard code == 0 else {
            throw RemoteHostError(
                .unsupported,
                host: host,
                "the way to the host needs the program '\(arguments[0])', which cannot be started: "
                    + String(cString: strerror(code))
            )
        }
        return pid
    }
}
