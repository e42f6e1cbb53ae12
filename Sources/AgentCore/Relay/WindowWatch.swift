import WireTransport

/// Adds up for how long written events could not be sent, because TCP's window was full or its pacing held them back.
///
/// What waits there waits at the host, not on the way: a tail that it explains is transport, not network.
struct WindowWatch {
    /// While octets wait, looks are at least this far apart, so that they cost next to nothing at any rate.
    private static let intervalNs: Int64 = 5_000_000
    /// The same while none do.
    private static let calmIntervalNs: Int64 = 20_000_000
    /// Less than two segments may be on their way into the device at any moment.
    private static let normalSegments = 2

    private var lastLookNs: Int64 = 0
    private var nextLookNs: Int64 = 0
    private var waitedNs: Int64 = 0

    /// For how long octets waited so far, milliseconds.
    var waitedMs: Int { Int(waitedNs / 1_000_000) }

    /// Looks at a connection, right after something was written or at any later moment.
    @inline(__always)
    mutating func look(at socket: StreamSocket) {
        let nowNs = HostClock.monotonicNs()
        guard nowNs >= nextLookNs else { return }
        note(socket.unsentOctets == 0 ? nil : socket.window, atNs: nowNs)
    }

    /// Counts the time since the last look, as far as it is between two looks, if octets wait.
    ///
    /// So a wait that is shorter than that counts too much or not at all, and on average as long as it was.
    mutating func note(_ window: ConnectionWindow?, atNs nowNs: Int64) {
        let octets = window.map { Self.normalSegments * max($0.segmentOctets, 1) } ?? .max
        let isWaiting = window?.unsentOctets ?? 0 >= octets
        if isWaiting { waitedNs += min(nowNs - lastLookNs, nextLookNs - lastLookNs) }
        lastLookNs = nowNs
        nextLookNs = nowNs + (isWaiting ? Self.intervalNs : Self.calmIntervalNs)
    }
}
