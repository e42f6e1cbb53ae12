import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Held while a latexp works on a run, so that a second one does not disturb it.
///
/// The system frees it when the process dies.
public final class RunLock: Sendable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Frees the run; also done when the lock goes away.
    public func release() {
        flock(descriptor, LOCK_UN)
    }

    deinit {
        close(descriptor)
    }
}

extension RunDirectory {
    /// Whether a latexp works on the run just now.
    public var isWorkedOn: Bool {
        let descriptor = open(file("lock").path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// Takes the run for this process.
    ///
    /// - Throws: `OrchestrationError`: `invalidInput` when another latexp works on it, `storage` when that cannot be
    ///   told.
    public func lock() throws -> RunLock {
        let path = file("lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw OrchestrationError(.storage, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw OrchestrationError(
                .invalidInput,
                "another latexp works on \(id); wait for it, or end it first (`latexp status \(id)` only looks)"
            )
        }
        return RunLock(descriptor: descriptor)
    }
}
