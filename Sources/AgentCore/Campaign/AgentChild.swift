import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An agent that its supervisor started: a process of the same group, so that whoever ends the supervisor's ends it, too.
///
/// It inherits the launcher's lock: as long as it lives the supervisor's directory counts as in use.
struct AgentChild {
    private let process: pid_t

    /// Starts `program` with `arguments` in `directory`, its output in `out.log` and `err.log` there.
    ///
    /// - Throws: `AgentError` `file` with the system's reason.
    init(_ program: String, _ arguments: [String], directory: String) throws {
        // The working directory is the process's; there is one thread here, and nothing else looks at it meanwhile.
        let manager = FileManager.default
        let before = manager.currentDirectoryPath
        guard manager.changeCurrentDirectoryPath(directory) else {
            throw AgentError(.file, "cannot enter \(directory): \(systemMessage(errno))")
        }
        defer { _ = manager.changeCurrentDirectoryPath(before) }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
        #else
            var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "out.log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "err.log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, nil, &words, environ)
        guard code == 0 else { throw AgentError(.file, "cannot start \(program): \(systemMessage(code))") }
        self.process = process
    }

    /// The exit status when it has ended, 128 + n after signal n; nil while it runs.
    ///
    /// It is to be asked no more then.
    func endedStatus() -> Int32? {
        var status: Int32 = 0
        var found = waitpid(process, &status, WNOHANG)
        while found < 0, errno == EINTR { found = waitpid(process, &status, WNOHANG) }
        guard found == process else { return found < 0 ? 255 : nil }
        let number = status & 0x7f
        return number == 0 ? (status >> 8) & 0xff : 128 + number
    }

    func send(_ number: Int32) { kill(process, number) }
}
