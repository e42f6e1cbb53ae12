import Foundation

/// Closes a descriptor; by this name since types here have a `close()` of their own.
func closeDescriptor(_ descriptor: Int32) {
    _ = close(descriptor)
}

/// A pipe whose reading end `poll` watches, so that a cancelled task need not wait for its socket.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw RemoteHostError(.localFile, host: "", "no pipe can be made: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        self.readEnd = ends[0]
        self.writeEnd = ends[1]
    }

    deinit {
        closeDescriptor(readEnd)
        closeDescriptor(writeEnd)
    }

    /// Ends a `poll` that runs or comes; a full pipe does so already.
    func fire() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    func drain() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(readEnd, &bytes, bytes.count) > 0 {}
    }
}

/// The time that a call has, and whether its task still wants it.
struct SSHLimits {
    let host: String
    /// What runs, for the message when its time is up.
    let activity: String
    let timeout: Duration
    let deadline: ContinuousClock.Instant

    init(host: String, activity: String, timeout: Duration) {
        self.host = host
        self.activity = activity
        self.timeout = timeout
        self.deadline = .now + timeout
    }

    /// Throws when the task is cancelled or the time is up; asked on every turn of a loop, since a flood never blocks.
    func check() throws {
        try Task.checkCancellation()
        guard ContinuousClock.now < deadline else {
            throw RemoteHostError(.timedOut, host: host, "\(activity) took longer than \(timeout)")
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, within what `poll` takes.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return Int32(max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }

    /// The duration in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
