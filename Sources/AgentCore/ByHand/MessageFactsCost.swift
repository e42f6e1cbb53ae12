import ExperimentModel
import MarketFeed
import WireTransport

/// What finding the facts of one message costs, on messages as the exchange sends them.
enum MessageFactsCost {
    private static let messages = 512
    private static let rounds = 101

    /// Nanoseconds a message by its kind; each is the median of many rounds over different messages.
    static func measure() -> [String: Double] {
        [
            "usdm bookTicker": cost { bookTicker(.usdm, $0, wrappedIn: nil, to: &$1) },
            "usdm bookTicker, combined": cost { bookTicker(.usdm, $0, wrappedIn: "btcusdt@bookTicker", to: &$1) },
            "spot bookTicker": cost { bookTicker(.spot, $0, wrappedIn: nil, to: &$1) },
            "spot trade": cost { trade($0, to: &$1) },
        ]
    }

    private static func cost(of append: (Int64, inout [UInt8]) -> Void) -> Double {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for number in 0..<Int64(messages) {
            append(number, &bytes)
            ends.append(bytes.count)
        }
        var facts = MessageFacts()
        var perMessage: [Double] = []
        for _ in 0..<rounds {
            let startNs = HostClock.monotonicNs()
            let usable = scan(bytes, ends, &facts)
            perMessage.append(Double(HostClock.monotonicNs() - startNs) / Double(messages))
            precondition(usable == messages, "the generator makes messages that the scanner does not take")
        }
        return perMessage.sorted()[rounds / 2]
    }

    /// How many of the messages are usable events.
    private static func scan(_ bytes: [UInt8], _ ends: [Int], _ facts: inout MessageFacts) -> Int {
        var usable = 0
        bytes.withUnsafeBytes { buffer in
            var start = 0
            for end in ends {
                facts.scan(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
                if facts.updateID ?? facts.tradeID != nil { usable += 1 }
                start = end
            }
        }
        return usable
    }

    /// A quantity in units of 0.001 that looks random, of one, two or three digits before the point, mostly one or two
    /// as in reality: equal lengths would be easier for the processor.
    private static func quantity(_ number: Int64) -> Int64 {
        let random = Int64(truncatingIfNeeded: UInt64(number) &* 0x9E37_79B9_7F4A_7C15 >> 40)
        return random % [9_999, 9_999, 99_999, 9_999, 99_999, 9_999, 99_999, 999_999][Int(number & 7)]
    }

    private static func bookTicker(_ market: Market, _ number: Int64, wrappedIn: String?, to bytes: inout [UInt8]) {
        let decimals = market == .spot ? 8 : 2
        let price = market == .spot ? 6_412_345_000_000 + number * 1_000_000 : 6_412_340 + number * 10
        let timeMs = 1_780_000_000_123 + number * 7
        BookTickerPayload(
            market: market,
            symbol: "BTCUSDT",
            updateID: 11_000_000_000_001 + number * 37,
            bid: (FixedDecimal(price, decimals: decimals), FixedDecimal(quantity(number), decimals: 3)),
            ask: (FixedDecimal(price + 10, decimals: decimals), FixedDecimal(quantity(number * 31 + 7), decimals: 3)),
            transactionTimeMs: timeMs,
            eventTimeMs: timeMs + number % 4
        ).append(to: &bytes, wrappedIn: wrappedIn)
    }

    private static func trade(_ number: Int64, to bytes: inout [UInt8]) {
        let timeUs = 1_780_000_000_123_456 + number * 7_001
        TradePayload(
            market: .spot,
            symbol: "BTCUSDT",
            tradeID: 3_071_000_001 + number,
            price: FixedDecimal(6_412_345_000_000 + number * 1_000_000, decimals: 8),
            quantity: FixedDecimal(quantity(number) * 10_000, decimals: 8),
            tradeTime: timeUs,
            eventTime: timeUs + 321,
            isBuyerMaker: number % 3 == 0
        ).append(to: &bytes)
    }
}
