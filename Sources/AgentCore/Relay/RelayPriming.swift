import CSockets
import WireTransport

/// Decides when a relay connection needs padding so that its congestion window stays wide enough for a burst.
///
/// What Linux does with a window (net/ipv4/tcp_input.c, tcp_output.c): in slow start it grows while more than half of
/// it is in use; after a retransmission timeout without sending it falls back to ten segments
/// (`tcp_slow_start_after_idle`), and by and by when less than all of it is used. So padding goes out while the window
/// is too small, and often enough afterwards.
struct RelayPriming {
    /// How often the connection is looked at.
    static let intervalNs: Int64 = 20_000_000
    /// An open window is used at least this often: below the least retransmission timeout of Linux, 200 ms.
    private static let holdNs: Int64 = 150_000_000
    /// The share of the window that padding takes: above the half from which it grows, and the rest is left to events.
    private static let share = 0.6
    /// Windows are not pushed beyond what this many round trips give, in case the other side's buffer is the limit.
    private static let patienceNs: Int64 = 15_000_000_000

    private let targetOctets: Int
    private var begunNs: Int64?
    private var lastUseNs: Int64 = 0
    /// Octets of padding asked for so far.
    private(set) var paddedOctets = 0
    /// Whether the window has been as wide as wanted.
    private(set) var isPrimed: Bool

    /// Priming for a window of `targetOctets`; 0 for none.
    init(targetOctets: Int) {
        self.targetOctets = targetOctets
        isPrimed = targetOctets == 0
    }

    /// The connection is new.
    mutating func restart(atNs nowNs: Int64) {
        begunNs = nowNs
        lastUseNs = 0
        isPrimed = targetOctets == 0
    }

    /// The octets of padding to send now; 0 most of the time.
    mutating func octetsDue(_ state: ConnectionWindow, atNs nowNs: Int64) -> Int {
        guard targetOctets > 0, let begunNs, state.unsentOctets == 0 else { return 0 }
        let windowOctets = state.windowSegments * state.segmentOctets
        let inFlight = state.unacknowledgedSegments * state.segmentOctets
        let use = Int(Double(min(windowOctets, targetOctets)) * Self.share)
        if inFlight >= use { lastUseNs = nowNs }
        if windowOctets >= targetOctets || nowNs - begunNs > Self.patienceNs { isPrimed = true }
        let isWide = windowOctets >= targetOctets
        guard !isWide || nowNs - lastUseNs >= Self.holdNs, inFlight < use else { return 0 }
        lastUseNs = nowNs
        paddedOctets += use - inFlight
        return use - inFlight
    }
}

/// What TCP says of a connection's sending side.
struct ConnectionWindow {
    /// The congestion window, segments.
    var windowSegments: Int
    /// Segments that are sent and not acknowledged.
    var unacknowledgedSegments: Int
    /// Octets of a full segment.
    var segmentOctets: Int
    /// Octets that were written and not sent yet.
    var unsentOctets: Int
}

extension StreamSocket {
    /// The sending side's window; nil where the kernel does not say.
    var window: ConnectionWindow? {
        guard let state = tcpState else { return nil }
        return ConnectionWindow(
            windowSegments: Int(state.congestionWindow),
            unacknowledgedSegments: Int(state.unacknowledged),
            segmentOctets: Int(state.segmentOctets),
            unsentOctets: Int(state.unsentOctets)
        )
    }
}
