import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

@Suite(.timeLimit(.minutes(2)))
struct RelayDatagramLinkTests {
    private static let secret = [UInt8](repeating: 5, count: 32)

    private func withWorld(
        forwarder: [UInt8]? = secret,
        receiver: [UInt8]? = secret,
        bufferEvents: Int = 100_000,
        seed: UInt64 = 1,
        _ body: (DatagramWorld) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let world = try DatagramWorld(
                folder: folder,
                forwarderSecret: forwarder,
                receiverSecret: receiver,
                bufferEvents: bufferEvents,
                seed: seed
            )
            defer { world.end() }
            try body(world)
        }
    }

    private func finish(_ world: DatagramWorld) {
        world.lane?.askToFinish()
        world.run { world.finishesAsked > 0 }
        world.sender?.finish()
        world.run { world.isEnded }
    }

    @Test("Events arrive, and the goodbye accounts for all of them", arguments: [true, false])
    func goodbye(withSecret: Bool) throws {
        let secret = withSecret ? Self.secret : nil
        try withWorld(forwarder: secret, receiver: secret) { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            for _ in 0..<50 {
                world.emit(20)
                world.turn()
            }
            world.run { world.arrived.count == 1_000 }
            finish(world)
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
        try withWorld { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            try #require(world.forwarder.relayBreaks.count == 1)
            world.forwarder.relayBreaks[0](ConnectionRecord.wasToldToReconnect)
            #expect(world.sender?.state == .waiting)
            // While there is no session events wait, and a second word changes nothing.
            world.emit(50)
            world.forwarder.relayBreaks[0](ConnectionRecord.wasToldToReconnect)
            world.run { world.arrived.count == 150 }
            finish(world)
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
        try withWorld(seed: seed) { world in
            let proxy = try #require(world.proxy)
            proxy.faults = DatagramFaults(loss: 0.01, duplication: 0.01, reordering: 0.02, corruption: 0.005)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            for _ in 0..<400 {
                world.emit(50)
                world.turn()
            }
            finish(world)
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

    @Test("A forwarder with the wrong secret, or none, is refused, counted, and told why")
    func wrongSecret() throws {
        for secret in [[UInt8](repeating: 6, count: 32), nil] {
            try withWorld(forwarder: secret) { world in
                world.startForwarder()
                world.emit(5)
                world.run { world.sender?.lastFailure != nil }
                #expect(world.arrived.isEmpty)
                #expect((world.listener?.strangers["unproven"] ?? 0) > 0)
                #expect(world.sender?.lastFailure?.contains("proof of the run's secret") == true)
            }
        }
    }

    @Test("A forwarder of another run or path is refused, and one with a secret does not talk to a receiver without")
    func otherRuns() throws {
        try withWorld { world in
            world.startForwarder(path: "other")
            world.run { world.sender?.lastFailure?.contains("path other lane 0") == true }
        }
        try withWorld(receiver: nil) { world in
            world.startForwarder()
            world.run { world.sender?.lastFailure?.contains("this receiver has none") == true }
            #expect(world.arrived.isEmpty)
        }
    }

    @Test("While nobody takes datagrams events wait, and what was on the way then is accounted for as lost")
    func receiverAway() throws {
        try withWorld(bufferEvents: 300) { world in
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
            finish(world)
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
        try withWorld { world in
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
            finish(world)
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
        try withWorld { world in
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(200)
            world.run { world.arrived.count == 200 }
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(50)
            world.run { world.lane?.counts.arrived == 50 }
            finish(world)
            let lane = try #require(world.lane)
            #expect(lane.datagramFacts?.earlier?.arrived == 200)
            #expect(lane.senderTotals?.forwarded == 50)
            #expect(lane.counts.missing == 0)
            #expect(lane.counts.duplicates == 0)
        }
    }

    @Test("A way that is cut is noticed by silence, and all of it is accounted for when it is back")
    func cut() throws {
        try withWorld { world in
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
            finish(world)
            let lane = try #require(world.lane)
            #expect(lane.missing.map { [$0.first, $0.last] } == [[101, 120]])
            #expect(lane.missing.first?.cause == "disconnection")
            #expect(lane.senderTotals?.forwarded == lane.counts.arrived + lane.counts.missing)
            #expect(lane.connections.count == 2)
        }
    }

    @Test("Strangers' datagrams and replayed ones change nothing but the counts of them")
    func strangers() throws {
        try withWorld { world in
            let proxy = try #require(world.proxy)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(100)
            world.run { world.arrived.count == 100 }
            let greetings = proxy.recorded.filter { DatagramProxy.sequence($0) == nil }
            let events = proxy.recorded.filter { DatagramProxy.sequence($0) != nil }
            #expect(greetings.count >= 2 && events.count == 100)
            // A second session retires the first but one; then everything that was heard is said again.
            for number in 2...3 {
                world.startForwarder()
                world.run { world.lane?.connectionNumber == number - 1 && world.sender?.state == .streaming }
            }
            let strangersBefore = world.listener?.strangers.values.reduce(0, +) ?? 0
            for bytes in greetings + events { proxy.replay(bytes) }
            for size in [0, 1, 31, 32, 100, 1_400] { proxy.replay([UInt8](repeating: 4, count: size)) }
            world.run { (world.listener?.strangers.values.reduce(0, +) ?? 0) >= strangersBefore + events.count + 6 }
            #expect((world.listener?.strangers["replayed greeting"] ?? 0) > 0)
            #expect(world.lane?.connectionNumber == 2)
            #expect(world.sender?.state == .streaming)
            world.emit(10)
            world.run { world.lane?.counts.arrived == 10 }
            finish(world)
            #expect(world.lane?.senderTotals?.forwarded == 10)
            #expect(world.lane?.counts.duplicates == 0)
        }
    }

    @Test("An event said again in its own session is a duplicate, and a goodbye said again is none")
    func replayedEvents() throws {
        try withWorld { world in
            let proxy = try #require(world.proxy)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(10)
            world.run { world.arrived.count == 10 }
            for bytes in proxy.recorded where DatagramProxy.sequence(bytes) != nil { proxy.replay(bytes) }
            world.run { world.lane?.counts.duplicates == 10 }
            finish(world)
            let before = world.lane?.senderTotals
            for bytes in proxy.recorded { proxy.replay(bytes) }
            for _ in 0..<100 { world.turn() }
            #expect(world.lane?.senderTotals == before)
            #expect(world.lane?.counts.arrived == 10)
        }
    }

    @Test("What the receiver's own buffer had no room for is missing, and told apart from what the way lost")
    func overflow() throws {
        try withWorld { world in
            world.startForwarder(directly: true)
            world.run { world.sender?.state == .streaming }
            // Nobody reads meanwhile.
            for _ in 0..<600 { world.emit(100) }
            #expect(world.sender?.outbox.isEmpty == true)
            finish(world)
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
        try withWorld { world in
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
        try withWorld { world in
            world.startForwarder(directly: true)
            world.run { world.sender?.state == .streaming }
            world.emit(1)
            world.emit(1, octets: 70_000)
            world.emit(1, octets: 20_000)
            world.run { world.arrived.count == 2 }
            finish(world)
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

    @Test("Older and newer peers and this one refuse each other, and both can read why")
    func versions() throws {
        try withWorld { world in
            for other in [RelayProtocol.version - 1, RelayProtocol.version + 1] {
                var hello = RelayProtocol.hello(.init(lane: 0, path: "backbone", runID: "run-1"))
                hello[RelayProtocol.headerSize + RelayProtocol.magic.count + 1] = UInt8(other)
                let size = RelayDatagram.firstHelloSize - RelayDatagram.headerSize - hello.count
                hello += RelayProtocol.frame(.padding, body: [UInt8](repeating: 0, count: size - 8))
                let port = try #require(world.listener?.port)
                let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: port).first)
                let peer = try DatagramSocket.connect(to: address)
                let header = RelayDatagram.Header(session: 77)
                hello.withUnsafeBytes { _ = peer.send(header.sign($0, nil), $0) }
                var buffer = [UInt8](repeating: 0, count: 2_000)
                var stamp = ReadStamp()
                var answer = ""
                world.run {
                    buffer.withUnsafeMutableBytes { buffer in
                        guard case .read(let count) = peer.receive(into: buffer, stamp: &stamp) else { return false }
                        answer = String(decoding: buffer[32..<count], as: UTF8.self)
                        return true
                    }
                }
                #expect(answer.contains("speaks relay protocol \(other), this agent \(RelayProtocol.version)"))
            }
            #expect(world.listener?.strangers["versionMismatch"] == 2)
        }
    }

    @Test("A forwarder reads the version of a receiver that speaks another one")
    func otherReceiver() throws {
        try withWorld { world in
            let receiver = try DatagramSocket.listen(host: "127.0.0.1", port: 0, receiveBufferOctets: 1 << 18)
            let sender = RelayDatagramSender(
                name: "backbone/0",
                hello: RelayProtocol.Hello(lane: 0, path: "backbone", runID: "run-1"),
                target: Dialer.Target(host: "127.0.0.1", port: receiver.port),
                context: world.forwarder,
                owner: world
            )
            var buffer = [UInt8](repeating: 0, count: 2_000)
            var stamp = ReadStamp()
            world.run {
                buffer.withUnsafeMutableBytes { buffer in
                    guard case .read = receiver.receive(into: buffer, stamp: &stamp) else { return false }
                    var challenge = RelayProtocol.challenge(
                        nonce: [UInt8](repeating: 0, count: 16),
                        proofRequired: true
                    )
                    challenge[RelayProtocol.headerSize + RelayProtocol.magic.count + 1] += 1
                    let header = RelayDatagram.Header(
                        session: RelayDatagram.session(of: UnsafeRawBufferPointer(buffer)) ?? 0
                    )
                    challenge.withUnsafeBytes { _ = receiver.send(header.sign($0, nil), $0, to: receiver.sender) }
                    return true
                }
            }
            world.run { sender.lastFailure != nil }
            #expect(sender.lastFailure?.contains("speaks relay protocol \(RelayProtocol.version + 1)") == true)
        }
    }
}
