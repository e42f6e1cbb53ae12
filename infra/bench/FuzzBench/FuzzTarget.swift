import ExperimentModel
import Foundation
import MarketFeed
import WebSocketCodec
import WireTransport

#if DEBUG
    @testable import AgentCore
#else
    #error("FuzzBench looks at what AgentCore keeps to itself: build it in debug form, with -O (infra/bench/fuzz)")
#endif

/// A reader of what comes from outside, and what must hold whatever it is given.
enum FuzzTarget: String, CaseIterable {
    /// WebSocket frames, as client and as server.
    case codec
    /// The exchange's messages.
    case scanner
    /// Frames of the relay protocol, with the bodies of all kinds.
    case relay
    /// Datagrams of the relay protocol.
    case datagram
    /// HTTP answers to an upgrade, and requests for one.
    case upgrade

    /// Gives one input to the reader.
    ///
    /// Ends the process when something is wrong that no caller could deal with. The input may be changed.
    ///
    /// - Returns: whether the reader took it for sound.
    func take(_ input: UnsafeMutableRawBufferPointer) -> Bool {
        switch self {
        case .codec: Self.codec(input)
        case .scanner: Self.scanner(UnsafeRawBufferPointer(input))
        case .relay: Self.relay(input)
        case .datagram: Self.datagram(input)
        case .upgrade: Self.upgrade(UnsafeRawBufferPointer(input))
        }
    }

    /// As a peer's octets come: in two pieces, the first of a length that the first octet decides.
    private static func codec(_ input: UnsafeMutableRawBufferPointer) -> Bool {
        guard let first = input.first else { return false }
        let limit = 300
        let role: Role = first & 1 == 0 ? .client : .server
        var decoder = FrameDecoder(role: role, maximumMessageBytes: limit, validatesUTF8: first & 2 == 0)
        let octets = UnsafeMutableRawBufferPointer(rebasing: input[1...])
        var start = 0
        do throws(WebSocketError) {
            for end in [octets.count / 2, octets.count] {
                while let frame = try decoder.next(.init(rebasing: octets[start..<end])) {
                    start += frame.consumedBytes
                    must(frame.consumedBytes >= 2 && start <= end, "a frame beyond its octets")
                    must(
                        frame.payload.count <= max(limit, FrameDecoder.maximumControlBytes),
                        "a payload over the limit"
                    )
                    must(Self.sum(frame.payload) >= 0, "a payload that cannot be read")
                }
                must(decoder.bytesNeeded <= limit + FrameDecoder.maximumHeaderBytes, "more wanted than the limit")
            }
        } catch {
            return false
        }
        return start > 0
    }

    private static func scanner(_ input: UnsafeRawBufferPointer) -> Bool {
        let facts = MessageFacts(scanning: input)
        for range in [facts.symbol, facts.eventType, facts.stream, facts.errorMessage].compactMap({ $0 }) {
            must(Self.sum(range.bytes(in: input)) >= 0, "a text beyond its message")
        }
        _ = (
            facts.updateID, facts.eventTimeNs, facts.transactionTimeNs, facts.tradeID, facts.requestID, facts.errorCode
        )
        must(facts.problemOffset <= input.count, "a problem beyond its message")
        return facts.kind != .invalid
    }

    private static func relay(_ input: UnsafeMutableRawBufferPointer) -> Bool {
        var start = 0
        do {
            while let frame = try RawRelayFrame.next(in: .init(rebasing: input[start...])) {
                must(
                    frame.size >= RelayProtocol.headerSize && start + frame.size <= input.count,
                    "a frame beyond its octets"
                )
                start += frame.size
                try readBody(frame)
            }
        } catch is AgentError {
            return false
        } catch {
            must(false, "an error that is not the module's own: \(error)")
        }
        return start > 0
    }

    private static func readBody(_ frame: RawRelayFrame) throws {
        switch frame.kind {
        case .hello:
            try must(
                RelayProtocol.readHello(Array(frame.body), flags: frame.flags).path.utf8.count <= 765,
                "a long name"
            )
        case .challenge:
            try must(RelayProtocol.readChallenge(Array(frame.body)).count == RelayProtocol.nonceSize, "a nonce")
        case .event: try must(Self.sum(RelayedEvent(frame.body).message) >= 0, "a message beyond its frame")
        case .probe: _ = try RelayProtocol.readNumbers(frame.body, count: 2)
        case .echo: try must(RelayProtocol.readEcho(frame.body).count == 4, "an echo's times")
        case .farewell: _ = try RelayProtocol.readNumbers(frame.body, count: 1)
        case .bye, .soFar: try must(RelayProtocol.readTotals(frame.body).received >= 0, "totals below zero")
        case .refuse, .finish, .padding, .welcome: break
        }
    }

    nonisolated(unsafe) private static let key = MessageKey([UInt8](repeating: 7, count: 32))

    private static func datagram(_ input: UnsafeMutableRawBufferPointer) -> Bool {
        guard RelayDatagram.session(of: .init(input)) != nil else { return false }
        // Nobody guesses a code; what stands behind it is read all the same here.
        must(!RelayDatagram.isGenuine(.init(input), key) || input.count > 0, "a code")
        do {
            var octets = RelayDatagram.headerSize
            try RelayDatagram.frames(of: input) { frame in
                octets += frame.size
                must(octets <= input.count, "a frame beyond its datagram")
                try readBody(frame)
            }
            return true
        } catch is AgentError {
            return false
        } catch {
            must(false, "an error that is not the module's own: \(error)")
            return false
        }
    }

    private static let request: UpgradeRequest = {
        do throws(WebSocketError) {
            let key = [UInt8](repeating: 1, count: 16)
            return try UpgradeRequest(host: "h", port: 443, isSecure: true, target: "/ws", key: key)
        } catch {
            fatalError("no request: \(error)")
        }
    }()

    private static func upgrade(_ input: UnsafeRawBufferPointer) -> Bool {
        guard let first = input.first else { return false }
        let octets = UnsafeRawBufferPointer(rebasing: input[1...])
        guard first & 1 == 0 else {
            var parser = IncomingUpgradeParser()
            _ = parser.next(.init(rebasing: octets[..<(octets.count / 2)]))
            if case .upgrade(let found)? = parser.next(octets) {
                must(found.consumedBytes <= octets.count, "a request beyond its octets")
                return true
            }
            return false
        }
        var parser = UpgradeResponseParser(for: request)
        do throws(WebSocketError) {
            _ = try parser.next(.init(rebasing: octets[..<(octets.count / 2)]))
            switch try parser.next(octets, isEnd: true) {
            case .accepted(let acceptance)?:
                must(acceptance.consumedBytes <= octets.count, "an answer beyond its octets")
            case .refused(let refusal)?: must(refusal.body.count <= UpgradeRefusal.maximumBodyBytes, "a long refusal")
            case nil: return false
            }
            return true
        } catch {
            return false
        }
    }

    /// Touches every octet.
    private static func sum(_ octets: UnsafeRawBufferPointer) -> Int { octets.reduce(0) { $0 &+ Int($1) } }
}

/// Ends the process with a reason when something does not hold.
func must(_ holds: @autoclosure () throws -> Bool, _ what: @autoclosure () -> String) rethrows {
    guard try !holds() else { return }
    fatalError("BROKEN at input \(FuzzRound.number): \(what())")
}
