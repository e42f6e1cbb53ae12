/// Where a receive time came from.
public enum ReceiveTimeSource: String, Codable, Sendable {
    /// From the kernel, at the moment the segment came in: the host's scheduling is not in it.
    case kernel
    /// From the process's clock after its read, where the kernel gives none: elsewhere than on Linux.
    case user
}

/// How many receive times came from where.
public struct ReceiveTimeCount: Hashable, Sendable {
    /// Arrivals with the kernel's time.
    public var kernel = 0
    /// Arrivals that have only the process's.
    public var user = 0

    /// Nothing counted.
    public init() {}

    /// Counts one arrival by its kernel time, which may be `SampleRecord.absent`.
    @inlinable
    public mutating func add(kernelNs: Int64) {
        if kernelNs == SampleRecord.absent { user += 1 } else { kernel += 1 }
    }

    /// `kernel`, `user`, or `mixed` when more than one arrival in a thousand had no kernel time.
    public var source: String {
        if kernel == 0 { return ReceiveTimeSource.user.rawValue }
        return user * 1_000 > kernel ? "mixed" : ReceiveTimeSource.kernel.rawValue
    }
}
