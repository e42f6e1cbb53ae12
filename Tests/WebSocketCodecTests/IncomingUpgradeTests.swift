import Testing
import WebSocketCodec

struct IncomingUpgradeTests {
    static let start = "GET /stream?streams=a@trade/b@trade HTTP/1.1\r\nHost: localhost:7\r\n"
    static let rest = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    static func parse(_ text: String) -> IncomingUpgradeParser.Outcome? {
        var parser = IncomingUpgradeParser()
        return Array(text.utf8).withUnsafeBytes { parser.next($0) }
    }

    @Test func ourOwnRequestIsUnderstoodAndItsAnswerIsAccepted() throws {
        let request = try UpgradeRequestTests.request(
            headers: [HTTPHeader("X-Test", "1")],
            subprotocols: ["one", "two"]
        )
        var parser = IncomingUpgradeParser()
        let outcome = (request.bytes + [0x81, 0x80]).withUnsafeBytes { parser.next($0) }
        guard case .upgrade(let incoming) = outcome else {
            Issue.record("not an upgrade: \(String(describing: outcome))")
            return
        }
        #expect(incoming.consumedBytes == request.bytes.count)
        #expect(incoming.path == "/public/stream")
        #expect(incoming.query == "streams=btcusdt@bookTicker")
        #expect(incoming.headers.first("x-test") == "1")
        #expect(incoming.subprotocols == ["one", "two"])
        let answer = incoming.acceptance(subprotocol: "two", headers: [HTTPHeader("Server", "lab")])
        var reader = UpgradeResponseParser(for: request)
        let response = try answer.withUnsafeBytes { try reader.next($0) }
        #expect(UpgradeResponseTests.acceptance(response)?.subprotocol == "two")
        #expect(UpgradeResponseTests.acceptance(response)?.consumedBytes == answer.count)
    }

    @Test func aRequestThatArrivesByteByByteIsTheSame() {
        let bytes = Array((Self.start + Self.rest + Self.key + "\r\n").utf8)
        var parser = IncomingUpgradeParser()
        for length in 0..<bytes.count {
            #expect(bytes[..<length].withUnsafeBytes { parser.next($0) } == nil)
        }
        #expect(bytes.withUnsafeBytes { parser.next($0) } != nil)
    }

    @Test(arguments: [
        ("no Host", "GET / HTTP/1.1\r\n" + rest + key + "\r\n", 400),
        ("two Hosts", start + "Host: b\r\n" + rest + key + "\r\n", 400),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n" + rest + key + "\r\n", 400),
        ("no Upgrade", start + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\n", 426),
        ("no Connection", start + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\n", 426),
        ("no version", start + "Upgrade: websocket\r\nConnection: Upgrade\r\n" + key + "\r\n", 426),
        (
            "version 8",
            start + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n" + key + "\r\n", 426
        ),
        ("no key", start + rest + "\r\n", 400),
        ("short key", start + rest + "Sec-WebSocket-Key: Zm9v\r\n\r\n", 400),
        ("two keys", start + rest + key + key + "\r\n", 400),
        ("POST", "POST / HTTP/1.1\r\nHost: a\r\n" + rest + key + "\r\n", 405),
        ("HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n" + rest + key + "\r\n", 505),
        ("no HTTP", "hello\r\n\r\n", 400),
        ("absolute target", "GET http://a/ HTTP/1.1\r\nHost: a\r\n" + rest + key + "\r\n", 400),
        ("bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400),
        ("no end", "GET / HTTP/1.1\r\nA: " + String(repeating: "x", count: 20000), 431),
        ("too many headers", start + String(repeating: "A: b\r\n", count: 200) + "\r\n", 400),
    ])
    func anInvalidRequestGetsItsHTTPError(name: String, text: String, status: Int) {
        guard case .reject(let answer) = Self.parse(text) else {
            Issue.record("\(name) was not rejected")
            return
        }
        #expect(answer.status == status)
        let written = String(decoding: answer.bytes, as: UTF8.self)
        #expect(written.hasPrefix("HTTP/1.1 \(status) "))
        #expect(written.contains("\r\nConnection: close\r\n"))
        #expect(!written.contains("426") || written.contains("\r\nSec-WebSocket-Version: 13\r\n"))
    }

    @Test func aServerCanAnswerAsTheExchangeDoes() throws {
        let answer = HTTPAnswer(
            status: 429,
            reason: "Too Many Requests",
            headers: [HTTPHeader("Retry-After", "30")],
            body: "slow down"
        )
        let response = try UpgradeResponseTests.parse(String(decoding: answer.bytes, as: UTF8.self))
        let refusal = UpgradeResponseTests.refusal(response)
        #expect(refusal?.retryAfterSeconds(nowSeconds: 0) == 30)
        #expect(refusal?.body == Array("slow down".utf8))
    }
}
