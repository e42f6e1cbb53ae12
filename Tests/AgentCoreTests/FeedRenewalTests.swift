import ExperimentModel
import LabWorld
import Testing
import WebSocketCodec

@testable import AgentCore

/// How one connection replaces another while events come: none lost, none twice.
@Suite(.timeLimit(.minutes(1)))
struct FeedRenewalTests {
    struct Handover: Sendable, CustomTestStringConvertible {
        enum Trigger { case shutdown, age }

        var trigger: Trigger
        var oldLagNs: Int64
        var newLagNs: Int64

        var testDescription: String {
            "\(trigger), old \(oldLagNs / 1_000_000) ms late, new \(newLagNs / 1_000_000) ms late"
        }
    }

    static let handovers = [Handover.Trigger.shutdown, .age].flatMap { trigger in
        [(0, 0), (300, 0), (0, 300)].map { old, new in
            Handover(trigger: trigger, oldLagNs: Int64(old) * 1_000_000, newLagNs: Int64(new) * 1_000_000)
        }
    }

    @Test(arguments: handovers)
    func `the next connection is up before the old one closes, and every event passes once`(
        _ handover: Handover
    ) async throws {
        var setup = FeedWorld.Setup(sent: ["btcusdt@bookTicker", "btcusdt@trade"])
        if handover.trigger == .age { setup.timing.renewalNs = 500_000_000 }
        try await FeedWorld.with(setup) { world in
            var faults = ExchangeFaults()
            faults.lagNs = handover.oldLagNs
            world.exchange.set(faults)
            let lane = world.open()
            world.run(events: 20)
            faults.lagNs = handover.newLagNs
            world.exchange.set(faults)
            if handover.trigger == .shutdown { world.exchange.announceShutdown() }
            world.run { lane.records.count >= 1 }
            world.run(events: 200)
            let sent = world.sentMeanwhile
            #expect(world.events.map(\.id).sorted() == sent, "each event once")
            #expect(lane.counts.received == world.events.count + lane.counts.duplicates)
            let records = lane.connections
            let (old, new) = (records[0], records[1])
            #expect(old.reason == "replaced by the next connection")
            let oldEnded = try #require(old.ended)
            let newStreaming = try #require(new.streaming)
            #expect(newStreaming.monotonicNs <= oldEnded.monotonicNs)
            let overlapMs = Double(oldEnded.monotonicNs - newStreaming.monotonicNs) / 1e6
            print("\(handover.testDescription): \(sent.count) events, 0 missing, both up for \(overlapMs) ms")
            #expect(lane.state == .streaming)
            #expect(lane.lastFailure == nil)
        }
    }

    @Test
    func `a next connection that fails is tried again, with pauses, while the old one goes on`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 20)
            var faults = ExchangeFaults()
            faults.refusal = HTTPAnswer(status: 503, reason: "Service Unavailable", body: "busy")
            world.exchange.set(faults)
            world.exchange.announceShutdown()
            world.run { world.ear.upgrades.count >= 5 }
            #expect(lane.state == .streaming, "the old one still brings events")
            #expect(lane.lastFailure?.contains("HTTP 503 Service Unavailable busy") == true)
            let before = world.events.count
            world.run(events: 20)
            #expect(world.events[before...].allSatisfy { $0.connection == 0 })
            world.exchange.set(ExchangeFaults())
            world.run { world.events.last?.connection ?? 0 > 0 }
            world.run(events: 50)
            #expect(world.events.map(\.id) == world.sentMeanwhile)
        }
    }

    @Test
    func `a next connection that stays silent is given up and tried again`() async throws {
        var setup = FeedWorld.Setup()
        setup.timing.lookNs = 20_000_000
        setup.timing.silenceNs = 300_000_000
        setup.exchange = { $0.rate = 500 }
        try await FeedWorld.with(setup) { world in
            let lane = world.open()
            world.run(events: 20)
            var faults = ExchangeFaults()
            faults.isMute = true
            world.exchange.set(faults)
            world.exchange.announceShutdown()
            world.run { world.ear.upgrades.count >= 3 }
            world.exchange.set(ExchangeFaults())
            world.run { lane.records.contains { $0.reason == "replaced by the next connection" } }
            world.run(events: 50)
            #expect(world.events.map(\.id) == world.sentMeanwhile)
        }
    }

    @Test
    func `when the old connection breaks first the next one takes over as it is`() async throws {
        try await FeedWorld.with { world in
            let lane = world.open()
            world.run(events: 20)
            var faults = ExchangeFaults()
            faults.lagNs = 200_000_000
            world.exchange.set(faults)
            world.exchange.announceShutdown()
            // Its events are late, so that it has opened and brought nothing yet.
            world.run { world.exchange.peerPorts.count == 2 && world.ear.upgrades.count == 2 }
            world.exchange.closeAll(code: nil)
            world.exchange.set(ExchangeFaults())
            world.run { lane.state == .streaming && world.events.last?.connection ?? 0 > 0 }
            world.run(events: 50)
            let ids = world.events.map(\.id)
            #expect(Set(ids).count == ids.count, "none twice")
        }
    }

    @Test
    func `an old connection that never catches up is closed after a while`() async throws {
        var setup = FeedWorld.Setup()
        setup.timing.overlapNs = 200_000_000
        try await FeedWorld.with(setup) { world in
            var faults = ExchangeFaults()
            faults.lagNs = 3_000_000_000
            world.exchange.set(faults)
            let lane = world.open()
            world.run(events: 5)
            world.exchange.set(ExchangeFaults())
            world.exchange.announceShutdown()
            world.run { lane.records.count == 1 }
            world.run(events: 20)
            #expect(lane.records[0].reason == "replaced by the next connection")
            #expect(world.events.suffix(15).allSatisfy { $0.connection == 1 })
        }
    }
}
