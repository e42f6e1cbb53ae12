/// Keeps the messages to the exchange under its limit: five a second on spot, where pings, pongs and JSON all count.
///
/// Over the limit the exchange disconnects, and bans the addresses of those who do it again. No clock of its own: time
/// is a parameter, from a monotonic clock.
public struct MessageRateLimiter: Sendable {
    /// The length of the window, one second.
    public static let windowNs: Int64 = 1_000_000_000

    /// When the last messages were sent, the oldest at ``next``.
    private var sentNs: [Int64]
    private var next = 0

    /// Makes a limiter.
    ///
    /// - Parameter messagesPerSecond: at most so many messages lie in any window of one second.
    public init(messagesPerSecond: Int = 5) {
        precondition(messagesPerSecond > 0, "at least one message a second")
        sentNs = Array(repeating: .min, count: messagesPerSecond)
    }

    /// The earliest moment at which one more message is within the limit; `nowNs` when it is now.
    public func earliestNs(nowNs: Int64) -> Int64 {
        let oldest = sentNs[next]
        guard oldest != .min else { return nowNs }
        return max(nowNs, oldest + Self.windowNs)
    }

    /// Takes note of a message that is sent now, whether the limit allows it or not: an answer to a ping cannot wait.
    public mutating func noteSent(nowNs: Int64) {
        sentNs[next] = nowNs
        next = (next + 1) % sentNs.count
    }
}
