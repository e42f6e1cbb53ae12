import CSockets
import ExperimentModel
import WireTransport

/// What a supervisor takes from its host, so that a test can be the host.
public struct CampaignSurroundings {
    /// The wall clock, nanoseconds since 1970 UTC.
    public var wallNs: () -> Int64
    /// Waits for a part of a second, or a signal.
    public var pause: (_ ns: Int64) -> Void
    /// Asks chronyc with extra arguments.
    public var readClock: ([String]) -> ClockReading
    /// Whether somebody wants it to end.
    public var isToldToEnd: () -> Bool

    /// Surroundings from their parts.
    public init(
        wallNs: @escaping () -> Int64,
        pause: @escaping (Int64) -> Void,
        readClock: @escaping ([String]) -> ClockReading,
        isToldToEnd: @escaping () -> Bool
    ) {
        self.wallNs = wallNs
        self.pause = pause
        self.readClock = readClock
        self.isToldToEnd = isToldToEnd
    }

    /// The host itself.
    public static var host: CampaignSurroundings {
        Termination.listen()
        return CampaignSurroundings(
            wallNs: HostClock.wallNs,
            pause: { ns in
                var nothing = pollfd(fd: -1, events: 0, revents: 0)
                _ = latexp_poll(&nothing, 0, ns)
            },
            readClock: ClockSampler.read,
            isToldToEnd: { Termination.isRequested }
        )
    }
}
