import ExperimentModel
import Testing

@testable import LabWorld

struct ExchangeRouteTests {
    @Test(
        arguments: [
            ("/ws", nil, false, []),
            ("/ws/", nil, false, []),
            ("/ws/a@trade", nil, false, ["a@trade"]),
            ("/ws/a@trade/b@trade", nil, false, ["a@trade", "b@trade"]),
            ("/public/ws/a@trade", nil, false, ["a@trade"]),
            ("/market/stream", "streams=a@trade", true, ["a@trade"]),
            ("/stream", nil, true, []),
            ("/stream", "timeUnit=MICROSECOND&streams=a%40trade/b@trade", true, ["a@trade", "b@trade"]),
        ] as [(String, String?, Bool, [String])]
    )
    func `paths of the exchange are understood`(
        _ path: String,
        _ query: String?,
        _ isCombined: Bool,
        _ streams: [String]
    ) throws {
        let route = try #require(ExchangeRoute(path: path, query: query, market: .spot))
        #expect(route.isCombined == isCombined)
        #expect(route.streams == streams)
        #expect(route.isPublic)
    }

    @Test(arguments: ["", "/", "ws", "/public", "/market", "/private/ws", "/streams", "/stream/a", "/ws//a"])
    func `other paths lead nowhere`(_ path: String) {
        #expect(ExchangeRoute(path: path, query: nil, market: .usdm) == nil)
    }

    @Test
    func `more streams than the exchange allows lead nowhere`() {
        let names = (0...1_024).map { "s\($0)@trade" }.joined(separator: "/")
        #expect(ExchangeRoute(path: "/stream", query: "streams=\(names)", market: .spot) == nil)
    }

    @Test
    func `book tickers do not come on the route for other data of USD-M`() throws {
        #expect(try #require(ExchangeRoute(path: "/market/ws/a", query: nil, market: .usdm)).isPublic == false)
        #expect(try #require(ExchangeRoute(path: "/public/ws/a", query: nil, market: .usdm)).isPublic)
        #expect(try #require(ExchangeRoute(path: "/ws/a", query: nil, market: .usdm)).isPublic)
    }

    @Test(arguments: ["btcusdt@depth", "btcusdt", "@trade", "BTCUSDT@trade", "btc/usdt@trade", "a@trade@x"])
    func `streams without events are refused`(_ name: String) {
        let error = #expect(throws: LabError.self) { try FeedStream(name) }
        #expect(error?.code == .specification)
    }
}
