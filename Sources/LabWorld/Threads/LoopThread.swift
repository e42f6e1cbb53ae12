import CSockets
import Foundation
import Synchronization
import WireTransport

/// A thread with an event loop of its own, on which one resident object lives.
///
/// The resident is made on the thread and touched nowhere else; others reach it through `ask`.
final class LoopThread<Resident: AnyObject>: Sendable {
    private let mailbox: Mailbox<Resident>
    private let wakeDescriptor: Int32

    /// Starts the thread and returns once `setup` has made the resident there.
    ///
    /// - Throws: what `setup` throws; the thread has ended then.
    init(_ name: String, _ setup: @escaping @Sendable (EventLoop) throws -> Resident) throws {
        let mailbox = Mailbox<Resident>()
        let thread = Thread { Self.live(mailbox, setup) }
        thread.name = name
        thread.start()
        self.wakeDescriptor = try mailbox.waitForStart()
        self.mailbox = mailbox
    }

    /// Runs `body` with the resident on its thread and gives back the answer; nil once the thread is stopped.
    func ask<Answer: Sendable>(_ body: @escaping @Sendable (Resident) -> Answer) -> Answer? {
        let reply = Reply<Answer>()
        let isTaken = mailbox.post(wakeDescriptor) { resident in reply.give(body(resident)) }
        return isTaken ? reply.wait() : nil
    }

    /// Ends the thread after `farewell`, and waits for that; does nothing the second time.
    func stop(_ farewell: @escaping @Sendable (Resident) -> Void = { _ in }) {
        mailbox.stop(wakeDescriptor, farewell)
    }

    private static func live(_ mailbox: Mailbox<Resident>, _ setup: (EventLoop) throws -> Resident) {
        latexp_sharpen_timers()
        let loop = EventLoop()
        do {
            let resident = try setup(loop)
            let waker = try Waker {
                for request in mailbox.takeRequests() { request(resident) }
                if mailbox.isStopping { loop.stop() }
            }
            loop.add(waker)
            mailbox.announceStart(.success(waker.signalDescriptor))
            loop.run()
            withExtendedLifetime((resident, waker)) {}
        } catch {
            mailbox.announceStart(.failure(error))
        }
        mailbox.announceEnd()
    }
}

/// What a loop's thread and the others share.
private final class Mailbox<Resident: AnyObject>: Sendable {
    typealias Request = @Sendable (Resident) -> Void

    private struct State {
        var requests: [Request] = []
        var isStopping = false
        var start: Result<Int32, any Error>?
    }

    private let state = Mutex(State())
    private let started = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func announceStart(_ result: Result<Int32, any Error>) {
        state.withLock { $0.start = result }
        started.signal()
    }

    func announceEnd() {
        ended.signal()
    }

    func waitForStart() throws -> Int32 {
        started.wait()
        guard let start = state.withLock({ $0.start }) else { preconditionFailure("signalled without a result") }
        return try start.get()
    }

    /// Whether the request was taken; it is not once the thread is stopping.
    func post(_ wakeDescriptor: Int32, _ request: @escaping Request) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.requests.append(request)
            Waker.wake(wakeDescriptor)
            return true
        }
    }

    func takeRequests() -> [Request] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func stop(_ wakeDescriptor: Int32, _ farewell: @escaping Request) {
        // Woken under the lock: the descriptor is closed when the thread ends, which it cannot before the flag is set.
        let isFirst = state.withLock { state in
            guard !state.isStopping else { return false }
            state.requests.append(farewell)
            state.isStopping = true
            Waker.wake(wakeDescriptor)
            return true
        }
        if isFirst { ended.wait() }
    }
}

/// An answer that one thread waits for.
private final class Reply<Answer: Sendable>: Sendable {
    private let answer = Mutex<Answer?>(nil)
    private let given = DispatchSemaphore(value: 0)

    func give(_ value: Answer) {
        answer.withLock { $0 = value }
        given.signal()
    }

    func wait() -> Answer? {
        given.wait()
        return answer.withLock { $0 }
    }
}
