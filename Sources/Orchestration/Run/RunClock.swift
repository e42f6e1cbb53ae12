import Foundation

/// The laptop's clock as a run uses it: for pauses between looks, limits and the times in the manifest.
public protocol RunClock: Sendable {
    /// The time since some fixed moment; it never goes back.
    var elapsed: Duration { get }
    /// Seconds since 1970 UTC.
    var wallSeconds: Double { get }
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
public struct SystemRunClock: RunClock {
    private let start = ContinuousClock.now

    /// A clock that starts now.
    public init() {}

    /// The time since the clock was made, the machine's sleep included.
    public var elapsed: Duration { ContinuousClock.now - start }

    /// Seconds since 1970 UTC.
    public var wallSeconds: Double { Date().timeIntervalSince1970 }

    /// Waits.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}

extension Duration {
    /// The length in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
