import ExperimentModel

/// A best bid and ask as the exchange sends it, for a simulated exchange.
public struct BookTickerPayload: Sendable, Equatable {
    /// The market, which decides the members and their order (as on the wire in 2026).
    public var market: Market
    /// The symbol in capitals, such as `BTCUSDT`.
    public var symbol: String
    /// The pair of a coin-margined contract, such as `BTCUSD` of `BTCUSD_PERP`; elsewhere the symbol itself.
    public var pair: String
    /// `u`.
    public var updateID: Int64
    /// `b` and `B`.
    public var bidPrice, bidQuantity: FixedDecimal
    /// `a` and `A`.
    public var askPrice, askQuantity: FixedDecimal
    /// `T` in ms since 1970; spot does not send it.
    public var transactionTimeMs: Int64
    /// `E` in ms since 1970; spot does not send it.
    public var eventTimeMs: Int64

    /// Makes a payload; the pair is the symbol up to its underscore.
    public init(
        market: Market,
        symbol: String,
        updateID: Int64,
        bid: (price: FixedDecimal, quantity: FixedDecimal),
        ask: (price: FixedDecimal, quantity: FixedDecimal),
        transactionTimeMs: Int64,
        eventTimeMs: Int64
    ) {
        self.market = market
        self.symbol = symbol
        self.pair = String(symbol.prefix { $0 != "_" })
        self.updateID = updateID
        (bidPrice, bidQuantity) = bid
        (askPrice, askQuantity) = ask
        self.transactionTimeMs = transactionTimeMs
        self.eventTimeMs = eventTimeMs
    }

    /// Appends the JSON text.
    ///
    /// - Parameters:
    ///   - output: where it is appended.
    ///   - stream: the stream's name for the wrapper of a combined stream; `nil` for a raw one.
    public func append(to output: inout [UInt8], wrappedIn stream: String? = nil) {
        StreamWrapper.append(stream, to: &output) { output in
            switch market {
            case .spot:
                output.append(text: #"{"u":"#)
                output.append(integer: updateID)
            case .usdm:
                output.append(text: #"{"e":"bookTicker","u":"#)
                output.append(integer: updateID)
            case .coinm:
                output.append(text: #"{"u":"#)
                output.append(integer: updateID)
                output.append(text: #","e":"bookTicker""#)
            }
            output.append(text: #","s":"#)
            output.append(quoted: symbol)
            if market != .spot {
                output.append(text: #","ps":"#)
                output.append(quoted: pair)
            }
            appendQuote(to: &output)
            if market != .spot {
                output.append(text: #","T":"#)
                output.append(integer: transactionTimeMs)
                output.append(text: #","E":"#)
                output.append(integer: eventTimeMs)
            }
            if market == .usdm {
                output.append(text: #","st":1"#)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private func appendQuote(to output: inout [UInt8]) {
        output.append(text: #","b":"#)
        output.append(quoted: bidPrice)
        output.append(text: #","B":"#)
        output.append(quoted: bidQuantity)
        output.append(text: #","a":"#)
        output.append(quoted: askPrice)
        output.append(text: #","A":"#)
        output.append(quoted: askQuantity)
    }
}
