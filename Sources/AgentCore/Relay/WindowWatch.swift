import WireTransport

/// Adds up for how long written events could not be sent, because TCP's window was full or its pacing held them back.
///
/// What waits there waits at the host, not on the way: a tail that it explains is transport, not network.
struct WindowWatch {
    /// Looks are at least this far apart, so that they cost next to nothing at any rate.
    private static let intervalNs: Int64 = 5_000_000
    /// Less than two segments may be on their way into the device at any moment.
    private static let normalSegments = 2

    private var lastLookNs: Int64 = 0
    private var waitedNs: Int64 = 0

    /// For how long octets waited so far, milliseconds.
    var waitedMs: Int { Int(waitedNs / 1_000_000) }

    /// Looks at a connection, right after something was written or at any later moment.
    @inline(__always)
    mutating func look(at socket: StreamSocket) {
        let nowNs = HostClock.monotonicNs()
        guard nowNs - lastLookNs >= Self.intervalNs else { return }
        lastLookNs = nowNs
        note(socket.window)
    }

    /// Counts one interval if octets wait.
    mutating func note(_ window: ConnectionWindow?) {
        guard let window, window.unsentOctets >= Self.normalSegments * max(window.segmentOctets, 1) else { return }
        waitedNs += Self.intervalNs
    }
}
