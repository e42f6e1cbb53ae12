import ExperimentModel
import Foundation
import MarketFeed
import Testing

struct FeedSimulationTests {
    static func ticker(_ market: Market, symbol: String = "BTCUSDT", decimals: (Int, Int)) -> BookTickerPayload {
        let (priceDecimals, quantityDecimals) = decimals
        return BookTickerPayload(
            market: market,
            symbol: symbol,
            updateID: 11_659_858_833_361,
            bid: (FixedDecimal(8_455_100, decimals: priceDecimals), FixedDecimal(7, decimals: quantityDecimals)),
            ask: (FixedDecimal(8_455_110, decimals: priceDecimals), FixedDecimal(1_566, decimals: quantityDecimals)),
            transactionTimeMs: 1_790_370_834_266,
            eventTimeMs: 1_790_370_834_267
        )
    }

    static func text(_ append: (inout [UInt8]) -> Void) -> String {
        var output: [UInt8] = []
        append(&output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func aFuturesTickerIsAsOnTheWire() {
        let text = Self.text { Self.ticker(.usdm, decimals: (2, 3)).append(to: &$0, wrappedIn: "btcusdt@bookTicker") }
        #expect(
            text == #"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":11659858833361,"s":"BTCUSDT","#
                + #""ps":"BTCUSDT","b":"84551.00","B":"0.007","a":"84551.10","A":"1.566","T":1790370834266,"#
                + #""E":1790370834267,"st":1}}"#
        )
        let facts = text.facts
        #expect(facts.kind == .bookTicker)
        #expect(facts.updateID == 11_659_858_833_361)
        #expect(facts.eventTimeNs == 1_790_370_834_267_000_000)
        #expect(facts.transactionTimeNs == 1_790_370_834_266_000_000)
    }

    @Test func aSpotTickerHasSixMembersOnly() {
        let text = Self.text { Self.ticker(.spot, decimals: (8, 8)).append(to: &$0) }
        #expect(
            text == #"{"u":11659858833361,"s":"BTCUSDT","b":"0.08455100","B":"0.00000007","a":"0.08455110","#
                + #""A":"0.00001566"}"#
        )
        #expect(text.facts.kind == .bookTicker)
        #expect(text.facts.eventTimeNs == nil)
    }

    @Test func aCoinMarginedTickerNamesItsPairAndCountsContracts() {
        let text = Self.text { Self.ticker(.coinm, symbol: "BTCUSD_PERP", decimals: (1, 0)).append(to: &$0) }
        #expect(
            text == #"{"u":11659858833361,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"845510.0","B":"7","#
                + #""a":"845511.0","A":"1566","T":1790370834266,"E":1790370834267}"#
        )
        #expect(text.facts.kind == .bookTicker)
    }

    @Test(arguments: Market.allCases, [nil, "btcusdt@trade"])
    func aTradeIsUnderstood(market: Market, stream: String?) throws {
        let trade = TradePayload(
            market: market,
            symbol: "BTCUSDT",
            tradeID: 5_182_006_711,
            price: FixedDecimal(6_396_000, decimals: 2),
            quantity: FixedDecimal(310, decimals: 3),
            tradeTime: 1_780_000_000_122,
            eventTime: 1_780_000_000_123,
            isBuyerMaker: false
        )
        let text = Self.text { trade.append(to: &$0, wrappedIn: stream) }
        let facts = text.facts
        #expect(facts.kind == .trade)
        #expect(facts.tradeID == 5_182_006_711)
        #expect(facts.eventTimeNs == 1_780_000_000_123_000_000)
        #expect(facts.transactionTimeNs == 1_780_000_000_122_000_000)
        #expect(text.part(facts.stream) == stream)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let event = stream == nil ? object : object?["data"] as? [String: Any]
        #expect(event?["p"] as? String == "63960.00")
        #expect(event?["q"] as? String == "0.310")
    }

    @Test(
        arguments: [
            (.acknowledgement(id: 1), #"{"result":null,"id":1}"#, .acknowledgement),
            (
                .subscriptions(id: 3, streams: ["a@trade", "b@trade"]), #"{"result":["a@trade","b@trade"],"id":3}"#,
                .acknowledgement
            ),
            (
                .error(code: 2, message: "bad \"x\"\n", id: 20),
                #"{"error":{"code":2,"msg":"bad \"x\"\u000a"},"id":20}"#, .error
            ),
            (.error(code: 3, message: "no", id: nil), #"{"error":{"code":3,"msg":"no"},"id":null}"#, .error),
            (.flatError(code: 2, message: "no", id: nil), #"{"code":2,"msg":"no"}"#, .error),
            (.flatError(code: 0, message: "no", id: 5), #"{"code":0,"msg":"no","id":5}"#, .error),
            (
                .serverShutdown(eventTimeMs: 1_770_123_456_789, isWrapped: false),
                #"{"e":"serverShutdown","E":1770123456789}"#, .serverShutdown
            ),
            (
                .serverShutdown(eventTimeMs: 1_770_123_456_789, isWrapped: true),
                #"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#, .serverShutdown
            ),
        ] as [(ControlPayload, String, MessageFacts.Kind)]
    )
    func controlMessagesAreAsOnTheWire(payload: ControlPayload, expected: String, kind: MessageFacts.Kind) {
        let text = Self.text { payload.append(to: &$0) }
        #expect(text == expected)
        #expect(text.facts.kind == kind)
    }

    @Test(arguments: [
        (FixedDecimal(0, decimals: 0), "0"), (FixedDecimal(0, decimals: 3), "0.000"),
        (FixedDecimal(5, decimals: 3), "0.005"),
        (FixedDecimal(-1234, decimals: 2), "-12.34"), (FixedDecimal(.min, decimals: 0), "-9223372036854775808"),
        (FixedDecimal(.max, decimals: 18), "9.223372036854775807"),
    ])
    func pricesHaveTheirDecimals(value: FixedDecimal, text: String) throws {
        var ticker = Self.ticker(.spot, decimals: (1, 1))
        ticker.bidPrice = value
        #expect(Self.text { ticker.append(to: &$0) }.contains(#""b":"\#(text)""#))
    }
}
