import ExperimentModel

/// Doubling pauses between attempts to connect, with jitter: 1, 2, 4, 8 … up to the longest.
///
/// Each pause is drawn between half and the whole of its step, so that many lanes do not knock at one moment ("equal
/// jitter").
struct Backoff<Generator: RandomNumberGenerator> {
    private let policy: ReconnectPolicy
    private var generator: Generator
    private var attempts = 0

    init(policy: ReconnectPolicy, generator: Generator) {
        self.policy = policy
        self.generator = generator
    }

    /// The pause before the next attempt, nanoseconds, at least `leastNs` (a server's Retry-After).
    mutating func nextNs(atLeast leastNs: Int64 = 0) -> Int64 {
        let doublings = min(attempts, 40)
        attempts += 1
        let product = policy.initial.ns.multipliedReportingOverflow(by: 1 << doublings)
        let stepNs = product.overflow ? policy.max.ns : min(policy.max.ns, product.partialValue)
        return max(leastNs, Int64.random(in: (stepNs / 2)...stepNs, using: &generator))
    }

    /// Starts over with the first pause: the connection has proved itself.
    mutating func reset() {
        attempts = 0
    }
}
