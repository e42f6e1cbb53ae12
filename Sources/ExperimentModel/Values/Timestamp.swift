/// One moment on one host, on both of its clocks.
///
/// Use `monotonicNs` for differences between moments on the same host, since nothing ever sets that clock; use `wallNs`
/// only to compare moments on different hosts, and never without the clock bound of both.
public struct Timestamp: Codable, Hashable, Sendable {
    /// `CLOCK_REALTIME`, nanoseconds since 1970-01-01 UTC.
    public var wallNs: Int64
    /// `CLOCK_MONOTONIC`, nanoseconds since an arbitrary moment of this host.
    public var monotonicNs: Int64

    /// A moment from both clocks.
    public init(wallNs: Int64, monotonicNs: Int64) {
        self.wallNs = wallNs
        self.monotonicNs = monotonicNs
    }
}
