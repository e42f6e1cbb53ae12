import TestSupport
import Testing
import WebSocketCodec

struct UpgradeRequestTests {
    static let key = Array("the sample nonce".utf8)

    static func request(
        host: String = "fstream.binance.com",
        port: Int = 443,
        isSecure: Bool = true,
        target: String = "/public/stream?streams=btcusdt@bookTicker",
        key: [UInt8] = key,
        headers: [HTTPHeader] = [],
        subprotocols: [String] = []
    ) throws(WebSocketError) -> UpgradeRequest {
        try UpgradeRequest(
            host: host,
            port: port,
            isSecure: isSecure,
            target: target,
            key: key,
            headers: headers,
            subprotocols: subprotocols
        )
    }

    @Test func theRequestIsTheOneOfTheStandard() throws {
        let request = try Self.request(headers: [HTTPHeader("User-Agent", "latexp")])
        let text = String(decoding: request.bytes, as: UTF8.self)
        #expect(
            text == """
                GET /public/stream?streams=btcusdt@bookTicker HTTP/1.1\r
                Host: fstream.binance.com\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                User-Agent: latexp\r
                \r

                """
        )
        #expect(request.expectedAccept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(!text.contains("Extensions"))
    }

    @Test(arguments: [
        ("stream.binance.com", 9443, true, "stream.binance.com:9443"),
        ("example.org", 443, true, "example.org"),
        ("example.org", 80, false, "example.org"),
        ("example.org", 443, false, "example.org:443"),
        ("2001:db8::7", 443, true, "[2001:db8::7]"),
        ("::1", 8080, false, "[::1]:8080"),
    ])
    func theHostHeaderHasThePortOnlyWhereItIsNotTheDefault(
        host: String,
        port: Int,
        isSecure: Bool,
        authority: String
    ) throws {
        let request = try Self.request(host: host, port: port, isSecure: isSecure)
        #expect(String(decoding: request.bytes, as: UTF8.self).contains("\r\nHost: \(authority)\r\n"))
    }

    @Test func partsThatWouldBreakTheRequestAreRefused() {
        let attempts: [() throws -> UpgradeRequest] = [
            { try Self.request(host: "a\r\nX: y") },
            { try Self.request(host: "") },
            { try Self.request(host: "a b") },
            { try Self.request(host: "user@host") },
            { try Self.request(port: 0) },
            { try Self.request(port: 65536) },
            { try Self.request(target: "no-slash") },
            { try Self.request(target: "/a b") },
            { try Self.request(target: "/a\r\nHost: b") },
            { try Self.request(target: "/a#b") },
            { try Self.request(target: "/牛") },
            { try Self.request(key: [1, 2, 3]) },
            { try Self.request(headers: [HTTPHeader("X", "a\r\nY: b")]) },
            { try Self.request(headers: [HTTPHeader("X Y", "a")]) },
            { try Self.request(headers: [HTTPHeader("Sec-WebSocket-Extensions", "permessage-deflate")]) },
            { try Self.request(headers: [HTTPHeader("hOsT", "other")]) },
            { try Self.request(subprotocols: ["a b"]) },
        ]
        for (index, attempt) in attempts.enumerated() {
            let error = #expect(throws: WebSocketError.self, "attempt \(index)") { _ = try attempt() }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func keysFollowFromTheGenerator() {
        var first = SeededGenerator(seed: 1)
        var second = SeededGenerator(seed: 1)
        let key = UpgradeRequest.randomKey(using: &first)
        #expect(key.count == 16)
        #expect(key == UpgradeRequest.randomKey(using: &second))
        #expect(key != UpgradeRequest.randomKey(using: &first))
    }
}
