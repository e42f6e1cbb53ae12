/// The interarrival jitter of RFC 3550 section 6.4.1 and appendix A.8, the smoothed change of the delay from one event
/// to the next.
public struct InterarrivalJitter: Hashable, Sendable {
    /// The jitter so far, in the unit of the delays; 0 before the second event.
    public private(set) var value = 0.0
    private var previous: Double?

    /// No event yet.
    public init() {}

    /// Takes the delay of the next event in the order of arrival: `J += (|D| - J) / 16`.
    public mutating func add(_ delay: Double) {
        if let previous { value += (abs(delay - previous) - value) / 16 }
        previous = delay
    }

    /// The jitter after all `delays`, in the order of arrival; nil with fewer than two.
    public static func of(_ delays: [Double]) -> Double? {
        guard delays.count > 1 else { return nil }
        var jitter = InterarrivalJitter()
        for delay in delays { jitter.add(delay) }
        return jitter.value
    }

    /// The same of whole numbers, such as nanoseconds.
    public static func of(_ delays: CompactSeries) -> Double? {
        guard delays.count > 1 else { return nil }
        var jitter = InterarrivalJitter()
        delays.forEach { jitter.add(Double($0)) }
        return jitter.value
    }
}
