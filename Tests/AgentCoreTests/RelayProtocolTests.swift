import TestSupport
import Testing
import WireTransport

@testable import AgentCore

struct RelayProtocolTests {
    private static let hello = RelayProtocol.Hello(lane: 3, path: "backbone", runID: "demo-1")
    private static let secret = [UInt8](repeating: 7, count: 32)

    private func frame(_ bytes: [UInt8]) throws -> (kind: RelayProtocol.Kind, flags: UInt8, body: [UInt8])? {
        var bytes = bytes
        return try bytes.withUnsafeMutableBytes { buffer in
            try RawRelayFrame.next(in: buffer).map { ($0.kind, $0.flags, Array($0.body)) }
        }
    }

    @Test("A HELLO with and without proof is read as it was written")
    func helloRoundTrip() throws {
        var hello = Self.hello
        for proof in [nil, [UInt8](repeating: 9, count: 32)] {
            hello.proof = proof
            let read = try #require(try frame(RelayProtocol.hello(hello)))
            #expect(read.kind == .hello)
            #expect(try RelayProtocol.readHello(read.body, flags: read.flags) == hello)
        }
    }

    @Test("The proof depends on the secret, the nonce, the run, the path and the lane")
    func proof() {
        let nonce = [UInt8](repeating: 1, count: 16)
        let proof = RelayProtocol.proof(secret: Self.secret, nonce: nonce, hello: Self.hello)
        var others: [[UInt8]] = [
            RelayProtocol.proof(secret: [1] + Self.secret, nonce: nonce, hello: Self.hello),
            RelayProtocol.proof(secret: Self.secret, nonce: [UInt8](repeating: 2, count: 16), hello: Self.hello),
        ]
        for change in [
            RelayProtocol.Hello(lane: 4, path: "backbone", runID: "demo-1"),
            RelayProtocol.Hello(lane: 3, path: "backbon", runID: "demo-1"),
            RelayProtocol.Hello(lane: 3, path: "backbone", runID: "demo-2"),
        ] {
            others.append(RelayProtocol.proof(secret: Self.secret, nonce: nonce, hello: change))
        }
        #expect(proof.count == 32)
        #expect(!others.contains(proof))
        #expect(Set(others).count == others.count)
    }

    @Test("The HMAC is RFC 4231's test case 2")
    func hmac() {
        let code = MessageAuthentication.code(
            key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8)
        )
        let text = code.map { (UInt16($0) + 0x100).hexadecimal.dropFirst() }.joined()
        #expect(text == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("Another version is refused with both versions and what to do")
    func versionMismatch() throws {
        var bytes = RelayProtocol.hello(Self.hello)
        let other = UInt8(RelayProtocol.version) + 1
        bytes[RelayProtocol.headerSize + 7] = other
        let read = try #require(try frame(bytes))
        let error = try #require(throws: AgentError.self) { try RelayProtocol.readHello(read.body, flags: read.flags) }
        #expect(error.code == .versionMismatch)
        #expect(error.message.contains("protocol \(other), this agent \(RelayProtocol.version)"))
    }

    @Test("A frame that has not come whole is waited for, at every length")
    func incomplete() throws {
        let whole = RelayProtocol.hello(Self.hello)
        for count in 0..<whole.count {
            #expect(try frame(Array(whole.prefix(count))) == nil)
        }
        #expect(try frame(whole) != nil)
    }

    @Test(
        "Impossible lengths, unknown kinds and foreign greetings are violations",
        arguments: [
            [0, 0, 0, 0, 4, 0, 0, 0], [0, 0, 0, 7, 4, 0, 0, 0], [255, 255, 255, 255, 4, 0, 0, 0],
            [0, 0, 0, 8, 99, 0, 0, 0],
        ] as [[UInt8]]
    )
    func violations(bytes: [UInt8]) throws {
        let error = try #require(throws: AgentError.self) { try frame(bytes) }
        #expect(error.code == .protocolViolation)
    }

    @Test("An ECHO's times are such that their differences are numbers")
    func echo() throws {
        func read(_ values: [Int64]) throws -> [Int64] {
            let echo = try #require(try frame(RelayProtocol.numbers(.echo, values)))
            return try echo.body.withUnsafeBytes { try RelayProtocol.readEcho($0) }
        }
        let genuine: [Int64] = [7, 1_763_850_000_000_000_000, 1_763_850_000_100_000_000, 1_763_850_000_100_040_000]
        #expect(try read(genuine) == genuine)
        for place in 1...3 {
            for time in [Int64.min, -1, 1 << 62, .max] {
                var values = genuine
                values[place] = time
                let error = #expect(throws: AgentError.self) { try read(values) }
                #expect(error?.code == .protocolViolation)
            }
        }
    }

    @Test("Random octets never crash the reader", arguments: [11 as UInt64])
    func randomOctets(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<200_000 {
            let count = Int.random(in: 0...80, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if count >= 8, Bool.random(using: &generator) {
                bytes.replaceSubrange(0..<4, with: [0, 0, 0, UInt8(count)])
                bytes[4] = UInt8.random(in: 1...9, using: &generator)
            }
            guard let found = try? frame(bytes) else { continue }
            read += 1
            _ = try? RelayProtocol.readHello(found.body, flags: found.flags)
            _ = try? RelayProtocol.readChallenge(found.body)
            _ = try? found.body.withUnsafeBytes { try RelayProtocol.readNumbers($0, count: 5) }
        }
        #expect(read > 10_000)
    }
}

extension UInt16 {
    fileprivate var hexadecimal: String { String(self, radix: 16) }
}
