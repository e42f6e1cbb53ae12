import ExperimentModel
import WireTransport

/// What all parts of a running agent share; everything here lives on the loop's thread.
final class AgentContext {
    /// The plan.
    let plan: AgentPlan
    /// The plan's streams, to be found without allocation.
    let streamNames: StreamTable
    /// The limits of the feed's lanes.
    let timing: FeedTiming
    /// When the exchange may be dialled again, monotonic: it refused this address for a time, which counts for every
    /// lane.
    var exchangeNotBeforeNs: Int64 = 0
    /// The folder of the run's files.
    let directory: String
    /// The loop.
    let loop: EventLoop
    /// Looks names up.
    let resolver: Resolver
    /// Opens connections.
    let dialer: Dialer
    /// The run's secret; nil by hand.
    let secret: [UInt8]?
    /// The agent's log.
    let log: AgentLog
    /// Writes files on a thread of its own.
    let writer: BackgroundWriter
    /// Looks for steps of the wall clock.
    var clockSteps = ClockStepDetector()
    /// The newest clock reading.
    var clock: ClockReading?

    init(plan: AgentPlan, directory: String, secret: [UInt8]?, timing: FeedTiming = FeedTiming()) throws {
        self.plan = plan
        self.streamNames = StreamTable(plan.streams)
        var timing = timing
        if let age = plan.renewAfter { timing.renewalNs = age.ns }
        self.timing = timing
        self.directory = directory
        self.loop = EventLoop()
        self.resolver = try Resolver(loop: loop)
        self.dialer = Dialer(loop: loop, resolver: resolver)
        self.secret = secret
        self.writer = try BackgroundWriter(directory: directory)
        self.log = AgentLog(writer: writer)
        dialer.onReport = { [log] report in log.write(report) }
    }

    /// Both clocks now.
    var now: Timestamp { Timestamp(wallNs: HostClock.wallNs(), monotonicNs: HostClock.monotonicNs()) }

    /// Looks at the clocks; `roughlyNs` is the monotonic time, or was just now.
    @inline(__always)
    func observeClock(atNs roughlyNs: Int64) {
        guard
            let moment = clockSteps.read(atNs: roughlyNs, wallNs: HostClock.wallNs, monotonicNs: HostClock.monotonicNs)
        else { return }
        if let step = clockSteps.observe(moment) {
            log.write(.warning, "clock.step", ["stepNs": "\(step.stepNs)"])
        }
    }
}

extension AgentPlan {
    /// How the agent's loop waits.
    ///
    /// A forwarder with one lane has nothing else that would suffer from being looked at late. With more lanes each has
    /// to be seen at once; and a receiver takes its times from the kernel, whenever it looks.
    var waiting: EventLoop.Waiting {
        if busyPoll == true { return .busy }
        return role == .forward && paths.map(\.lanes).reduce(0, +) == 1 ? .reading : .watching
    }
}
