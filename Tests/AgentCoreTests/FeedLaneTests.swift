import ExperimentModel
import LabWorld
import Testing
import WebSocketCodec

@testable import AgentCore

/// What a lane does on a connection that is up.
@Suite(.timeLimit(.minutes(1)))
struct FeedLaneTests {
    struct Route: Sendable, CustomTestStringConvertible {
        var market: Market
        var path: String
        var streams: [String]
        /// What the exchange is asked for.
        var target: String

        var testDescription: String { "\(market) \(path)" }
    }

    static let routes = [
        Route(
            market: .usdm,
            path: "/public",
            streams: ["btcusdt@bookTicker"],
            target: "/public/stream?streams=btcusdt@bookTicker"
        ),
        Route(
            market: .usdm,
            path: "/public/ws",
            streams: ["btcusdt@bookTicker", "btcusdt@trade"],
            target: "/public/ws/btcusdt@bookTicker/btcusdt@trade"
        ),
        Route(
            market: .usdm,
            path: "/public",
            streams: ["btcusdt@bookTicker", "btcusdt@trade"],
            target: "/public/stream?streams=btcusdt@bookTicker/btcusdt@trade"
        ),
        Route(
            market: .spot,
            path: "/ws/btcusdt@bookTicker",
            streams: ["btcusdt@bookTicker"],
            target: "/ws/btcusdt@bookTicker"
        ),
        Route(
            market: .spot,
            path: "/ws",
            streams: ["btcusdt@trade", "ethusdt@trade"],
            target: "/ws/btcusdt@trade/ethusdt@trade?timeUnit=MICROSECOND"
        ),
        Route(
            market: .coinm,
            path: "",
            streams: ["btcusd_perp@bookTicker"],
            target: "/stream?streams=btcusd_perp@bookTicker"
        ),
    ]

