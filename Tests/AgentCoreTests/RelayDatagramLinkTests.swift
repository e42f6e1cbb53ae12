import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

@Suite(.timeLimit(.minutes(2)))
struct RelayDatagramLinkTests {
    @Test("Events arrive, and the goodbye accounts for all of them", arguments: [true, false])
    func goodbye(withSecret: Bool) throws {
        let secret = withSecret ? AgentContext.relaySecret : nil
        try DatagramWorld.with(forwarder: secret, receiver: secret) { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            for _ in 0..<50 {
                world.emit(20)
                world.turn()
            }
            world.run { world.arrived.count == 1_000 }
            world.finish()
            #expect(world.arrived == Array(1...1_000))
            let totals = try #require(world.lane?.senderTotals)
            #expect(totals.received == 1_000)
            #expect(totals.forwarded == 1_000)
            #expect(world.lane?.counts.missing == 0)
            #expect(world.lane?.counts.duplicates == 0)
            #expect(world.lane?.counts.reordered == 0)
            #expect(world.listener?.strangers.isEmpty == true)
            #expect(world.sender?.connections.last?.reason == "said goodbye")
            #expect(world.finishesAsked == 1)
        }
    }

    @Test("Told to, the forwarder begins a new session, and every event is accounted for across it")
    func toldToReconnect() throws {
        try DatagramWorld.with { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            world.sender?.breakOff(ConnectionRecord.wasToldToReconnect)
            #expect(world.sender?.state == .waiting)
            // While there is no session events wait, and a second word changes nothing.
            world.emit(50)
            world.sender?.breakOff(ConnectionRecord.wasToldToReconnect)
            world.run { world.arrived.count == 150 }
            world.finish()
            let lane = try #require(world.lane)
            #expect(world.arrived == Array(1...150) && lane.counts.missing == 0 && world.duplicates == 0)
            #expect(lane.senderTotals?.forwarded == 150)
            let reasons = world.sender?.connections.map(\.reason)
            #expect(reasons == [ConnectionRecord.wasToldToReconnect, "said goodbye"])
            #expect(world.sender?.connections.allSatisfy { $0.streaming != nil } == true)
            #expect(lane.connections.count == 2)
        }
    }

    @Test(
        "On a way that loses, doubles, turns round and garbles, every event is accounted for as the way itself does",
        arguments: [UInt64(1), 2, 3]
    )
    func faultyWay(seed: UInt64) throws {
        try DatagramWorld.with(seed: seed) { world in
            let proxy = try #require(world.proxy)
            proxy.faults = DatagramFaults(loss: 0.01, duplication: 0.01, reordering: 0.02, corruption: 0.005)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            for _ in 0..<400 {
                world.emit(50)
                world.turn()
            }
            world.finish()
            let lane = try #require(world.lane)
            let totals = try #require(lane.senderTotals)
            var seen: Set<UInt64> = []
            var newest: UInt64 = 0
            var overtaken = 0
            for sequence in proxy.delivered where seen.insert(sequence).inserted {
                if sequence < newest { overtaken += 1 }
                newest = max(newest, sequence)
            }
            let lost = Set(1...totals.lastSequence).subtracting(seen)
            #expect(totals.forwarded == 20_000)
            #expect(lane.counts.arrived == seen.count)
            #expect(totals.forwarded == lane.counts.arrived + lane.counts.missing)
            #expect(Set(world.arrived) == seen && world.arrived.count == seen.count)
            #expect(lane.counts.duplicates == proxy.delivered.count - seen.count)
            #expect(world.duplicates == lane.counts.duplicates)
            #expect(lane.counts.reordered == overtaken)
            #expect(Set(lane.missing.flatMap { Array($0.first...$0.last) }) == lost)
            #expect(lane.missing.allSatisfy { $0.cause == "lost on the way" })
            #expect(world.listener?.strangers.values.reduce(0, +) == proxy.corrupted)
            // The faults were really there.
            #expect(lost.count > 100 && overtaken > 100 && lane.counts.duplicates > 100 && proxy.corrupted > 30)
        }
    }

    @Test("While nobody takes datagrams events wait, and what was on the way then is accounted for as lost")
    func receiverAway() throws {
        try DatagramWorld.with(bufferEvents: 300) { world in
            world.startForwarder(directly: true)
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            let port = try #require(world.listener?.port)
            world.stopListening()
            // The host says so after the first datagram that it could not hand to anybody.
            world.emit(1)
            world.run { world.sender?.state != .streaming }
            #expect(world.sender?.lastFailure?.contains("nobody takes datagrams") == true)
            world.emit(500)
            #expect(world.sender?.outbox.count == 300)
            try world.listen(port: port)
            world.run { world.arrived.count == 400 }
            world.finish()
            let lane = try #require(world.lane)
            let totals = try #require(lane.senderTotals)
            #expect(totals.received == 601)
            #expect(totals.received == totals.forwarded + totals.dropped)
            #expect(totals.forwarded - lane.counts.arrived == 1)
            #expect(lane.counts.missing == 201)
            #expect(lane.missing.map { [$0.first, $0.last] } == [[101, 301]])
            #expect(lane.missing.first?.cause == "disconnection")
            #expect(lane.connectionNumber == 1)
        }
    }

