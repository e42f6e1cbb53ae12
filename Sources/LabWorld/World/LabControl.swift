import CSockets
import Foundation
import WireTransport

/// What the world is told from outside: lines on standard input, its end, and signals.
public final class LabControl: Sendable {
    /// One thing that was said.
    public enum Event: Sendable, Equatable {
        /// A line, without its end.
        case line(String)
        /// Standard input has ended, or a signal asks to end.
        case end
    }

    /// Everything that is said, from the beginning.
    public let events: AsyncStream<Event>
    private let thread: LoopThread<ControlListener>

    /// Listens to a descriptor, and to SIGTERM, SIGINT and SIGHUP.
    public init(standardInput: Int32 = 0) throws {
        let (events, continuation) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingOldest(1_000))
        self.events = events
        // Writing to a reader that is gone is an error like others, not the end: there is something to take down.
        signal(SIGPIPE, SIG_IGN)
        let signalDescriptor = SignalPipe.listen()
        thread = try LoopThread("control") { loop in
            let listener = ControlListener(continuation)
            loop.add(SignalReader(signalDescriptor, listener))
            loop.add(LineReader(standardInput, listener))
            return listener
        }
    }

    /// Stops listening.
    public func stop() {
        thread.stop { $0.end() }
    }
}

/// Passes on what is said, until the end.
private final class ControlListener {
    private let continuation: AsyncStream<LabControl.Event>.Continuation

    init(_ continuation: AsyncStream<LabControl.Event>.Continuation) {
        self.continuation = continuation
    }

    func say(_ line: String) {
        continuation.yield(.line(line))
    }

    func end() {
        continuation.yield(.end)
        continuation.finish()
    }
}

/// Reads lines from a descriptor that may be shared with others, and so is left as it is, blocking.
private final class LineReader: LoopMember {
    private static let lineLimit = 4_096

    private(set) var descriptor: Int32
    private let listener: ControlListener
    private var pending: [UInt8] = []

    init(_ descriptor: Int32, _ listener: ControlListener) {
        self.descriptor = descriptor
        self.listener = listener
    }

    var wantsToRead: Bool { descriptor >= 0 }
    var wantsToWrite: Bool { false }

    func ready(toRead: Bool, toWrite: Bool) {
        var octets = [UInt8](repeating: 0, count: 1_024)
        let count = read(descriptor, &octets, octets.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        guard count > 0 else {
            descriptor = -1
            listener.end()
            return
        }
        pending.append(contentsOf: octets[..<count])
        while let end = pending.firstIndex(of: 0x0a) {
            listener.say(String(decoding: pending[..<end], as: UTF8.self).trimmingCharacters(in: .whitespaces))
            pending.removeFirst(end + 1)
        }
        if pending.count > Self.lineLimit { pending = [] }
    }
}

/// Hears of signals through a pipe.
private final class SignalReader: LoopMember {
    let descriptor: Int32
    private let listener: ControlListener

    init(_ descriptor: Int32, _ listener: ControlListener) {
        self.descriptor = descriptor
        self.listener = listener
    }

    var wantsToRead: Bool { true }
    var wantsToWrite: Bool { false }

    func ready(toRead: Bool, toWrite: Bool) {
        var octets = [UInt8](repeating: 0, count: 64)
        guard read(descriptor, &octets, octets.count) > 0 else { return }
        listener.end()
    }
}

/// The pipe that signal handlers write to; one for the process, as handlers are.
private enum SignalPipe {
    private static let ends: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return (-1, -1) }
        for end in ends { _ = latexp_prepare_descriptor(end) }
        return (ends[0], ends[1])
    }()

    /// Handles the signals that ask a process to end, and gives the descriptor that says so.
    static func listen() -> Int32 {
        // Made here, not in the handler, which may do next to nothing.
        let descriptor = ends.read
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number) { _ in
                let saved = errno
                Waker.wake(SignalPipe.ends.write)
                errno = saved
            }
        }
        return descriptor
    }
}
