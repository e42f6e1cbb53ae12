/// Something that the reader of a result should know; a value, not text on a stream.
public struct AnalysisWarning: Codable, Hashable, Sendable {
    /// What kind of thing it is.
    public enum Code: String, Codable, Sendable, CaseIterable {
        /// Delays below zero, which no network has.
        case negativeDelays
        /// The wall clock of a host jumped inside the window.
        case clockStepped
        /// A clock bound became much worse during the run.
        case boundGrew
        /// A host's clock is not verified.
        case clockNotVerified
        /// Probes inside the relay connection and chrony's bounds cannot both be right.
        case clocksContradicted
        /// Not enough samples for what was asked.
        case tooFewSamples
        /// The same event was never seen on both paths.
        case noPairs
        /// One connection a path: the exchange's server is measured with the path.
        case oneLane
        /// The lanes of one path differ by more than the paths do.
        case lanesDisagree
        /// The sums of the conservation table do not come out.
        case conservationMismatch
        /// Events of one path never came on the other.
        case eventsMissing
        /// Events were lost.
        case eventsLost
        /// A connection had to be opened again inside the window.
        case reconnected
        /// Events waited for TCP at the forwarder; the text says whether losses on the network were the cause.
        case transportWait
        /// Events waited for TCP at the forwarder for so long that it shapes the figures.
        case stalled
        /// TCP sent again on a relay's way, for what was lost or passed for it: that shows as delay.
        case retransmitted
        /// How a relay over UDP fared: what its way lost, doubled and turned round.
        case datagrams
        /// The receiver itself dropped datagrams, which is no loss of the path's.
        case hostDropped
        /// Events were longer than the path's packets.
        case fragmented
        /// A median delay shorter than light needs.
        case belowSpeedOfLight
        /// Nothing shows which networks the direct path took.
        case routeNotShown
        /// Both paths use one network, so that the baseline is not what it is called.
        case sharedNetwork
        /// A relay that was to go over the private peering went to a public address.
        case notOverPeering
        /// All lanes of a path went to one address of the exchange.
        case lanesOnOneServer
        /// A stream never brought anything.
        case silentStream
        /// The stream says no event times.
        case noEventTime
        /// Samples depend on each other over so long that intervals are withheld.
        case longDependence
        /// The receive times are not the kernel's.
        case userSpaceTimes
        /// Files of the run are missing or torn.
        case incompleteFiles
        /// An agent's process did not run for a time inside the window.
        case stoodStill
        /// The run did not come to its planned end.
        case runIncomplete
        /// The two sides were measured at different times.
        case differentTimes
        /// One run a side, so that runs' own spread is not known.
        case fewRuns
        /// A comparison that was refused and then forced.
        case forced
        /// What the run itself noted.
        case noted
        /// Only one path was measured.
        case onePath
    }

    /// What kind of thing it is.
    public var code: Code
    /// What was seen, and what it means.
    public var text: String
    /// Whether no verdict should be drawn from this run.
    public var makesVerdictUnusable: Bool

    /// A warning.
    public init(_ code: Code, _ text: String, makesVerdictUnusable: Bool = false) {
        self.code = code
        self.text = text
        self.makesVerdictUnusable = makesVerdictUnusable
    }
}