    @Test("A receiver that was restarted says so, is found again, and accounts for all since")
    func receiverRestarted() throws {
        try DatagramWorld.with { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(200)
            world.run { world.arrived.count == 200 }
            let port = try #require(world.listener?.port)
            try world.startReceiver(port: port)
            world.emit(10)
            world.run { world.sender?.state != .streaming }
            #expect(world.sender?.lastFailure?.contains("unknown session") == true)
            world.run { world.sender?.state == .streaming }
            world.emit(300)
            world.run { world.arrived.count == 300 }
            world.finish()
            let lane = try #require(world.lane)
            let totals = try #require(lane.senderTotals)
            let before = try #require(lane.before)
            #expect(before.forwarded == 210)
            #expect(totals.forwarded - before.forwarded == lane.counts.arrived)
            #expect(lane.counts.missing == 0)
            #expect(world.arrived == Array(211...510))
        }
    }

    @Test("A forwarder that was restarted counts anew, and what its forerunner sent is kept apart")
    func forwarderRestarted() throws {
        try DatagramWorld.with { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(200)
            world.run { world.arrived.count == 200 }
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(50)
            world.run { world.lane?.counts.arrived == 50 }
            world.finish()
            let lane = try #require(world.lane)
            #expect(lane.datagramFacts?.earlier?.arrived == 200)
            #expect(lane.senderTotals?.forwarded == 50)
            #expect(lane.counts.missing == 0)
            #expect(lane.counts.duplicates == 0)
        }
    }

    @Test("A second forwarder is refused while the first is there, and let in soon after that is gone")
    func secondForwarder() throws {
        try DatagramWorld.with(forwarder: nil, receiver: nil) { world in
            world.startForwarder(directly: true, runID: "first")
            world.run { world.sender?.state == .streaming }
            world.emit(10)
            world.run { world.arrived.count == 10 }
            let first = try #require(world.sender)
            world.startForwarder(directly: true, runID: "second")
            world.run { world.sender?.lastFailure?.contains("another forwarder") == true }
            #expect(world.sender?.lastFailure?.contains("brings the events of backbone/0; end one of the two") == true)
            #expect(first.state == .streaming && world.listener?.strangers["occupied"] ?? 0 > 0)
            // It vanishes, as a killed process does: without a word.
            first.breakOff("killed")
            _ = first.retry.end("killed")
            world.run { world.sender?.state == .streaming && first.state != .streaming }
        }
    }

    @Test("A way that is cut is noticed by silence, and all of it is accounted for when it is back")
    func cut() throws {
        try DatagramWorld.with { world in
            let proxy = try #require(world.proxy)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            proxy.isCut = true
            world.emit(20)
            world.run { world.sender?.state != .streaming }
            #expect(world.sender?.lastFailure?.contains("nothing came from the receiver") == true)
            world.run { world.lane?.state == .waiting }
            world.emit(30)
            proxy.isCut = false
            world.run { world.sender?.state == .streaming && world.arrived.count == 130 }
            world.finish()
            let lane = try #require(world.lane)
            #expect(lane.missing.map { [$0.first, $0.last] } == [[101, 120]])
            #expect(lane.missing.first?.cause == "disconnection")
            #expect(lane.senderTotals?.forwarded == lane.counts.arrived + lane.counts.missing)
            #expect(lane.connections.count == 2)
        }
    }

    @Test("What the receiver's own buffer had no room for is missing, and told apart from what the way lost")
    func overflow() throws {
        try DatagramWorld.with { world in
            world.startForwarder(directly: true)
            world.run { world.sender?.state == .streaming }
            // Nobody reads meanwhile.
            for _ in 0..<600 { world.emit(100) }
            #expect(world.sender?.outbox.isEmpty == true)
            world.finish()
            let lane = try #require(world.lane)
            let drops = try #require(world.listener?.facts.hostDrops)
            let totals = try #require(lane.senderTotals)
            print("of 60,000 events at once the receiver's buffer dropped \(drops), missing \(lane.counts.missing)")
            #expect(totals.forwarded == 60_000)
            #expect(lane.counts.arrived + lane.counts.missing == 60_000)
            // An answer to a probe and a goodbye or two went the same way.
            #expect(lane.counts.missing > 0 && (0...4).contains(drops - lane.counts.missing))
            #expect(lane.counts.duplicates == 0 && lane.counts.reordered == 0)
        }
    }

    @Test("Probes go round and bound the offset of two equal clocks; an answer counts once")
    func probes() throws {
        try DatagramWorld.with { world in
            world.proxy?.faults.duplication = 1
            world.startForwarder()
            world.run { (world.lane?.envelope.summary?.count ?? 0) >= 5 }
            let summary = try #require(world.lane?.envelope.summary)
            #expect(summary.offsetLowNs <= 0 && summary.offsetHighNs >= 0)
            #expect(summary.minimumRoundTripNs > 0)
        }
    }

    @Test("An event longer than any datagram is dropped and counted, and the others go on")
    func tooLong() throws {
        try DatagramWorld.with { world in
            world.startForwarder(directly: true)
            world.run { world.sender?.state == .streaming }
            world.emit(1)
            world.emit(1, octets: 70_000)
            world.emit(1, octets: 20_000)
            world.run { world.arrived.count == 2 }
            world.finish()
            #expect(world.arrived == [1, 3])
            let totals = try #require(world.lane?.senderTotals)
            #expect(totals.dropped == 1 && totals.forwarded == 2)
            let facts = try #require(world.sender?.datagramFacts)
            #expect(facts.tooLong == 1)
            // Loopback's packets are long by default; where they are not, the long event goes in fragments.
            #expect(facts.fragmented == ((facts.packetOctets ?? .max) < 20_000 ? 1 : 0))
            print("packets of \(facts.packetOctets ?? 0) octets, in fragments: \(facts.fragmented ?? 0)")
            #expect(world.lane?.counts.missing == 1)
        }
    }
}
