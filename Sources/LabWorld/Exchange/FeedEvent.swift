import ExperimentModel
import MarketFeed

/// One event of the simulated market, before it is sent.
public struct FeedEvent: Hashable, Sendable {
    /// How long after the event before it.
    public var gapNs: Int64
    /// Which of the exchange's streams it belongs to.
    public var streamIndex: Int
    /// `u` of a book ticker and `t` of a trade: strictly increasing over all streams.
    public var updateID: Int64
    /// The best bid in ticks.
    public var bidTicks: Int64
    /// The best ask in ticks.
    public var askTicks: Int64
    /// Quantities in the market's smallest unit.
    public var bidLots, askLots: Int64
    /// By how much the engine's time `T` is before the time of sending `E`.
    public var engineLagMs: Int64

    /// Appends the event's JSON as the market writes it.
    ///
    /// - Parameters:
    ///   - output: where it is appended.
    ///   - stream: the stream it belongs to.
    ///   - market: decides members, their order, and decimals.
    ///   - eventTimeNs: when it is sent; `E` is that, cut to its unit.
    ///   - shape: the form that the client asked for.
    func append(
        to output: inout [UInt8],
        stream: FeedStream,
        market: Market,
        eventTimeNs: Int64,
        shape: ExchangeConnection.Shape
    ) {
        let wrapper = shape.isCombined ? stream.name : nil
        let unitNs: Int64 = shape.usesMicroseconds ? 1_000 : 1_000_000
        let eventTime = eventTimeNs / unitNs
        let engineTime = eventTime - engineLagMs * (1_000_000 / unitNs)
        let scale = FeedScale(market)
        switch stream.kind {
        case .bookTicker:
            BookTickerPayload(
                market: market,
                symbol: stream.symbol,
                updateID: updateID,
                bid: (scale.price(bidTicks), scale.quantity(bidLots)),
                ask: (scale.price(askTicks), scale.quantity(askLots)),
                transactionTimeMs: engineTime,
                eventTimeMs: eventTime
            ).append(to: &output, wrappedIn: wrapper)
        case .trade:
            let isBuyerMaker = bidLots < askLots
            TradePayload(
                market: market,
                symbol: stream.symbol,
                tradeID: updateID,
                price: scale.price(isBuyerMaker ? bidTicks : askTicks),
                quantity: scale.quantity(min(bidLots, askLots)),
                tradeTime: engineTime,
                eventTime: eventTime,
                isBuyerMaker: isBuyerMaker
            ).append(to: &output, wrappedIn: wrapper)
        }
    }
}

/// How a market writes BTC's prices and quantities.
struct FeedScale {
    /// The first bid, in ticks: some 84,551.
    let firstBidTicks: Int64
    private let unitsOfTick: Int64
    private let priceDecimals: Int
    private let unitsOfLot: Int64
    private let quantityDecimals: Int

    init(_ market: Market) {
        switch market {
        case .spot:
            (firstBidTicks, unitsOfTick, priceDecimals, unitsOfLot, quantityDecimals) = (
                8_455_100, 1_000_000, 8, 1_000, 8
            )
        case .usdm:
            (firstBidTicks, unitsOfTick, priceDecimals, unitsOfLot, quantityDecimals) = (845_510, 10, 2, 1, 3)
        case .coinm:
            (firstBidTicks, unitsOfTick, priceDecimals, unitsOfLot, quantityDecimals) = (845_510, 1, 1, 1, 0)
        }
    }

    func price(_ ticks: Int64) -> FixedDecimal { FixedDecimal(ticks * unitsOfTick, decimals: priceDecimals) }
    func quantity(_ lots: Int64) -> FixedDecimal { FixedDecimal(lots * unitsOfLot, decimals: quantityDecimals) }
}
