import Testing

@testable import WebSocketCodec

struct PrimitiveTests {
    /// FIPS 180 examples and lengths around the block's end (values from coreutils' sha1sum).
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
        (String(repeating: "a", count: 56), "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
    func sha1GivesTheKnownDigest(message: String, digest: String) {
        let hexadecimal = SHA1.digest(Array(message.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(hexadecimal.joined() == digest)
    }

    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64GivesTheKnownText(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Zh==", "Zg==Zg==", "====", "Z===", "Zm9 ", "Zm9-", "=Zg="])
    func base64ThatIsNotExactIsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func base64RoundTripsEveryByte() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    /// RFC 6455 section 1.3.
    @Test func theAcceptValueIsTheOneOfTheStandard() {
        #expect(WebSocketKey.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(WebSocketKey.isValid("dGhlIHNhbXBsZSBub25jZQ=="))
        #expect(!WebSocketKey.isValid("dGhlIHNhbXBsZSBub25jZQ="))
        #expect(!WebSocketKey.isValid("Zm9v"))
    }

    @Test func utf8IsJudgedAsTheStandardLibraryJudgesIt() {
        let leads: [UInt8] = [0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5]
        let others: [UInt8] = [0x00, 0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        for first in leads {
            for second in others {
                for third in others {
                    for fourth in others {
                        let bytes = [UInt8](repeating: 0x61, count: 9) + [first, second, third, fourth]
                        for length in 9...bytes.count {
                            let part = Array(bytes[..<length])
                            let isValid = part.withUnsafeBytes { UTF8Validation.isValid($0) }
                            if isValid != (String(validating: part, as: UTF8.self) != nil) {
                                Issue.record("judged differently: \(part)")
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func maskingTwiceGivesTheSameBytesAtEveryLength() {
        let keyBytes: [UInt8] = [0x11, 0x22, 0x33, 0x44]
        let key = keyBytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        for length in 0..<40 {
            let plain = (0..<length).map { UInt8($0) }
            var masked = plain
            masked.withUnsafeMutableBytes { Masking.apply(key, to: $0) }
            #expect(masked == plain.enumerated().map { $0.element ^ keyBytes[$0.offset % 4] })
            masked.withUnsafeMutableBytes { Masking.apply(key, to: $0) }
            #expect(masked == plain)
        }
    }
}
