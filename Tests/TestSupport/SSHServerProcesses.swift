import Foundation

/// The processes of one test server: sshd itself, its sessions, and what runs in them.
actor SSHServerProcesses {
    private let directory: String
    private let port: Int
    private let launcher: [String]
    private var shell: Process?
    private var lifeline: Pipe?

    /// Ends sshd when its standard input ends: also when the test's process dies.
    ///
    /// KILL, since a child of Foundation's starts with TERM blocked when a thread of the shared pool makes it.
    private static let wrapper = """
        "$@" </dev/null &
        child=$!
        cat >/dev/null
        kill -KILL "$child" 2>/dev/null
        wait "$child"
        """

    init(directory: String, port: Int, launcher: [String] = []) {
        self.launcher = launcher
        self.directory = directory
        self.port = port
    }

    /// Starts sshd and returns when it greets.
    func start() async throws {
        // sshd wants to be called by its full path, and its log's path must be full, too.
        let sshd = try SSHServerTools.find("sshd", package: "openssh-server")
        let lifeline = Pipe()
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments =
            ["-c", Self.wrapper, "sh"] + launcher
            + [sshd, "-D", "-f", directory + "/sshd_config", "-E", directory + "/sshd.log"]
        shell.standardInput = lifeline
        try shell.run()
        self.shell = shell
        self.lifeline = lifeline
        for _ in 0..<1000 {
            if SSHServerTools.greets(port: port) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        try? await kill()
        let log = (try? String(contentsOfFile: directory + "/sshd.log", encoding: .utf8)) ?? ""
        throw SSHServerError("sshd does not answer on port \(port); its log ends: \(log.suffix(500))")
    }

    /// Kills sshd, its sessions and their commands, by id, and waits for the shell that looks after it.
    func kill() async throws {
        try await signalAll(SIGKILL)
        try? lifeline?.fileHandleForWriting.close()
        lifeline = nil
        guard let shell else { return }
        self.shell = nil
        while shell.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
    }

    /// Signals sshd and every descendant of it; none when it does not run.
    func signalAll(_ signal: Int32) async throws {
        guard let shell, shell.isRunning else { return }
        let table = try await SSHServerTools.output("ps", ["-A", "-o", "pid=,ppid=,comm="])
        var children: [Int32: [(pid: Int32, command: Substring)]] = [:]
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 3, let pid = Int32(fields[0]), let parent = Int32(fields[1]) else { continue }
            children[parent, default: []].append((pid, fields[2]))
        }
        // The shell and its `cat` stay: they end when the pipe is closed.
        var waiting = (children[shell.processIdentifier] ?? []).filter { $0.command == "sshd" }.map(\.pid)
        while let pid = waiting.popLast() {
            waiting += (children[pid] ?? []).map(\.pid)
            _ = Foundation.kill(pid, signal)
        }
    }
}
