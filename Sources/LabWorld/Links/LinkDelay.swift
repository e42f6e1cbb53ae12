import ExperimentModel
import Foundation

/// How long one direction of a link holds what it carries.
public struct LinkDelay: Sendable {
    /// The spread of the jitter: the standard deviation of its logarithm.
    static let logDeviation = 0.5

    /// The least delay.
    public let delayNs: Int64
    private let medianJitterNs: Double
    private var generator: SeededGenerator
    private var previousDueNs = Int64.min

    /// The delay of one direction of one connection.
    ///
    /// - Parameters:
    ///   - link: the delay, and the median of the log-normal jitter on top.
    ///   - seed: determines the jitter.
    ///   - purpose: tells this direction's jitter from the others'.
    public init(_ link: LabSpecification.Link, seed: UInt64, purpose: String) {
        self.delayNs = link.delay.ns
        self.medianJitterNs = Double(link.jitter.ns)
        self.generator = SeededGenerator(seed: seed, purpose: purpose)
    }

    /// When something that came at `nowNs` is due at the other end; never before what came earlier, as in TCP.
    public mutating func dueNs(atNs nowNs: Int64) -> Int64 {
        let jitterNs = medianJitterNs * exp(Self.logDeviation * generator.normal())
        // A second is far out in the tail of any sensible jitter, and keeps the arithmetic in range.
        let dueNs = max(previousDueNs, nowNs + delayNs + Int64(min(jitterNs, medianJitterNs + 1e9)))
        previousDueNs = dueNs
        return dueNs
    }
}
