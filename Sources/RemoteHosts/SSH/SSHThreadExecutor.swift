import Foundation

/// A serial executor with a thread of its own, so that waiting for a socket starves nobody else.
///
/// `@unchecked Sendable`: `jobs` and `isStopped` are touched under `condition` only; `thread` is set before the
/// first job can come, and after that touched by the thread itself only.
final class SSHThreadExecutor: SerialExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isStopped = false
    private var thread: Thread?

    init(name: String) {
        let thread = Thread { [self] in run() }
        thread.name = name
        // OpenSSL and libssh2 keep packets of 35 kB on the stack.
        thread.stackSize = 1 << 20
        self.thread = thread
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets `preconditionIsolated()` tell this thread from others.
    func checkIsolated() {
        precondition(Thread.current === thread, "called outside of the host's own thread")
    }

    /// Ends the thread when the jobs that wait are done.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.signal()
        }
    }

    private func run() {
        let executor = asUnownedSerialExecutor()
        while let job = nextJob() { job.runSynchronously(on: executor) }
        // The thread holds its closure, and that holds us.
        thread = nil
    }

    private func nextJob() -> UnownedJob? {
        condition.withLock {
            while jobs.isEmpty && !isStopped { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }
}
