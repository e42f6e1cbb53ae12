import ExperimentModel
import LabWorld
import TestSupport
import Testing
import WebSocketCodec

@testable import AgentCore

/// How a lane comes back after a connection was lost or refused.
@Suite(.timeLimit(.minutes(1)))
struct FeedReconnectTests {
    @Test
    func `pauses double up to the longest, each between half and the whole of its step`() {
        var generator = SeededGenerator(seed: 20_261_124)
        var backoff = Backoff(policy: ReconnectPolicy(), generator: generator)
        for _ in 0..<20 {
            for step in [1, 2, 4, 8, 16, 30, 30, 30] {
                let pauseNs = backoff.nextNs()
                #expect(pauseNs >= Int64(step) * 500_000_000 && pauseNs <= Int64(step) * 1_000_000_000)
            }
            backoff.reset()
        }
        #expect(backoff.nextNs(atLeast: 120_000_000_000) == 120_000_000_000)
        // Two lanes do not knock at the same moments.
        var other = Backoff(policy: ReconnectPolicy(), generator: SeededGenerator(seed: generator.next()))
        backoff.reset()
        #expect((0..<8).map { _ in backoff.nextNs() } != (0..<8).map { _ in other.nextNs() })
    }

    @Test
    func `a close is named with its code and reason, and numbering and counts go on`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 20)
            world.exchange.closeAll(code: 1_008, reason: "Pong timeout")
            world.run { lane.connectionCount == 2 && lane.state == .streaming }
            let reason = lane.records.first?.reason ?? ""
            #expect(reason == "127.0.0.1:\(world.exchange.port) closed with code 1008 Pong timeout")
            world.run(events: 20)
            #expect(lane.counts.received == world.events.count)
            #expect(Set(world.events.map(\.connection)) == [0, 1])
            let ids = world.events.map(\.id)
            #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var answer: HTTPAnswer
        var hasNoLength = false
        /// What the failure's text holds.
        var text: String
        /// The least time to the next attempt.
        var leastNs: Int64 = 0

        var testDescription: String { "\(answer.status) \(answer.headers.map(\.value))" }
    }

    private static func answer(_ status: Int, _ reason: String, _ headers: [HTTPHeader] = [], _ body: String = "")
        -> HTTPAnswer
    {
        HTTPAnswer(status: status, reason: reason, headers: headers, body: body)
    }

    static let refusals = [
        Refusal(
            answer: answer(404, "Not Found", [], "Invalid request path"),
            text: "HTTP 404 Not Found Invalid request path: is the path of the feed's URL right?"
        ),
        Refusal(
            answer: answer(503, "Service Unavailable"),
            text: "HTTP 503 Service Unavailable: a fault at the exchange"
        ),
        Refusal(
            answer: answer(429, "Too Many Requests", [HTTPHeader("Retry-After", "1")]),
            text: "HTTP 429 Too Many Requests: too many connections",
            leastNs: 1_000_000_000
        ),
        Refusal(
            answer: answer(429, "Too Many Requests", [HTTPHeader("Retry-After", "1")], "slow down"),
            hasNoLength: true,
            text: "HTTP 429 Too Many Requests slow down",
            leastNs: 1_000_000_000
        ),
        Refusal(
            answer: answer(
                418,
                "I'm a teapot",
                [
                    HTTPHeader("Date", "Sun, 06 Nov 1994 08:49:36 GMT"),
                    HTTPHeader("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ]
            ),
            text: "HTTP 418 I'm a teapot: this host's address is banned",
            leastNs: 1_000_000_000
        ),
        Refusal(
            answer: answer(418, "I'm a teapot"),
            text: "HTTP 418 I'm a teapot",
            leastNs: 700_000_000
        ),
    ]

    @Test(arguments: refusals)
    func `a refused upgrade is named, and not tried again before the exchange allows it`(
        _ refusal: Refusal
    ) async throws {
        var setup = FeedWorld.Setup()
        // Instead of the minute that is waited when nothing was asked for.
        setup.timing.refusedNs = 700_000_000
        try await FeedWorld.with(setup) { world in
            var faults = ExchangeFaults()
            faults.refusal = refusal.answer
            faults.refusalHasNoLength = refusal.hasNoLength
            world.exchange.set(faults)
            let lane = world.open()
            world.run { lane.lastFailure != nil }
            #expect(lane.lastFailure?.contains(refusal.text) == true, "\(lane.lastFailure ?? "")")
            #expect(lane.state == .waiting)
            world.exchange.set(ExchangeFaults())
            // Another lane of the same address is told nothing, and keeps away all the same.
            let other = world.open()
            world.run { lane.state == .streaming && other.state == .streaming }
            let times = world.ear.upgrades.map(\.atNs)
            #expect(times.count == 3)
            #expect(times[1] - times[0] >= refusal.leastNs - 100_000_000)
        }
    }

    @Test
    func `a connection that brings a little and breaks again and again is tried ever more rarely`() async throws {
        var setup = FeedWorld.Setup()
        setup.reconnect = ReconnectPolicy(initial: .milliseconds(40), max: .seconds(10))
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            for number in 1...4 {
                world.run { lane.connectionCount == number && lane.state == .streaming }
                world.exchange.closeAll(code: nil)
                world.run { lane.state == .waiting }
            }
            world.run { lane.state == .streaming }
            let records = lane.connections
            let pauses = zip(records.dropFirst(), records).map { next, last in
                next.began.monotonicNs - (last.ended?.monotonicNs ?? 0)
            }
            #expect(pauses.count == 4)
            for (number, pauseNs) in pauses.enumerated() { #expect(pauseNs >= 20_000_000 << number) }
        }
    }

    @Test
    func `a stream that falls silent is a fault, and the connection is opened again`() async throws {
        var setup = FeedWorld.Setup()
        setup.timing.lookNs = 20_000_000
        setup.timing.silenceNs = 400_000_000
        // The silence between two events is longer than the limit.
        setup.rate = 1
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run { lane.records.contains { $0.streaming != nil && $0.reason == "no data for 400 ms" } }
            #expect(lane.connectionCount >= 2)
        }
    }

    @Test
    func `every attempt is in the log with its reason`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 1)
            world.exchange.closeAll(code: 1_001, reason: "")
            world.run { lane.connectionCount == 2 && lane.state == .streaming }
            lane.close("the test is over")
            let log = try world.log()
            let attempts = log.filter { $0["event"] == "feed.connect" }
            #expect(attempts.compactMap { $0["attempt"] } == ["1", "2"])
            #expect(attempts.first?["reason"] == "the lane begins")
            #expect(attempts.last?["reason"]?.contains("closed with code 1001") == true)
            let opened = log.filter { $0["event"] == "feed.open" }
            #expect(opened.count == 2)
            for line in opened {
                #expect(line["host"] == "exchange.lab")
                #expect(line["endpoint"] == "127.0.0.1:\(world.exchange.port)")
            }
            #expect(log.allSatisfy { $0["level"] != nil && $0["wallNs"] != nil })
        }
    }
}
