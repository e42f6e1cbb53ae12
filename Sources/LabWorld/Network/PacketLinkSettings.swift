import ExperimentModel

/// What a packet link does to the packets of one direction, or of both.
public struct PacketLinkSettings: Sendable, Hashable {
    /// The least delay.
    public var delay: TimeSpan
    /// The median of what is added to the delay; its distribution is log-normal, and order is kept.
    public var jitter: TimeSpan
    /// The share of packets that are lost, 0 to 1; 1 is a cut cable.
    public var loss: Double
    /// Bits a second that pass; 0 for no limit.
    public var bitsPerSecond: Double

    /// A link's settings.
    public init(delay: TimeSpan, jitter: TimeSpan, loss: Double = 0, bitsPerSecond: Double = 0) {
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.bitsPerSecond = bitsPerSecond
    }

    /// Settings without loss or limit.
    public init(_ link: LabSpecification.Link) {
        self.init(delay: link.delay, jitter: link.jitter)
    }
}

/// A change to a packet link that is up.
public struct PacketLinkChange: Sendable, Hashable {
    /// A new delay each way.
    public var delay: TimeSpan?
    /// A new median of the jitter.
    public var jitter: TimeSpan?
    /// A new share of lost packets, 0 to 1.
    public var loss: Double?
    /// A new limit in bits a second; 0 takes it away.
    public var bitsPerSecond: Double?
    /// Nothing passes for this long from now on.
    public var cut: TimeSpan?

    /// No change.
    public init() {}

    /// Reads words such as `delay=112ms loss=0.1% rate=10M cut=5s`.
    ///
    /// - Throws: `LabError` `specification` that names the word.
    public init(words: [String]) throws {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw Self.wrong(word) }
            switch parts[0] {
            case "delay": delay = try Self.span(parts[1], word)
            case "jitter": jitter = try Self.span(parts[1], word)
            case "cut": cut = try Self.span(parts[1], word)
            case "loss": loss = try Self.share(parts[1], word)
            case "rate": bitsPerSecond = try Self.rate(parts[1], word)
            default: throw Self.wrong(word)
            }
        }
    }

    private static func wrong(_ word: String) -> LabError {
        LabError(
            .specification,
            "'\(word)' is no change to a link; say delay=112ms, jitter=200us, loss=0.1%, rate=10M or cut=5s"
        )
    }

    private static func span(_ text: String, _ word: String) throws -> TimeSpan {
        guard let span = TimeSpan(text) else { throw wrong(word) }
        return span
    }

    private static func share(_ text: String, _ word: String) throws -> Double {
        let isPercent = text.hasSuffix("%")
        guard let value = Double(isPercent ? String(text.dropLast()) : text) else { throw wrong(word) }
        let share = isPercent ? value / 100 : value
        guard (0...1).contains(share) else { throw wrong(word) }
        return share
    }

    private static func rate(_ text: String, _ word: String) throws -> Double {
        let factors: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
        let factor = text.last.flatMap { factors[$0] }
        guard let value = Double(factor == nil ? text : String(text.dropLast())), value >= 0 else { throw wrong(word) }
        return value * (factor ?? 1)
    }
}
