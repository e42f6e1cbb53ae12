import CSockets
import WireTransport

/// Runs a short command and takes its output, with limits; the agent needs it for `chronyc` only.
enum ChildProcess {
    /// The most output taken.
    private static let outputLimit = 65_536

    /// Runs `name`, looked up in PATH and the usual system folders; its standard output, or why there is none.
    static func run(_ name: String, _ arguments: [String], limitNs: Int64) -> Result<String, AgentError> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(AgentError(.file, "cannot open a pipe")) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var process: pid_t = 0
        let code = spawn(name, arguments, output: ends[1], process: &process)
        close(ends[1])
        guard code == 0 else {
            return .failure(AgentError(.file, "cannot run \(name): \(systemMessage(code)); is it installed?"))
        }
        let output = collect(ends[0], untilMonotonicNs: HostClock.monotonicNs() + limitNs)
        if output == nil { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard let output else { return .failure(AgentError(.file, "\(name) did not answer in time")) }
        let text = String(decoding: output, as: UTF8.self)
        guard status == 0 else {
            return .failure(AgentError(.file, "\(name) failed: \(text.prefix(200))"))
        }
        return .success(text)
    }

    private static func spawn(_ name: String, _ arguments: [String], output: Int32, process: inout pid_t) -> Int32 {
        let words = [name] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        let path =
            "PATH=" + (getenv("PATH").map { String(cString: $0) } ?? "") + ":/usr/bin:/bin:/usr/sbin:/usr/local/bin"
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup(path), strdup("LC_ALL=C"), nil]
        defer { for pointer in environment { free(pointer) } }
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // The sampler's thread has all signals blocked; the child must not inherit that.
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        return posix_spawnp(&process, name, &actions, &attributes, &pointers, &environment)
    }

    private static func collect(_ descriptor: Int32, untilMonotonicNs: Int64) -> [UInt8]? {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while output.count < outputLimit {
            let leftNs = untilMonotonicNs - HostClock.monotonicNs()
            guard leftNs > 0 else { return nil }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard latexp_poll(&item, 1, leftNs) > 0 else { continue }
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return output }
            if count < 0, errno != EINTR { return output }
            output.append(contentsOf: buffer.prefix(max(0, count)))
        }
        return nil
    }
}
