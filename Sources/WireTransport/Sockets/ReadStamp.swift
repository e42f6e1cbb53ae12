/// The moment of one read: when the kernel received its last segment, and when the process had it.
public struct ReadStamp: Sendable {
    /// Stands for a kernel time that is not there.
    public static let absent = Int64.min

    /// The kernel's receive time, `CLOCK_REALTIME`; `absent` without one.
    public var kernelNs: Int64 = absent
    /// `CLOCK_REALTIME` right after the read.
    public var wallNs: Int64 = 0
    /// `CLOCK_MONOTONIC` right after the read.
    public var monotonicNs: Int64 = 0

    /// The octets that were left to read right after the read; 0 where the kernel does not say.
    public var leftOctets: Int32 = 0

    /// An empty stamp.
    public init() {}
}
