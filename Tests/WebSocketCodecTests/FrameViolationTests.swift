import Testing
import WebSocketCodec

struct FrameViolationTests {
    struct Violation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let code: WebSocketError.Code
        var closeCode: UInt16 = 1002
        var role = Role.client
    }

    static let violations: [Violation] = [
        .init(testDescription: "RSV1", bytes: [0xC1, 0x00], code: .reservedBits),
        .init(testDescription: "RSV2", bytes: [0xA1, 0x00], code: .reservedBits),
        .init(testDescription: "RSV3 on a ping", bytes: [0x99, 0x00], code: .reservedBits),
        .init(testDescription: "opcode 3", bytes: [0x83, 0x00], code: .unknownOpcode),
        .init(testDescription: "opcode 7", bytes: [0x87, 0x00], code: .unknownOpcode),
        .init(testDescription: "opcode 11", bytes: [0x8B, 0x00], code: .unknownOpcode),
        .init(testDescription: "opcode 15", bytes: [0x8F, 0x00], code: .unknownOpcode),
        .init(testDescription: "masked by the server", bytes: [0x81, 0x80, 1, 2, 3, 4], code: .maskedFrame),
        .init(testDescription: "unmasked by the client", bytes: [0x81, 0x00], code: .unmaskedFrame, role: .server),
        .init(testDescription: "ping in fragments", bytes: [0x09, 0x00], code: .controlFrameFragmented),
        .init(testDescription: "close in fragments", bytes: [0x08, 0x00], code: .controlFrameFragmented),
        .init(testDescription: "ping of 126 bytes", bytes: [0x89, 0x7E, 0, 126], code: .controlFrameTooLong),
        .init(testDescription: "close with a 64-bit length", bytes: [0x88, 0x7F], code: .controlFrameTooLong),
        .init(testDescription: "continuation of nothing", bytes: [0x80, 0x00], code: .unexpectedContinuation),
        .init(
            testDescription: "continuation after a whole message",
            bytes: [0x01, 0x00, 0x80, 0x00, 0x80, 0x00],
            code: .unexpectedContinuation
        ),
        .init(
            testDescription: "text inside a message",
            bytes: [0x01, 0x00, 0x81, 0x00, 0, 0],
            code: .continuationExpected
        ),
        .init(
            testDescription: "binary inside a message",
            bytes: [0x02, 0x00, 0x02, 0x00],
            code: .continuationExpected
        ),
        .init(testDescription: "125 in 16 bits", bytes: [0x81, 0x7E, 0, 125], code: .nonMinimalLength),
        .init(testDescription: "0 in 16 bits", bytes: [0x82, 0x7E, 0, 0], code: .nonMinimalLength),
        .init(
            testDescription: "65535 in 64 bits",
            bytes: [0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
            code: .nonMinimalLength
        ),
        .init(
            testDescription: "top bit of the length",
            bytes: [0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0],
            code: .invalidLength
        ),
        .init(
            testDescription: "largest possible length",
            bytes: [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            code: .invalidLength
        ),
        .init(
            testDescription: "message over the limit",
            bytes: [0x82, 0x7F, 0, 0, 0, 0, 0, 0x10, 0, 1],
            code: .messageTooLong,
            closeCode: 1009
        ),
        .init(testDescription: "close of one byte", bytes: [0x88, 0x01, 0x03], code: .invalidClosePayload),
        .init(
            testDescription: "close reason cut in a character",
            bytes: [0x88, 0x04, 0x03, 0xE8, 0xE2, 0x82],
            code: .invalidUTF8,
            closeCode: 1007
        ),
    ]

    @Test(arguments: violations)
    func aViolationIsNamedAndGivesTheCloseCodeToSend(_ violation: Violation) {
        let pieces = [[violation.bytes], violation.bytes.map { [$0] }]
        for pieces in pieces {
            let error = #expect(throws: WebSocketError.self) { try decode(pieces, role: violation.role) }
            #expect(error?.code == violation.code)
            #expect(error?.closeCode == violation.closeCode)
        }
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] as [UInt16])
    func aCloseCodeThatMayNotBeSentIsRefused(code: UInt16) {
        let frame = [0x88, 0x02, UInt8(code >> 8), UInt8(code & 0xFF)]
        let error = #expect(throws: WebSocketError.self) { try decode([frame]) }
        #expect(error?.code == .invalidCloseCode)
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 4999] as [UInt16])
    func aCloseCodeThatMayBeSentIsTaken(code: UInt16) throws {
        var encoder = FrameEncoder(role: .server)
        var bytes: [UInt8] = []
        encoder.appendClose(code, reason: "why: €", to: &bytes)
        #expect(try decode([bytes]) == [.close(code, "why: €")])
    }

    @Test func anOverlongCloseReasonIsCutBetweenCharacters() throws {
        var encoder = FrameEncoder(role: .server)
        var bytes: [UInt8] = []
        encoder.appendClose(1001, reason: String(repeating: "€", count: 60), to: &bytes)
        #expect(try decode([bytes]) == [.close(1001, String(repeating: "€", count: 41))])
    }
}
