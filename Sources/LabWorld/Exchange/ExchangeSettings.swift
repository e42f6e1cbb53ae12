import ExperimentModel

/// What the simulated exchange sends, and how patient it is.
public struct ExchangeSettings: Sendable {
    /// The market, which decides routes and payloads.
    public var market: Market
    /// The streams that have events.
    public var streams: [FeedStream]
    /// Determines the feed.
    public var seed: UInt64
    /// The mean number of events a second, over all streams.
    public var rate: Double
    /// Whether all events are equally far apart, and not in bursts as on a real feed.
    public var isEven = false
    /// How often the server pings; Binance spot does every 20 s.
    public var pingIntervalNs: Int64 = 20_000_000_000
    /// How old an unanswered ping may become; Binance spot waits a minute.
    public var pongLimitNs: Int64 = 60_000_000_000
    /// How long TLS and the upgrade may take.
    public var upgradeLimitNs: Int64 = 10_000_000_000
    /// How long a connection may live; Binance closes after a day.
    public var lifetimeNs: Int64 = 86_400_000_000_000

    /// Settings with the exchange's usual patience.
    public init(market: Market, streams: [FeedStream], seed: UInt64, rate: Double) {
        self.market = market
        self.streams = streams
        self.seed = seed
        self.rate = rate
    }

    /// The settings that a request asks for.
    ///
    /// - Throws: `LabError` `specification` for a stream that the exchange has no events for.
    init(_ request: LabRequest) throws {
        self.init(
            market: request.market,
            streams: try request.streams.map { try FeedStream($0) },
            seed: request.lab.seed,
            rate: request.lab.rate
        )
    }
}

/// A stream that the simulated exchange has events for.
public struct FeedStream: Hashable, Sendable {
    /// What its events are.
    public enum Kind: String, Sendable, CaseIterable {
        /// Best bid and ask, on every change.
        case bookTicker
        /// Every trade.
        case trade
    }

    /// The name as clients subscribe it: `btcusdt@bookTicker`.
    public let name: String
    /// The symbol in capitals.
    public let symbol: String
    /// What its events are.
    public let kind: Kind

    /// Reads a stream's name.
    ///
    /// - Throws: `LabError` `specification` when there are no events for it.
    public init(_ name: String) throws {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let kind = Kind(rawValue: String(parts[1])) else {
            let kinds = Kind.allCases.map { "<symbol>@\($0.rawValue)" }.joined(separator: " and ")
            throw LabError(.specification, "the simulated exchange has no events for \(name), only for \(kinds)")
        }
        let isPlain = parts[0].utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f
        }
        guard isPlain else {
            throw LabError(.specification, "the symbol of \(name) must be small letters and digits, as in btcusdt")
        }
        self.name = name
        self.symbol = parts[0].uppercased()
        self.kind = kind
    }
}
