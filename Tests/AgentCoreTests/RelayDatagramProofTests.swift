import ExperimentModel
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// Who is let in over UDP, who is not, and what datagrams change that were heard before.
@Suite(.timeLimit(.minutes(2)))
struct RelayDatagramProofTests {
    @Test("A forwarder with the wrong secret, or none, is refused, counted, and told why")
    func wrongSecret() throws {
        for secret in [[UInt8](repeating: 6, count: 32), nil] {
            try DatagramWorld.with(forwarder: secret) { world in
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
        try DatagramWorld.with { world in
            world.startForwarder(path: "other")
            world.run { world.sender?.lastFailure?.contains("path other lane 0") == true }
        }
        try DatagramWorld.with(receiver: nil) { world in
            world.startForwarder()
            world.run { world.sender?.lastFailure?.contains("this receiver has none") == true }
            #expect(world.arrived.isEmpty)
        }
    }

    @Test("Strangers' datagrams and replayed ones change nothing but the counts of them")
    func strangers() throws {
        try DatagramWorld.with { world in
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
            world.finish()
            #expect(world.lane?.senderTotals?.forwarded == 10)
            #expect(world.lane?.counts.duplicates == 0)
        }
    }

    @Test("An event said again in its own session is a duplicate, and a goodbye said again is none")
    func replayedEvents() throws {
        try DatagramWorld.with { world in
            let proxy = try #require(world.proxy)
            world.startForwarder()
            world.run { world.sender?.state == .streaming }
            world.emit(10)
            world.run { world.arrived.count == 10 }
            for bytes in proxy.recorded where DatagramProxy.sequence(bytes) != nil { proxy.replay(bytes) }
            world.run { world.lane?.counts.duplicates == 10 }
            world.finish()
            let before = world.lane?.senderTotals
            for bytes in proxy.recorded { proxy.replay(bytes) }
            for _ in 0..<100 { world.turn() }
            #expect(world.lane?.senderTotals == before)
            #expect(world.lane?.counts.arrived == 10)
        }
    }

    @Test("Older and newer peers and this one refuse each other, and both can read why")
    func versions() throws {
        try DatagramWorld.with { world in
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
        try DatagramWorld.with { world in
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
