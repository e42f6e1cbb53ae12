import CSockets
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A Python program as a child process, whose output is read line by line and which never outlives its owner.
struct PythonPeer: ~Copyable {
    private let pid: pid_t
    private let output: Int32
    private var pending: [UInt8] = []

    /// Whether Python and its `websockets` package are here; records what to install when they are not.
    static func isInstalled() throws -> Bool {
        var probe = try PythonPeer(script: "import websockets; print(websockets.__version__, flush=True)")
        let version = try probe.line()
        guard version != nil else {
            Issue.record("install Python's websockets for this test: apt-get install python3-websockets")
            return false
        }
        return true
    }

    /// Starts `/usr/bin/python3 -c script argument...` with its standard output connected to us.
    init(script: String, arguments: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SocketFailure(call: "pipe") }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        var words: [UnsafeMutablePointer<CChar>?] =
            (["/usr/bin/python3", "-c", script] + arguments).map { strdup($0) }
            + [nil]
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, "/usr/bin/python3", &actions, nil, &words, environ)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw SocketFailure(call: "posix_spawn of /usr/bin/python3", number: status)
        }
        pid = child
        output = ends[0]
    }

    deinit {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        close(output)
    }

    /// The number on its next line.
    mutating func port() throws -> UInt16 {
        let text = try line()
        return try #require(text.flatMap { UInt16($0) })
    }

    /// The next line of its output; `nil` when it has ended.
    mutating func line() throws -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeFirst(end + 1)
                return line
            }
            try waitReadable(output)
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &bytes, bytes.count)
            guard count >= 0 else { throw SocketFailure(call: "read from Python") }
            guard count > 0 else { return nil }
            pending.append(contentsOf: bytes[..<count])
        }
    }
}
