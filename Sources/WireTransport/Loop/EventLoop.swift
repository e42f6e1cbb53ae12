import CSockets

/// Something with a descriptor that an event loop watches.
public protocol LoopMember: AnyObject {
    /// The descriptor; negative when there is none at the moment.
    var descriptor: Int32 { get }
    /// Whether it waits to read, asked before each wait.
    var wantsToRead: Bool { get }
    /// Whether it waits to write, asked before each wait.
    var wantsToWrite: Bool { get }
    /// Called when the descriptor is ready, or has failed (both true).
    func ready(toRead: Bool, toWrite: Bool)
}

/// A poll loop over a handful of descriptors, with timers; all on one thread.
///
/// Members are asked for their interest before every wait, so nothing has to be registered twice. A member added or
/// removed inside a callback takes effect at the next wait.
public final class EventLoop {
    private var members: [any LoopMember] = []
    private var polled: [pollfd] = []
    private var timers = TimerQueue()
    private var isStopped = false

    /// A loop without members.
    public init() {}

    /// Adds a member.
    public func add(_ member: any LoopMember) {
        members.append(member)
    }

    /// Removes a member; nothing happens if it is not there.
    public func remove(_ member: any LoopMember) {
        members.removeAll { $0 === member }
    }

    /// Calls `action` once when the monotonic clock reaches `monotonicNs`.
    @discardableResult
    public func schedule(atMonotonicNs monotonicNs: Int64, _ action: @escaping () -> Void) -> TimerID {
        timers.add(atNs: monotonicNs, action)
    }

    /// Calls `action` once after `delayNs`.
    @discardableResult
    public func schedule(afterNs delayNs: Int64, _ action: @escaping () -> Void) -> TimerID {
        timers.add(atNs: HostClock.monotonicNs() + delayNs, action)
    }

    /// Forgets a timer; nothing happens if it has fired.
    public func cancel(_ timer: TimerID) {
        timers.cancel(timer)
    }

    /// Runs until `stop()`, looking at `interrupted` at least every `patienceNs`.
    public func run(patienceNs: Int64 = 1_000_000_000, interrupted: () -> Bool = { false }) {
        isStopped = false
        while !isStopped, !interrupted() { runOnce(maximumWaitNs: patienceNs) }
    }

    /// Ends `run()` after the current callbacks.
    public func stop() {
        isStopped = true
    }

    /// Waits once, at most `maximumWaitNs`, then calls what is due.
    public func runOnce(maximumWaitNs: Int64) {
        polled.removeAll(keepingCapacity: true)
        for member in members {
            let events = (member.wantsToRead ? Int16(POLLIN) : 0) | (member.wantsToWrite ? Int16(POLLOUT) : 0)
            polled.append(pollfd(fd: events == 0 ? -1 : member.descriptor, events: events, revents: 0))
        }
        var waitNs = maximumWaitNs
        if let next = timers.nextNs { waitNs = min(waitNs, max(0, next - HostClock.monotonicNs())) }
        let count = polled.withUnsafeMutableBufferPointer { latexp_poll($0.baseAddress, Int32($0.count), waitNs) }
        if count > 0 { dispatch() }
        guard timers.nextNs != nil else { return }
        for action in timers.takeAllDue(byNs: HostClock.monotonicNs()) { action() }
    }

    private func dispatch() {
        let snapshot = members
        for (index, item) in polled.enumerated() where item.revents != 0 && index < snapshot.count {
            let member = snapshot[index]
            guard member.descriptor == item.fd else { continue }
            let failed = item.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
            let toRead = item.revents & Int16(POLLIN) != 0 || failed
            let toWrite = item.revents & Int16(POLLOUT) != 0 || failed
            member.ready(toRead: toRead && member.wantsToRead, toWrite: toWrite)
        }
    }
}
