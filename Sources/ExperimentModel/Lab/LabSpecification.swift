/// A simulated world on this machine: an exchange, links with known delays, and two hosts named `tokyo` and `frankfurt`.
public struct LabSpecification: Codable, Hashable, Sendable {
    /// The names of the hosts that a lab brings up.
    public static let hostNames = ["frankfurt", "tokyo"]

    /// The mean rates that a lab can keep, messages a second.
    public static let rates = 0.1...50_000.0
    /// The longest delay, and the greatest jitter, of a link each way.
    public static let longestDelay = TimeSpan.seconds(10)

    /// One direction's delay on a link.
    public struct Link: Codable, Hashable, Sendable {
        /// The least delay, each way.
        public var delay: TimeSpan
        /// The median of what is added to the delay; its distribution is log-normal, and order is kept.
        public var jitter: TimeSpan

        /// A link with this delay and jitter.
        public init(delay: TimeSpan, jitter: TimeSpan) {
            self.delay = delay
            self.jitter = jitter
        }
    }

    /// What goes wrong in the simulated clocks, for demonstrations and tests.
    public enum ClockFault: String, Codable, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// Frankfurt's chronyd has no source.
        case unsynchronised
        /// Frankfurt's chronyd follows nothing but its own clock.
        case localReference
        /// Frankfurt's chronyc does not reach any chronyd.
        case noDaemon
    }

    /// Seeds the feed and every link's jitter.
    public var seed: UInt64
    /// The mean number of messages a second; they come in bursts.
    public var rate: Double
    /// Exchange to Frankfurt.
    public var direct: Link
    /// Exchange to Tokyo.
    public var tokyo: Link
    /// Tokyo to Frankfurt.
    public var backbone: Link
    /// What is wrong with the clocks.
    public var clockFault: ClockFault

    /// A world; what is left out gets the documented default.
    public init(
        seed: UInt64 = 1,
        rate: Double = 100,
        direct: Link = Link(delay: .milliseconds(118), jitter: TimeSpan(ns: 600_000)),
        tokyo: Link = Link(delay: TimeSpan(ns: 500_000), jitter: TimeSpan(ns: 20_000)),
        backbone: Link = Link(delay: .milliseconds(112), jitter: TimeSpan(ns: 200_000)),
        clockFault: ClockFault = .none
    ) {
        self.seed = seed
        self.rate = rate
        self.direct = direct
        self.tokyo = tokyo
        self.backbone = backbone
        self.clockFault = clockFault
    }
}
