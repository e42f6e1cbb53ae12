import CSockets
import ChildProcesses
import WireTransport

/// Runs a short command and takes its output, with limits; the agent needs it for `chronyc` only.
enum ShortCommand {
    /// The most output taken.
    private static let outputLimit = 65_536

    /// Runs `name`, looked up in PATH and the usual system folders; its standard output, or why there is none.
    static func run(_ name: String, _ arguments: [String], limitNs: Int64) -> Result<String, AgentError> {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return .failure(AgentError(.file, "cannot open a pipe")) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let child: ChildProcess
        do throws(SpawnError) {
            defer { close(ends[1]) }
            let path = getenv("PATH").map { String(cString: $0) } ?? ""
            child = try ChildProcess(
                name,
                arguments,
                environment: ["PATH": "\(path):/usr/bin:/bin:/usr/sbin:/usr/local/bin", "LC_ALL": "C"],
                output: .descriptor(ends[1]),
                errors: .nothing,
                company: .shared
            )
        } catch {
            return .failure(AgentError(.file, "cannot run \(name): \(systemMessage(error.code)); is it installed?"))
        }
        let endNs = HostClock.monotonicNs() + limitNs
        guard let output = collect(ends[0], untilMonotonicNs: endNs),
            child.waitForEnd(limitNs: endNs - HostClock.monotonicNs())
        else {
            child.signal(SIGKILL)
            _ = child.waitForEnd(limitNs: 1_000_000_000)
            return .failure(AgentError(.file, "\(name) did not answer in time"))
        }
        let text = String(decoding: output, as: UTF8.self)
        guard child.exitStatus == 0 else {
            return .failure(AgentError(.file, "\(name) failed: \(text.prefix(200))"))
        }
        return .success(text)
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
