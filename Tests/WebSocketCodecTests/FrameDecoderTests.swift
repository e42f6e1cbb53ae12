import TestSupport
import Testing
import WebSocketCodec

struct FrameDecoderTests {
    /// A conversation with every frame type, lengths of all three forms, and control frames between fragments.
    static func conversation(from role: Role) -> (bytes: [UInt8], events: [Event]) {
        var encoder = FrameEncoder(role: role, maskKeys: SeededGenerator(seed: 7))
        var bytes: [UInt8] = []
        let medium = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let large = (0..<66000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        encoder.appendText("", to: &bytes)
        encoder.appendText("first", to: &bytes)
        encoder.append(.binary, medium, to: &bytes)
        encoder.append(.text, Array("on".utf8), isFinal: false, to: &bytes)
        encoder.append(.ping, Array("1790134675605".utf8), to: &bytes)
        encoder.append(.continuation, [], isFinal: false, to: &bytes)
        encoder.append(.pong, [], to: &bytes)
        encoder.append(.continuation, Array("ce".utf8), to: &bytes)
        encoder.append(.binary, large, to: &bytes)
        encoder.append(.text, Array("again ".utf8), isFinal: false, to: &bytes)
        encoder.append(.continuation, Array("in two".utf8), to: &bytes)
        encoder.appendText("last", to: &bytes)
        encoder.appendClose(1008, reason: "Pong timeout", to: &bytes)
        let events: [Event] = [
            .text(""), .text("first"), Event(kind: .binary, payload: medium),
            Event(kind: .ping, payload: Array("1790134675605".utf8)), Event(kind: .pong, payload: []),
            .text("once"), Event(kind: .binary, payload: large), .text("again in two"), .text("last"),
            .close(1008, "Pong timeout"),
        ]
        return (bytes, events)
    }

    @Test(arguments: [Role.client, .server])
    func bytesThatArriveOneByOneGiveTheSameFrames(role: Role) throws {
        let (bytes, events) = Self.conversation(from: role == .client ? .server : .client)
        #expect(try decode(bytes.map { [$0] }, role: role) == events)
        #expect(try decode([bytes], role: role, validatesUTF8: true) == events)
    }

    @Test(arguments: [Role.client, .server])
    func everySplitPointGivesTheSameFrames(role: Role) throws {
        let peer: Role = role == .client ? .server : .client
        var encoder = FrameEncoder(role: peer, maskKeys: SeededGenerator(seed: 8))
        var bytes: [UInt8] = []
        encoder.appendText("one", to: &bytes)
        encoder.append(.binary, [UInt8](repeating: 9, count: 130), isFinal: false, to: &bytes)
        encoder.append(.ping, [1, 2, 3], to: &bytes)
        encoder.append(.continuation, [UInt8](repeating: 8, count: 126), to: &bytes)
        encoder.appendText(String(repeating: "x", count: 125), to: &bytes)
        encoder.appendClose(1000, reason: "done", to: &bytes)
        let whole = try decode([bytes], role: role)
        #expect(whole.count == 5)
        for first in 0...bytes.count {
            #expect(try decode([Array(bytes[..<first]), Array(bytes[first...])], role: role) == whole)
        }
    }

    @Test func aFrameThatIsNotCompleteSaysHowManyBytesItNeeds() throws {
        var receiver = Receiver(.client)
        #expect(receiver.decoder.bytesNeeded == 2)
        try receiver.feed([0x82])
        #expect(receiver.decoder.bytesNeeded == 2)
        try receiver.feed([0x7F])
        #expect(receiver.decoder.bytesNeeded == 10)
        try receiver.feed([0, 0, 0, 0, 0, 1, 0, 0])
        #expect(receiver.decoder.bytesNeeded == 65546)
        try receiver.feed([UInt8](repeating: 1, count: 65536))
        #expect(receiver.events.count == 1)
        #expect(receiver.pendingBytes == 0)
    }

    @Test func aPlainFramePayloadLiesInTheBufferItself() throws {
        var bytes: [UInt8] = [0x81, 0x03, 0x61, 0x62, 0x63]
        var decoder = FrameDecoder(role: .client)
        try bytes.withUnsafeMutableBytes { buffer in
            let frame = try decoder.next(buffer)
            #expect(frame?.payload.baseAddress == buffer.baseAddress.map { UnsafeRawPointer($0 + 2) })
            #expect(frame?.consumedBytes == 5)
        }
    }

    @Test func nothingAfterACloseIsLookedAt() throws {
        var receiver = Receiver(.client)
        try receiver.feed([0x88, 0x00, 0xFF, 0xFF, 0xFF])
        #expect(receiver.events == [.close(CloseCode.noStatus, "")])
        #expect(receiver.decoder.isClosed == true)
        try receiver.feed([0xFF, 0x81, 0x00])
        #expect(receiver.events.count == 1)
    }

    @Test func aFailedDecoderGivesTheSameErrorForEver() {
        var receiver = Receiver(.client)
        #expect(throws: WebSocketError.self) { try receiver.feed([0xC1, 0x00]) }
        let error = #expect(throws: WebSocketError.self) { try receiver.feed([0x81, 0x02, 0x61, 0x61]) }
        #expect(error?.code == .reservedBits)
        #expect(receiver.events.isEmpty)
    }

    @Test func invalidTextIsOnlyRefusedWhenAskedTo() throws {
        let frame: [UInt8] = [0x81, 0x02, 0xC3, 0x28]
        #expect(try decode([frame]).count == 1)
        let error = #expect(throws: WebSocketError.self) { try decode([frame], validatesUTF8: true) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.closeCode == CloseCode.invalidPayload)
    }

    @Test func aCharacterCutByFragmentsIsStillValidText() throws {
        let euro = Array("€".utf8)
        let frames: [UInt8] = [0x01, 0x01, euro[0], 0x80, 0x02, euro[1], euro[2]]
        #expect(try decode([frames], validatesUTF8: true) == [.text("€")])
    }

    @Test func aMessageOfExactlyTheLimitPassesAndOneByteMoreDoesNot() throws {
        let exact = [UInt8](repeating: 0x61, count: 200)
        #expect(try decode([[0x81, 0x7E, 0, 200] + exact], limit: 200).count == 1)
        #expect(
            try decode([[0x01, 100] + exact.prefix(100), [0x80, 100] + exact.prefix(100)], limit: 200).count == 1
        )
        let single = #expect(throws: WebSocketError.self) { try decode([[0x81, 0x7E, 0, 201]], limit: 200) }
        #expect(single?.closeCode == CloseCode.messageTooBig)
        let pieces = #expect(throws: WebSocketError.self) {
            try decode([[0x01, 100] + exact.prefix(100), [0x80, 101]], limit: 200)
        }
        #expect(pieces?.code == .messageTooLong)
    }
}
