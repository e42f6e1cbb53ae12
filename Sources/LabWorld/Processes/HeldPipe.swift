import Foundation
import Synchronization

/// A pipe whose writing end this process keeps until it lets go of it.
final class HeldPipe: Sendable {
    private let readEnd: Mutex<Int32>
    private let writeEnd: Mutex<Int32>

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LabError(.system, "cannot open a pipe: \(String(cString: strerror(errno)))")
        }
        // No child may hold the writing end, or the pipe would not close with this process.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        readEnd = Mutex(ends[0])
        writeEnd = Mutex(ends[1])
    }

    deinit {
        Self.shut(readEnd)
        Self.shut(writeEnd)
    }

    /// Calls `body` with the reading end, then closes that.
    func withReadEnd<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
        defer { Self.shut(readEnd) }
        return try body(readEnd.withLock { $0 })
    }

    /// Closes the writing end.
    func letGo() {
        Self.shut(writeEnd)
    }

    private static func shut(_ end: borrowing Mutex<Int32>) {
        end.withLock { descriptor in
            if descriptor >= 0 { _ = close(descriptor) }
            descriptor = -1
        }
    }
}
