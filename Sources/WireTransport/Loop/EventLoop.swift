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
    /// Looks whether there is something to read without having been told so; only asked of a loop's favourites.
    ///
    /// - Parameter waits: to wait for it for some milliseconds.
    /// - Returns: whether there was.
    func look(waits: Bool) -> Bool
}

extension LoopMember {
    /// Most members wait to be told.
    public func look(waits: Bool) -> Bool { false }
}

/// A loop over a handful of descriptors, with timers; all on one thread.
///
/// Members are asked for their interest before every wait, so nothing has to be registered twice. A member added or
/// removed inside a callback takes effect at the next wait.
public final class EventLoop {
    /// How a loop waits for its members.
    public enum Waiting: Sendable {
        /// Sleeps until one of them is ready.
        case watching
        /// The same, but while its only favourite is never quiet for long it sleeps in that one's read: one system call
        /// less for each message, and everything else is looked at some milliseconds late.
        case reading
        /// Never sleeps: asks its favourites again and again, which takes a core of its own and saves the time that
        /// waking up takes.
        case busy
    }

    /// How often a busy loop looks at everything that is not its favourite, in turns.
    private static let busyTurns = 64
    /// A loop that sleeps in its favourite's read looks at its other members this often, and at its timers after each
    /// read.
    private static let readingLookNs: Int64 = 10_000_000
    /// Waits that are shorter than this are quick.
    private static let quickNs: Int64 = 2_000_000
    /// After so many quick waits in a row it begins to sleep there.
    private static let readingAfterWaits = 32

    private let watch: any DescriptorWatch
    private var favourites: [any LoopMember] = []
    private var timers = TimerQueue()
    private var isStopped = false
    /// Quick waits since the last longer one.
    private var quickWaits = 0
    private var lastLookNs: Int64 = 0

    /// A loop without members.
    public init() {
        #if os(Linux)
            watch = EpollWatch() ?? PollWatch()
        #else
            watch = PollWatch()
        #endif
    }

    /// Adds a member.
    public func add(_ member: any LoopMember) {
        watch.added(member)
    }

    /// Removes a member; nothing happens if it is not there.
    public func remove(_ member: any LoopMember) {
        favourites.removeAll { $0 === member }
        watch.removed(member)
    }

    /// Makes a member one that a loop which reads or is busy looks at without waiting to be told.
    public func favour(_ member: any LoopMember) {
        favourites.append(member)
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
    ///
    /// - Parameter waiting: how to wait for the members.
    public func run(
        patienceNs: Int64 = 1_000_000_000,
        waiting: Waiting = .watching,
        interrupted: () -> Bool = { false }
    ) {
        isStopped = false
        while !isStopped, !interrupted() {
            switch waiting {
            case .reading where favourites.count == 1: readOrWait(favourites[0], patienceNs)
            case .busy where !favourites.isEmpty:
                for _ in 0..<Self.busyTurns { for member in favourites { _ = member.look(waits: false) } }
                runOnce(maximumWaitNs: 0)
            case .watching, .reading, .busy: runOnce(maximumWaitNs: patienceNs)
            }
        }
    }

    /// Sleeps in the favourite's read if that has been worth it lately, else watches all members.
    @inline(__always)
    private func readOrWait(_ favourite: any LoopMember, _ patienceNs: Int64) {
        guard quickWaits >= Self.readingAfterWaits else { return waitAndCount(patienceNs) }
        if !favourite.look(waits: true) { quickWaits = 0 }
        let nowNs = HostClock.monotonicNs()
        if nowNs - lastLookNs >= Self.readingLookNs {
            lastLookNs = nowNs
            // Who waits for room to write must not wait for the favourite.
            if watch.wantsToWrite { quickWaits = 0 }
            watch.wait(atMostNs: 0)
        }
        runTimers(dueByNs: nowNs)
    }

    private func waitAndCount(_ patienceNs: Int64) {
        let beganNs = HostClock.monotonicNs()
        runOnce(maximumWaitNs: patienceNs)
        quickWaits = HostClock.monotonicNs() - beganNs < Self.quickNs ? quickWaits + 1 : 0
    }

    /// Ends `run()` after the current callbacks.
    public func stop() {
        isStopped = true
    }

    /// Waits once, at most `maximumWaitNs`, then calls what is due.
    public func runOnce(maximumWaitNs: Int64) {
        var waitNs = maximumWaitNs
        if waitNs > 0, let next = timers.nextNs { waitNs = min(waitNs, max(0, next - HostClock.monotonicNs())) }
        watch.wait(atMostNs: waitNs)
        runTimers(dueByNs: HostClock.monotonicNs())
    }

    /// Calls what is due.
    @inline(__always)
    private func runTimers(dueByNs nowNs: Int64) {
        guard let next = timers.nextNs, next <= nowNs else { return }
        callTimers(dueByNs: nowNs)
    }

    /// One by one, since each may cancel those after it; what it adds is for the next turn, however soon it is due.
    @inline(never)
    private func callTimers(dueByNs nowNs: Int64) {
        let newest = timers.newest
        while let action = timers.takeDue(byNs: nowNs, upTo: newest) { action() }
    }
}
