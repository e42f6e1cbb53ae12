import ExperimentModel
import MarketFeed
import Testing

struct FeedEndpointTests {
    static let streams = ["btcusdt@bookTicker", "btcusdt@trade"]

    @Test(arguments: [
        (Market.spot, "stream.binance.com", 9443, "/stream?streams=btcusdt@bookTicker/btcusdt@trade"),
        (Market.usdm, "fstream.binance.com", 443, "/public/stream?streams=btcusdt@bookTicker/btcusdt@trade"),
        (Market.coinm, "dstream.binance.com", 443, "/stream?streams=btcusdt@bookTicker/btcusdt@trade"),
    ])
    func aMarketsOwnAddressIsUsedUnlessOneIsGiven(market: Market, host: String, port: Int, target: String) throws {
        let endpoint = try FeedEndpoint(market: market, streams: Self.streams)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.isSecure)
        #expect(endpoint.target == target)
        #expect(endpoint.form == .combined)
    }

    @Test(
        arguments: [
            ("wss://h/ws/a@trade", "/ws/a@trade", .raw),
            ("wss://h/ws/a@trade/b@trade", "/ws/a@trade/b@trade", .raw),
            ("wss://h/public/ws/a@trade?x=y", "/public/ws/a@trade?x=y", .raw),
            ("wss://h/stream?streams=a@trade", "/stream?streams=a@trade", .combined),
            ("wss://h/public/stream?x=y&streams=a@trade", "/public/stream?x=y&streams=a@trade", .combined),
            ("wss://h", "/stream?streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/", "/stream?streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/public/", "/public/stream?streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/stream", "/stream?streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/stream?streams=", "/stream?streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/stream?x=y", "/stream?x=y&streams=btcusdt@bookTicker/btcusdt@trade", .combined),
            ("wss://h/ws", "/ws/btcusdt@bookTicker/btcusdt@trade", .raw),
            ("wss://h/ws/", "/ws/btcusdt@bookTicker/btcusdt@trade", .raw),
        ] as [(String, String, FeedEndpoint.Form)]
    )
    func aFullPathIsKeptAndAnyOtherGetsTheStreams(url: String, target: String, form: FeedEndpoint.Form) throws {
        let endpoint = try FeedEndpoint(market: .usdm, url: url, streams: Self.streams)
        #expect(endpoint.target == target)
        #expect(endpoint.form == form)
        #expect(endpoint.url == "wss://h:443" + target)
    }

    @Test func aURLThatNamesItsStreamsNeedsNoOthers() throws {
        #expect(try FeedEndpoint(market: .spot, url: "ws://h:1/ws/a@trade", streams: []).target == "/ws/a@trade")
        let error = #expect(throws: MarketFeedError.self) { try FeedEndpoint(market: .spot, streams: []) }
        #expect(error?.code == .noStreams)
    }

    @Test func spotCanBeAskedForMicroseconds() throws {
        let combined = try FeedEndpoint(market: .spot, streams: ["a@trade"], timeUnit: .microsecond)
        #expect(combined.target == "/stream?streams=a@trade&timeUnit=MICROSECOND")
        let raw = try FeedEndpoint(market: .spot, url: "wss://h/ws/a@trade", streams: [], timeUnit: .microsecond)
        #expect(raw.target == "/ws/a@trade?timeUnit=MICROSECOND")
        let given = "wss://h/ws/a@trade?timeUnit=microsecond"
        let kept = try FeedEndpoint(market: .spot, url: given, streams: [], timeUnit: .microsecond)
        #expect(kept.target == "/ws/a@trade?timeUnit=microsecond")
        let error = #expect(throws: MarketFeedError.self) {
            try FeedEndpoint(market: .usdm, streams: ["a@trade"], timeUnit: .microsecond)
        }
        #expect(error?.code == .timeUnitNotSupported)
    }

    @Test func oneConnectionCarriesAtMost1024Streams() throws {
        let names = (0..<1025).map { "symbol\($0)@trade" }
        #expect(try FeedEndpoint(market: .spot, streams: Array(names.prefix(1024))).streamsToRequest.count == 1024)
        let given = "wss://h/stream?streams=" + names.joined(separator: "/")
        for (url, streams) in [(nil, names), (given, [])] as [(String?, [String])] {
            let error = #expect(throws: MarketFeedError.self) {
                try FeedEndpoint(market: .spot, url: url, streams: streams)
            }
            #expect(error?.code == .tooManyStreams)
        }
    }

    @Test(
        arguments: [
            (nil, "/stream", .combined), ("wss://h/public", "/public/stream", .combined),
            ("wss://h/stream?x=y&streams=", "/stream?x=y", .combined), ("wss://h/ws/", "/ws", .raw),
            ("wss://h/public/ws?x=y", "/public/ws?x=y", .raw),
        ] as [(String?, String, FeedEndpoint.Form)]
    )
    func whatIsTooLongForTheRequestIsToBeAskedForLater(
        url: String?,
        target: String,
        form: FeedEndpoint.Form
    ) throws {
        let many = (0..<201).map { "s\($0)@trade" }
        let long = (0..<100).map { "a-symbol-of-some-forty-octets-in-length-\($0)@trade" }
        for streams in [many, long] {
            let endpoint = try FeedEndpoint(market: .spot, url: url, streams: streams)
            #expect(endpoint.target == target)
            #expect(endpoint.form == form)
            #expect(endpoint.streamsToRequest == streams)
        }
        let few = try FeedEndpoint(market: .spot, url: url, streams: Array(many.prefix(200)))
        #expect(few.streamsToRequest.isEmpty)
        #expect(few.target.utf8.count <= FeedEndpoint.maximumTargetBytes)
    }

    @Test(
        arguments: [
            ("wss://h:9443/ws/a@trade", ["a@trade"], "wss://h:9443/ws"),
            ("wss://h/public/ws/a@trade/b%40trade?x=y", ["a@trade", "b@trade"], "wss://h:443/public/ws?x=y"),
            (
                "ws://h/stream?streams=a@trade/%E7%89%9Busdt@trade&x=y", ["a@trade", "牛usdt@trade"],
                "ws://h:80/stream?x=y"
            ),
            ("wss://[::1]/stream?streams=", [], "wss://[::1]:443/stream"), ("wss://h", [], "wss://h:443"),
            ("wss://h/public?streams=a@trade", [], "wss://h:443/public"),
            ("wss://h/ws/a%zz", ["a%zz"], "wss://h:443/ws"),
        ] as [(String, [String], String)]
    )
    func aURLsOwnStreamsCanBeReadAndLeftOut(url: String, streams: [String], without: String) throws {
        let parsed = try FeedURL(url)
        #expect(parsed.namedStreams == streams)
        #expect(parsed.withoutStreams == without)
    }

    @Test(arguments: ["", "a b", "a/b", "a?b", "a&b", "a#b", "a\"b", "a\r\nb", "a%41"])
    func aNameThatWouldChangeTheURLIsRefused(name: String) {
        let error = #expect(throws: MarketFeedError.self) { try FeedEndpoint(market: .spot, streams: [name]) }
        #expect(error?.code == .invalidStreamName)
    }

    @Test func aSymbolInCapitalsIsRefusedWithWhatToWrite() {
        let error = #expect(throws: MarketFeedError.self) {
            try FeedEndpoint(market: .usdm, streams: ["BTCUSDT@bookTicker"])
        }
        #expect(error?.code == .invalidStreamName)
        #expect(error?.message.hasSuffix("write btcusdt@bookTicker") == true)
    }

    @Test func unusualNamesThatTheExchangeHasAreTaken() throws {
        #expect(try FeedEndpoint(market: .usdm, streams: ["!bookTicker"]).target.hasSuffix("=!bookTicker"))
        #expect(try FeedEndpoint(market: .usdm, streams: ["牛usdt@trade"]).target.hasSuffix("=%E7%89%9Busdt@trade"))
        #expect(try FeedEndpoint(market: .coinm, streams: ["btcusd_perp@trade"]).target.hasSuffix("=btcusd_perp@trade"))
        let twice = #expect(throws: MarketFeedError.self) {
            try FeedEndpoint(market: .usdm, streams: ["a@trade", "a@trade"])
        }
        #expect(twice?.code == .duplicateStream)
    }
}
