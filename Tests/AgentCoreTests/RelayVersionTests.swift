import ExperimentModel
import Foundation
import TestSupport
import Testing
import WireTransport

@testable import AgentCore

/// A peer of another version: says what it is told to say, and keeps what it hears.
private final class OtherPeer: ByteChannelOwner {
    private let greeting: [UInt8]
    private(set) var heard: [UInt8] = []
    private(set) var connections = 0
    private var channels: [ByteChannel] = []

    init(greeting: [UInt8]) {
        self.greeting = greeting
    }

    func take(_ socket: StreamSocket, isConnected: Bool, loop: EventLoop) {
        connections += 1
        channels.append(ByteChannel(socket: socket, isConnected: isConnected, tls: nil, loop: loop, owner: self))
    }

    func channelOpened(_ channel: ByteChannel) {
        channel.write(greeting)
    }

    func channelReceived(_ channel: ByteChannel) {
        heard += channel.input.unread
        channel.input.consume(channel.input.count)
    }

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        channels.removeAll { $0 === channel }
    }

    /// The first frame of a kind in what was heard.
    func frame(_ kind: RelayProtocol.Kind) throws -> [UInt8]? {
        var bytes = heard[...]
        while let next = try Array(bytes).withUnsafeBytes({ copy in
            try RawRelayFrame.next(in: UnsafeMutableRawBufferPointer(mutating: copy)).map { ($0.kind, $0.size) }
        }) {
            if next.0 == kind { return Array(bytes.prefix(next.1)) }
            bytes = bytes.dropFirst(next.1)
        }
        return nil
    }
}

private final class QuietOwner: RelayListenerOwner, QuietSenderOwner {
    func relayAccepted(_ hello: RelayProtocol.Hello, on channel: ByteChannel) -> (any ByteChannelOwner)? { nil }
}

/// An older and a newer peer and this one refuse each other, and both sides can read why.
@Suite(.timeLimit(.minutes(1)))
struct RelayVersionTests {
    private static let others = [RelayProtocol.version - 1, RelayProtocol.version + 1]

    /// A forwarder whose pauses may grow, so that it can be seen that they do.
    private static func forwarder(_ folder: String, withSecret: Bool) throws -> AgentContext {
        let secret = withSecret ? AgentContext.relaySecret : nil
        return try AgentContext.relay(.forward, folder, secret: secret, longestPause: .seconds(10))
    }

    /// A greeting as a peer of `version` would send it.
    private static func with(_ version: UInt16, _ greeting: [UInt8]) -> [UInt8] {
        var bytes = greeting
        let offset = RelayProtocol.headerSize + RelayProtocol.magic.count
        bytes[offset] = UInt8(version >> 8)
        bytes[offset + 1] = UInt8(version & 0xFF)
        return bytes
    }

    private func lines(of event: String, in folder: String) throws -> [[String: String]] {
        try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }.filter { $0["event"] == event }
    }

    @Test("What answers and is no receiver is named with what it sent", arguments: [true, false])
    func noReceiver(withSecret: Bool) throws {
        try withTemporaryFolder { folder in
            let context = try Self.forwarder(folder, withSecret: withSecret)
            let peer = OtherPeer(greeting: Array("HTTP/1.1 400 Bad Request\r\nX: y\r\n\r\n".utf8))
            let port = try ListeningSocket(host: "127.0.0.1", port: 0)
            port.onAccept = { peer.take($0, isConnected: true, loop: context.loop) }
            context.loop.add(port)
            let owner = QuietOwner()
            let sender = RelaySender(toPort: port.port, context, owner: owner)
            turn(context) { sender.lastFailure != nil }
            let failure = try #require(sender.lastFailure)
            #expect(
                failure.contains(
                    "127.0.0.1:\(port.port) is no latexp receiver: it sent 'HTTP/1.1 400 Bad Request'"
                ),
                "\(failure)"
            )
            #expect(sender.connections.allSatisfy { $0.greeted == nil })
        }
    }

    @Test("A forwarder of another version is told why it is refused, counted and logged", arguments: others)
    func otherForwarder(version: UInt16) throws {
        try withTemporaryFolder { folder in
            let context = try AgentContext.relay(.receive, folder)
            let owner = QuietOwner()
            let listener = try RelayListener(path: "backbone", port: 0, context: context, owner: owner)
            let hello = RelayProtocol.hello(RelayProtocol.Hello(lane: 0, path: "backbone", runID: "run-1"))
            let peer = OtherPeer(greeting: Self.with(version, hello))
            let address = try #require(try SocketAddress.resolve(host: "127.0.0.1", port: listener.port).first)
            peer.take(try StreamSocket.connect(to: address), isConnected: false, loop: context.loop)
            try turn(context) { try peer.frame(.refuse) != nil }
            let reason = String(decoding: try #require(try peer.frame(.refuse)).dropFirst(8), as: UTF8.self)
            let expected = "the forwarder speaks relay protocol \(version), this agent \(RelayProtocol.version)"
            #expect(reason.contains(expected) && reason.contains("install the same latexp on both hosts"))
            #expect(listener.strangers == ["versionMismatch": 1])
            listener.close()
            context.writer.finish()
            let logged = try lines(of: "relay.stranger", in: folder)
            #expect(logged.first?["details"]?.contains(expected) == true)
        }
    }

    @Test(
        "A receiver of another version is refused, hears which version refuses it, and is not hammered",
        arguments: others,
        [true, false]
    )
    func otherReceiver(version: UInt16, withSecret: Bool) throws {
        try withTemporaryFolder { folder in
            let context = try Self.forwarder(folder, withSecret: withSecret)
            let challenge = RelayProtocol.challenge(nonce: [UInt8](repeating: 1, count: 16), proofRequired: withSecret)
            let peer = OtherPeer(greeting: Self.with(version, challenge))
            let port = try ListeningSocket(host: "127.0.0.1", port: 0)
            port.onAccept = { peer.take($0, isConnected: true, loop: context.loop) }
            context.loop.add(port)
            let owner = QuietOwner()
            let sender = RelaySender(toPort: port.port, context, owner: owner)
            try turn(context) { try sender.retry.account.past.count >= 5 && peer.frame(.hello) != nil }
            let expected = "the receiver speaks relay protocol \(version), this agent \(RelayProtocol.version)"
            #expect(sender.lastFailure?.contains(expected) == true)
            let greeting = try #require(try peer.frame(.hello))
            #expect(Array(greeting[8..<16]) == RelayProtocol.magic + [0, UInt8(RelayProtocol.version)])
            context.writer.finish()
            let logged = try lines(of: "relay.protocol", in: folder)
            #expect(logged.first?["reason"]?.contains(expected) == true)
            // Each pause is at least half its step, and the steps double: 20 ms, 40 ms, and so on.
            let pauses = try lines(of: "relay.lost", in: folder).compactMap {
                $0["retryMilliseconds"].flatMap { Int($0) }
            }
            #expect(pauses.count >= 5)
            for (number, pause) in pauses.enumerated() { #expect(pause >= 10 << number) }
        }
    }
}
