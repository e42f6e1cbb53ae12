import MarketFeed
import TestSupport
import Testing

@testable import AgentCore

/// Two connections of any lag, deliveries interleaved in any way: every event passes once.
struct OverlapFilterTests {
    /// A connection: what it still has to bring, in order.
    private struct Connection {
        var messages: [[UInt8]]
    }

    private static let names = ["btcusdt@bookTicker", "btcusdt@trade", "btcusdt@aggTrade", "!bookTicker"]

    /// The exchange's events: ids grow in the first two streams, the third has none here, the fourth has many symbols.
    private static func events(_ count: Int, using generator: inout SeededGenerator) -> [[UInt8]] {
        var book: Int64 = 100
        var trade: Int64 = 900
        return (0..<count).map { number in
            let text: String
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                book += Int64.random(in: 1...3, using: &generator)
                text = #"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":\#(book),"s":"BTCUSDT"}}"#
            case 1:
                trade += 1
                text = #"{"stream":"btcusdt@trade","data":{"e":"trade","t":\#(trade),"s":"BTCUSDT"}}"#
            case 2:
                text = #"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","s":"BTCUSDT","a":\#(number)}}"#
            default:
                let id = Int64.random(in: 1...50, using: &generator)
                text = #"{"stream":"!bookTicker","data":{"e":"bookTicker","u":\#(id),"s":"S\#(number)USDT"}}"#
            }
            return Array(text.utf8)
        }
    }

    private final class Lane {
        let table = StreamTable(names)
        let filter: OverlapFilter
        var passed: [[UInt8]] = []
        private var facts = MessageFacts()

        init() { filter = OverlapFilter(table) }

        func take(_ octets: [UInt8], isNext: Bool) {
            octets.withUnsafeBytes { bytes in
                let message = FeedMessage(bytes, streams: table, facts: &facts)
                if filter.isNew(message, bytes, isNext: isNext) { passed.append(octets) }
            }
        }
    }

    private static func sorted(_ events: [[UInt8]]) -> [String] {
        events.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    @Test(arguments: 0..<300)
    func `each event passes once, however the connections interleave and however many of them fail`(
        _ seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let events = Self.events(200, using: &generator)
        let lane = Lane()
        var old = events[...]
        var sent = Int.random(in: 5...40, using: &generator)
        for _ in 0..<Int.random(in: 0...5, using: &generator) { lane.take(old.removeFirst(), isNext: false) }
        // Some next connections bring a part and fail; they are subscribed where the exchange is at that time.
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            lane.filter.begin()
            var next = events[sent...]
            for _ in 0..<Int.random(in: 0...25, using: &generator) {
                Self.step(&old, &next, lane, preferNext: seed.isMultiple(of: 2), using: &generator)
            }
            lane.filter.nextLost()
            // The exchange has sent what either has brought; the next one is subscribed after that.
            sent = max(sent, next.startIndex, old.startIndex)
        }
        lane.filter.begin()
        var next = events[sent...]
        while !(lane.filter.hasMark && lane.filter.isCaughtUp) {
            Self.step(&old, &next, lane, preferNext: seed.isMultiple(of: 2), using: &generator)
        }
        lane.filter.switchOver()
        while let event = next.popFirst() { lane.take(event, isNext: false) }
        #expect(Self.sorted(lane.passed) == Self.sorted(events))
    }

    /// One delivery on either connection.
    private static func step(
        _ old: inout ArraySlice<[UInt8]>,
        _ next: inout ArraySlice<[UInt8]>,
        _ lane: Lane,
        preferNext: Bool,
        using generator: inout SeededGenerator
    ) {
        let chance = preferNext ? 8 : 2
        if Int.random(in: 0..<10, using: &generator) < chance, let event = next.popFirst() {
            lane.take(event, isNext: true)
        } else if let event = old.popFirst() {
            lane.take(event, isNext: false)
        } else if let event = next.popFirst() {
            lane.take(event, isNext: true)
        }
    }

    @Test
    func `a connection opened after the last one had ended starts afresh, whatever its ids`() {
        let lane = Lane()
        func book(_ id: Int) -> [UInt8] {
            Array(#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":\#(id),"s":"BTCUSDT"}}"#.utf8)
        }
        for id in [10, 11, 12] { lane.take(book(id), isNext: false) }
        lane.filter.startAfresh()
        for id in [3, 4] { lane.take(book(id), isNext: false) }
        #expect(lane.passed == [10, 11, 12, 3, 4].map(book))
    }
}

struct StreamTableTests {
    private static func index(_ text: String, in names: [String]) -> Int {
        let table = StreamTable(names)
        return Array(text.utf8).withUnsafeBytes { bytes in
            var facts = MessageFacts()
            facts.scan(bytes)
            return table.index(of: facts, bytes)
        }
    }

    @Test(
        arguments: [
            (#"{"stream":"b@trade","data":{"e":"trade","t":1,"s":"B"}}"#, 1),
            (#"{"stream":"c@trade","data":{"e":"trade","t":1,"s":"C"}}"#, 4),
            (#"{"e":"trade","t":1,"s":"B"}"#, 1), (#"{"e":"bookTicker","u":1,"s":"A"}"#, 0),
            (#"{"u":1,"s":"A","b":"1","B":"1","a":"1","A":"1"}"#, 0), (#"{"e":"depthUpdate","u":1,"U":1,"s":"A"}"#, 2),
            (#"{"e":"bookTicker","u":1,"s":"X"}"#, 3), (#"{"e":"trade","t":1,"s":"X"}"#, 4),
            (#"{"e":"kline","s":"A"}"#, 4),
        ]
    )
    func `a wrapped message is known by its stream's name, a raw one by what it is`(text: String, index: Int) {
        #expect(Self.index(text, in: ["a@bookTicker", "b@trade", "a@depth@100ms", "!bookTicker"]) == index)
    }

    @Test
    func `a thousand streams are told apart`() {
        let names = (0..<1_024).map { "symbol\($0)@trade" }
        for number in stride(from: 0, to: 1_024, by: 37) {
            #expect(Self.index(#"{"stream":"symbol\#(number)@trade","data":{}}"#, in: names) == number)
            #expect(Self.index(#"{"e":"trade","t":1,"s":"SYMBOL\#(number)"}"#, in: names) == number)
        }
        #expect(StreamTable(names).text([0, 1, 2, 3, 4, 5, 6]).hasSuffix("symbol4@trade and 2 more"))
    }

    @Test
    func `a single stream needs no looking up`() {
        #expect(Self.index(#"{"e":"kline","s":"A"}"#, in: ["whatever@x"]) == 0)
    }
}
