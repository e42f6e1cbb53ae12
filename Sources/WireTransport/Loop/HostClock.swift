import CSockets

/// This host's clocks.
public enum HostClock {
    /// `CLOCK_REALTIME`, nanoseconds since 1970 UTC.
    @inline(__always)
    public static func wallNs() -> Int64 { latexp_clock_ns(CLOCK_REALTIME) }

    /// `CLOCK_MONOTONIC`, nanoseconds.
    @inline(__always)
    public static func monotonicNs() -> Int64 { latexp_clock_ns(CLOCK_MONOTONIC) }
}