    @Test(arguments: routes)
    func `every event of every stream passes once, in order, with its stream and its time`(_ route: Route) async throws
    {
        let setup = FeedWorld.Setup(market: route.market, path: route.path, sent: route.streams)
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run(events: 300)
            #expect(world.events.map(\.id) == world.sentMeanwhile)
            #expect(Set(world.events.map(\.stream)) == Set(route.streams.indices))
            #expect(world.ear.upgrades.map(\.message) == [.upgrade(route.target)])
            let hasTimes = route.market != .spot || !route.streams[0].hasSuffix("bookTicker")
            #expect(world.events.allSatisfy { ($0.eventTimeNs != SampleRecord.absent) == hasTimes })
            if route.target.contains("MICROSECOND") {
                #expect(world.events.contains { $0.eventTimeNs % 1_000_000 != 0 }, "times finer than a millisecond")
            }
            let record = try #require(lane.connections.first)
            #expect(record.server == "exchange.lab")
            #expect(record.endpoint == "127.0.0.1:\(world.exchange.port)")
            #expect(record.details?.hasPrefix("TLSv1") == true)
            #expect(lane.counts.received == world.events.count)
            #expect(lane.counts.invalid.isEmpty && lane.counts.duplicates == 0)
        }
    }

    @Test
    func `the pong goes out in the pass that read the ping, before anything else is read`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 1)
            let payload = Array("1790134675605".utf8)
            let marker = #"{"e":"bookTicker","u":7,"s":"BTCUSDT","b":"1","B":"1","a":"1","A":"1"}"#
            let texts = [#"{"result":null,"id":9}"#, marker, #"{"result":null,"id":10}"#].map { Array($0.utf8) }
            world.exchange.ping(payload, thenTexts: texts)
            world.run { world.events.contains { $0.id == 7 } }
            // The loop stands still from here on: what the exchange hears has been sent already.
            #expect(world.ear.waits { $0 == .pong(payload) })
            #expect(lane.counts.invalid.isEmpty, "acknowledgements are not data")
            #expect(lane.counts.received == world.events.count)
        }
    }

    @Test
    func `a burst behind a ping waits for the pong, not the pong for the burst`() async throws {
        try await FeedWorld.with { world in
            world.open()
            world.run(events: 1)
            let payload = Array("1790134675605".utf8)
            let texts = (1...2_000).map {
                Array(#"{"e":"bookTicker","u":\#($0),"s":"BTCUSDT","b":"1","B":"1","a":"1","A":"1"}"#.utf8)
            }
            var heardAtFirst: Bool?
            world.onEvent = { id in
                // The loop stands still in here: what the exchange hears has been sent already.
                if id == 1 { heardAtFirst = world.ear.waits { $0 == .pong(payload) } }
            }
            world.exchange.ping(payload, thenTexts: texts)
            world.run { world.events.contains { $0.id == 2_000 } }
            #expect(heardAtFirst == true)
        }
    }

    @Test
    func `a flood of pings is answered at the limit's rate, with the newest payload`() async throws {
        try await FeedWorld.with { world in
            world.open()
            world.run(events: 1)
            for number in 1...40 { world.exchange.ping(Array("ping \(number)".utf8)) }
            let last = ExchangeMessage.pong(Array("ping 40".utf8))
            world.run { world.ear.pongs.contains { $0.message == last } }
            #expect(Self.mostWithinASecond(world.ear.pongs) <= 5)
            #expect(world.ear.pongs.count <= 11)
        }
    }

    /// The most messages in any nine tenths of a second: the network may bring them a little closer together than they
    /// were sent.
    private static func mostWithinASecond(_ heard: [ExchangeEar.Heard]) -> Int {
        let times = heard.map(\.atNs)
        return times.map { from in times.count { $0 >= from && $0 < from + 900_000_000 } }.max() ?? 0
    }

    @Test
    func `many streams are asked for in pieces, five messages a second with the pongs`() async throws {
        var setup = FeedWorld.Setup()
        setup.wanted =
            (0..<600).map { "a-symbol-with-a-long-name-\($0)@bookTicker" } + ["btcusdt@bookTicker"]
        setup.exchange = { settings in settings.pingIntervalNs = 400_000_000 }
        let wanted = setup.wanted ?? []
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run { lane.state == .streaming && world.ear.pongs.count >= 2 }
            #expect(world.ear.upgrades.map(\.message) == [.upgrade("/public/stream")])
            let pieces = world.ear.texts.map { heard -> String in
                guard case .text(let bytes) = heard.message else { return "" }
                #expect(bytes.count <= 4_096)
                return String(decoding: bytes, as: UTF8.self)
            }
            #expect(pieces.count >= 6, "it takes more than a second's messages")
            #expect(pieces.allSatisfy { $0.hasPrefix(#"{"method":"SUBSCRIBE","params":["#) })
            #expect(pieces.reduce(0) { $0 + $1.split(separator: "@bookTicker").count - 1 } == wanted.count)
            #expect(Self.mostWithinASecond(world.ear.texts + world.ear.pongs) <= 5)
            #expect(world.events.allSatisfy { $0.stream == 600 })
        }
    }

    @Test(arguments: [ExchangeFaults.SubscribeAnswer.nestedError, .flatError, .silence])
    func `a refused or unanswered request is named, and the connection opened again`(
        _ answer: ExchangeFaults.SubscribeAnswer
    ) async throws {
        var setup = FeedWorld.Setup()
        setup.wanted = (0..<300).map { "s\($0)@bookTicker" } + ["btcusdt@bookTicker"]
        setup.timing.lookNs = 20_000_000
        setup.timing.requestNs = 200_000_000
        try await FeedWorld.with(setup) { world in
            var faults = ExchangeFaults()
            faults.subscribeAnswer = answer
            world.exchange.set(faults)
            let lane = world.open()
            world.run { world.ear.upgrades.count >= 2 }
            let reason = try #require(lane.lastFailure)
            if answer == .silence {
                #expect(reason == "no answer to SUBSCRIBE 1 within 200 ms")
            } else {
                #expect(reason.hasPrefix("the exchange refused SUBSCRIBE 1 (s0@bookTicker, s1@bookTicker, "))
                #expect(reason.hasSuffix("and 195 more): code 2 Invalid request: too many streams"))
            }
            world.exchange.set(ExchangeFaults())
            world.run { lane.state == .streaming }
            #expect(lane.counts.received == world.events.count, "answers are not data")
        }
    }

    @Test
    func `a stream that is acknowledged and stays silent is named, and the others go on`() async throws {
        var setup = FeedWorld.Setup()
        setup.wanted = ["btcusdt@bookTickr", "btcusdt@bookTicker"]
        setup.timing.lookNs = 20_000_000
        setup.timing.unheardNs = 200_000_000
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run { lane.silentStreams != nil }
            #expect(lane.silentStreams == ["btcusdt@bookTickr"])
            #expect(lane.neverHeardStreams == ["btcusdt@bookTickr"])
            let text = try #require(lane.lastFailure)
            #expect(
                text.hasPrefix("no data for ") && text.contains(" on btcusdt@bookTickr: is the stream's name right?")
            )
            world.run(events: 50)
            #expect(lane.state == .streaming)
            #expect(lane.connectionCount == 1)
        }
    }

    @Test
    func `a lane whose only stream stays silent says so with its name, and tries again`() async throws {
        var setup = FeedWorld.Setup()
        setup.wanted = ["btcusdt@trade"]
        setup.timing.lookNs = 20_000_000
        setup.timing.unheardNs = 100_000_000
        setup.timing.silenceNs = 300_000_000
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run { lane.lastFailure != nil }
            #expect(lane.lastFailure?.contains("on btcusdt@trade: is the stream's name right?") == true)
            #expect(lane.state == .connecting)
            world.run { lane.connectionCount >= 2 }
            let reason = lane.records.first?.reason ?? ""
            #expect(reason.hasPrefix("no data for 300 ms on btcusdt@trade: is the stream's name right?"), "\(reason)")
            #expect(lane.neverHeardStreams == ["btcusdt@trade"])
        }
    }

    @Test
    func `a lane that is closed says goodbye with code 1000 and opens nothing more`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 1)
            lane.close("told to stop")
            world.run { world.exchange.peerPorts.isEmpty && world.ear.heard.last?.message == .close(1_000) }
            #expect(world.ear.heard.last?.message == .close(1_000))
            #expect(lane.connections.map(\.reason) == ["told to stop"])
            #expect(lane.state == .closed)
        }
    }
}
