import Testing
import WebSocketCodec

/// The examples of RFC 6455 section 5.7.
struct FrameExampleTests {
    static let hello = Array("Hello".utf8)
    static let maskedHello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]

    @Test func anUnmaskedTextFrameIsRead() throws {
        #expect(try decode([[0x81, 0x05] + Self.hello]) == [.text("Hello")])
    }

    @Test func aMaskedTextFrameIsReadByAServer() throws {
        #expect(try decode([Self.maskedHello], role: .server) == [.text("Hello")])
    }

    @Test func aFragmentedTextMessageIsPutTogether() throws {
        #expect(try decode([[0x01, 0x03, 0x48, 0x65, 0x6C], [0x80, 0x02, 0x6C, 0x6F]]) == [.text("Hello")])
    }

    @Test func aPingIsReadAndItsMaskedPongIsWritten() throws {
        let events = try decode([[0x89, 0x05] + Self.hello])
        #expect(events == [Event(kind: .ping, payload: Self.hello)])
        var encoder = FrameEncoder(role: .client, maskKeys: FixedMaskKey(bytes: [0x37, 0xFA, 0x21, 0x3D]))
        var output: [UInt8] = []
        encoder.append(.pong, events[0].payload, to: &output)
        #expect(output == [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(try decode([output], role: .server) == [Event(kind: .pong, payload: Self.hello)])
    }

    @Test func a256ByteBinaryMessageHasALengthOf16Bits() throws {
        let payload = (0..<256).map { UInt8($0) }
        #expect(try decode([[0x82, 0x7E, 0x01, 0x00] + payload]) == [Event(kind: .binary, payload: payload)])
    }

    @Test func a64KiBBinaryMessageHasALengthOf64Bits() throws {
        let payload = (0..<65536).map { UInt8(truncatingIfNeeded: $0) }
        let frame: [UInt8] = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + payload
        #expect(try decode([frame]) == [Event(kind: .binary, payload: payload)])
    }

    @Test func theEncoderWritesTheExamples() {
        var client = FrameEncoder(role: .client, maskKeys: FixedMaskKey(bytes: [0x37, 0xFA, 0x21, 0x3D]))
        var server = FrameEncoder(role: .server)
        var output: [UInt8] = []
        client.appendText("Hello", to: &output)
        #expect(output == Self.maskedHello)
        output = []
        server.appendText("Hello", to: &output)
        #expect(output == [0x81, 0x05] + Self.hello)
        output = []
        server.append(.text, Array("Hel".utf8), isFinal: false, to: &output)
        server.append(.continuation, Array("lo".utf8), to: &output)
        #expect(output == [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F])
        output = []
        server.append(.binary, [UInt8](repeating: 7, count: 256), to: &output)
        #expect(output.prefix(4) == [0x82, 0x7E, 0x01, 0x00])
        output = []
        server.append(.binary, [UInt8](repeating: 7, count: 65536), to: &output)
        #expect(output.prefix(10) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
    }
}
