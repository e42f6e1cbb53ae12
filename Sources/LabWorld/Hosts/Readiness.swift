import CSockets
import Foundation
import WireTransport

/// Waiting for servers: asked again and again, never longer than a limit.
enum Readiness {
    static let limit = Duration.seconds(10)
    private static let pause = Duration.milliseconds(20)

    /// Calls `isReady` until it says so; false when the limit has passed.
    static func wait(limit: Duration = limit, _ isReady: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await isReady() { return true }
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: pause)
        }
    }

    /// Whether a server on a loopback port greets with `greeting` within a second.
    static func greets(_ greeting: String, port: Int) -> Bool {
        guard let address = try? SocketAddress.resolve(host: "127.0.0.1", port: port).first,
            let socket = try? StreamSocket.connect(to: address)
        else { return false }
        var received: [UInt8] = []
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 1)
        defer { scratch.deallocate() }
        let deadlineNs = HostClock.monotonicNs() + 1_000_000_000
        while HostClock.monotonicNs() < deadlineNs {
            var item = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            _ = latexp_poll(&item, 1, deadlineNs - HostClock.monotonicNs())
            var stamp = ReadStamp()
            switch socket.read(into: scratch, stamp: &stamp) {
            case .read(let count): received.append(contentsOf: scratch[..<count])
            case .wouldBlock: continue
            case .closed, .failed: return false
            }
            if received.starts(with: greeting.utf8) { return true }
            if received.count >= greeting.utf8.count { return false }
        }
        return false
    }

    /// The end of a server's log, for an error message.
    static func lastWords(_ log: String) -> String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").suffix(3).joined(separator: "; ")
        return lines.isEmpty ? "its log is empty" : lines
    }
}
