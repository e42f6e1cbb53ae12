import CSockets

/// A thread of the operating system, for work that blocks.
public final class SystemThread: Sendable {
    // A number on Linux, and on Darwin a pointer, which is not Sendable there; it is only ever joined.
    #if os(Linux)
        private let thread: pthread_t
    #else
        private nonisolated(unsafe) let thread: pthread_t?
    #endif

    /// Starts a thread that runs `body` with all signals blocked, so that they reach the main thread.
    ///
    /// - Throws: `TransportError` `system` when there are no threads left.
    public init(_ body: @escaping @Sendable () -> Void) throws {
        let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        #if os(Linux)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &previous)
        let code = pthread_create(&thread, nil, { runThreadBody($0) }, argument)
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        guard code == 0 else {
            Unmanaged<ThreadBody>.fromOpaque(argument).release()
            throw TransportError(.system, "cannot start a thread: \(systemMessage(code))")
        }
        self.thread = thread
    }

    /// Waits until the thread has ended; call once.
    public func join() {
        #if os(Linux)
            pthread_join(thread, nil)
        #else
            if let thread { pthread_join(thread, nil) }
        #endif
    }

    /// Lets the thread run on alone; call instead of `join()`.
    public func detach() {
        #if os(Linux)
            pthread_detach(thread)
        #else
            if let thread { pthread_detach(thread) }
        #endif
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

#if os(Linux)
    private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
#else
    private func runThreadBody(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
#endif
