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
    /// Looks whether there is something to read without having been told so; only asked of a busy loop's favourites.
    func look()
}

extension LoopMember {
    /// Most members wait to be told.
    public func look() {}
}

/// A loop over a handful of descriptors, with timers; all on one thread.
///
/// Members are asked for their interest before every wait, so nothing has to be registered twice. A member added or
/// removed inside a callback takes effect at the next wait.
public final class EventLoop {
    /// How often a busy loop looks at everything that is not its favourite, in turns.
    private static let busyTurns = 64

    private let watch: any DescriptorWatch
    private var favourites: [any LoopMember] = []
    private var timers = TimerQueue()
    private var isStopped = false

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

    /// Makes a member one that `run(isBusy: true)` looks at without waiting to be told.
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
    /// - Parameter isBusy: never sleeps: asks its favourites again and again, which takes a core of its own and saves the time
    ///   that waking up takes.
    public func run(patienceNs: Int64 = 1_000_000_000, isBusy: Bool = false, interrupted: () -> Bool = { false }) {
        isStopped = false
        while !isStopped, !interrupted() {
            guard isBusy, !favourites.isEmpty else {
                runOnce(maximumWaitNs: patienceNs)
                continue
            }
            for _ in 0..<Self.busyTurns { for member in favourites { member.look() } }
            runOnce(maximumWaitNs: 0)
        }
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
        guard let next = timers.nextNs, next <= HostClock.monotonicNs() else { return }
        for action in timers.takeAllDue(byNs: HostClock.monotonicNs()) { action() }
    }
}
