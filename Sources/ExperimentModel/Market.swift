/// The Binance market whose streams a run takes: spot, USD-margined futures or coin-margined futures.
public enum Market: String, Codable, Sendable, CaseIterable {
    /// Spot. Its `bookTicker` carries no event time.
    case spot
    /// USD-margined futures. Its `bookTicker` carries `E` and `T`.
    case usdm
    /// Coin-margined futures. Its `bookTicker` carries `E` and `T`.
    case coinm
}
