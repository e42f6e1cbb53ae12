import ExperimentModel

/// A trade as the exchange sends it, for a simulated exchange.
public struct TradePayload: Sendable, Equatable {
    /// The market, which decides the members and their order.
    public var market: Market
    /// The symbol in capitals.
    public var symbol: String
    /// `t`.
    public var tradeID: Int64
    /// `p`.
    public var price: FixedDecimal
    /// `q`.
    public var quantity: FixedDecimal
    /// `T` in the unit of the connection: ms, or us on spot where asked for.
    public var tradeTime: Int64
    /// `E` in the same unit.
    public var eventTime: Int64
    /// `m`: whether the buyer's order lay in the book.
    public var isBuyerMaker: Bool

    /// Makes a payload.
    public init(
        market: Market,
        symbol: String,
        tradeID: Int64,
        price: FixedDecimal,
        quantity: FixedDecimal,
        tradeTime: Int64,
        eventTime: Int64,
        isBuyerMaker: Bool
    ) {
        self.market = market
        self.symbol = symbol
        self.tradeID = tradeID
        self.price = price
        self.quantity = quantity
        self.tradeTime = tradeTime
        self.eventTime = eventTime
        self.isBuyerMaker = isBuyerMaker
    }

    /// Appends the JSON text, wrapped when a stream is named.
    public func append(to output: inout [UInt8], wrappedIn stream: String? = nil) {
        StreamWrapper.append(stream, to: &output) { output in
            output.append(text: #"{"e":"trade","E":"#)
            output.append(integer: eventTime)
            if market != .spot {
                output.append(text: #","T":"#)
                output.append(integer: tradeTime)
            }
            output.append(text: #","s":"#)
            output.append(quoted: symbol)
            output.append(text: #","t":"#)
            output.append(integer: tradeID)
            output.append(text: #","p":"#)
            output.append(quoted: price)
            output.append(text: #","q":"#)
            output.append(quoted: quantity)
            if market == .spot {
                output.append(text: #","T":"#)
                output.append(integer: tradeTime)
            } else {
                output.append(text: #","X":"MARKET""#)
            }
            output.append(text: #","m":"#)
            output.append(text: isBuyerMaker ? "true" : "false")
            output.append(text: market == .spot ? #","M":true}"# : #","st":1}"#)
        }
    }
}
