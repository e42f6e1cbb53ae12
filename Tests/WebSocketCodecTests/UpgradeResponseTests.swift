import Testing
import WebSocketCodec

struct UpgradeResponseTests {
    static let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    static let goodHeaders =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept
    static let good = goodHeaders + "\r\n"

    static func parse(
        _ text: String,
        isEnd: Bool = false,
        subprotocols: [String] = []
    ) throws -> UpgradeResponse? {
        var parser = UpgradeResponseParser(for: try UpgradeRequestTests.request(subprotocols: subprotocols))
        return try Array(text.utf8).withUnsafeBytes { try parser.next($0, isEnd: isEnd) }
    }

    static func acceptance(_ response: UpgradeResponse?) -> UpgradeAcceptance? {
        if case .accepted(let acceptance) = response { acceptance } else { nil }
    }

    static func refusal(_ response: UpgradeResponse?) -> UpgradeRefusal? {
        if case .refused(let refusal) = response { refusal } else { nil }
    }

    @Test func aCorrectAnswerIsAcceptedAndTheBytesAfterItAreLeft() throws {
        let acceptance = try #require(Self.acceptance(try Self.parse(Self.good + "\u{1}frames follow\r\n\r\n")))
        #expect(acceptance.consumedBytes == Self.good.utf8.count)
        #expect(acceptance.subprotocol == nil)
        #expect(acceptance.headers.first("UPGRADE") == "websocket")
    }

    @Test func anAnswerThatArrivesByteByByteIsTheSame() throws {
        var parser = UpgradeResponseParser(for: try UpgradeRequestTests.request())
        let bytes = Array(Self.good.utf8)
        for length in 0..<bytes.count {
            #expect(try bytes[..<length].withUnsafeBytes { try parser.next($0) } == nil)
        }
        #expect(Self.acceptance(try bytes.withUnsafeBytes { try parser.next($0) })?.consumedBytes == bytes.count)
    }

    @Test func headerNamesAndTokensAreComparedWithoutCase() throws {
        let text =
            "HTTP/1.1 101 \r\nuPGRADE: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n" + Self.accept.uppercasedName
            + "\r\n"
        #expect(Self.acceptance(try Self.parse(text)) != nil)
    }

    /// Each answer is refused for the reason that its row names.
    @Test(arguments: [
        ("Upgrade header", "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n" + accept + "\r\n"),
        ("Upgrade header", "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" + accept + "\r\n"),
        ("Connection header", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n" + accept + "\r\n"),
        ("Sec-WebSocket-Accept", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        (
            "Sec-WebSocket-Accept",
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"
        ),
        ("Sec-WebSocket-Accept", goodHeaders + accept + "\r\n"),
        (
            "an extension",
            goodHeaders + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"
        ),
        ("a subprotocol", goodHeaders + "Sec-WebSocket-Protocol: chat\r\n\r\n"),
    ])
    func anAnswerThatBreaksTheHandshakeIsAnError(reason: String, text: String) throws {
        let error = #expect(throws: WebSocketError.self) { try Self.parse(text) }
        #expect(error?.code == .handshakeRejected)
        #expect(error?.message.contains(reason) == true)
    }

    @Test func aSubprotocolThatWasOfferedIsTaken() throws {
        let text = Self.goodHeaders + "Sec-WebSocket-Protocol: chat\r\n\r\n"
        let response = try Self.parse(text, subprotocols: ["superchat", "chat"])
        #expect(Self.acceptance(response)?.subprotocol == "chat")
    }

    @Test func anotherStatusIsAValueWithItsReasonHeadersAndBody() throws {
        let text = "HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\nServer: nginx\r\n\r\nInvalid request path"
        let refusal = try #require(Self.refusal(try Self.parse(text + "beyond")))
        #expect(refusal.status == 404)
        #expect(refusal.reason == "Not Found")
        #expect(refusal.headers.first("server") == "nginx")
        #expect(String(decoding: refusal.body, as: UTF8.self) == "Invalid request path")
        #expect(refusal.retryAfterSeconds(nowSeconds: 0) == nil)
        #expect(try Self.parse(String(text.dropLast())) == nil)
    }

    /// 784111777 is 1994-11-06 08:49:37 UTC, the example of RFC 9110.
    @Test(
        arguments: [
            ("120", 120), ("0", 0), ("-5", nil), ("", nil), ("soon", nil), ("99999999999999999999", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 77), ("Sun Nov  6 08:49:37 1994", 77),
            ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
            ("Sun, 06 Nov 1994 25:49:37 GMT", nil), ("Sun, 06 Foo 1994 08:49:37 GMT", nil),
            ("Tue, 29 Feb 2028 00:00:00 GMT", 1_835_395_200 - 784_111_700),
            ("Tuesday, 29-Feb-28 00:00:00 GMT", 1_835_395_200 - 784_111_700),
        ] as [(String, Int64?)]
    )
    func retryAfterIsReadable(value: String, seconds: Int64?) throws {
        let text = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: \(value)\r\nContent-Length: 0\r\n\r\n"
        let refusal = try #require(Self.refusal(try Self.parse(text)))
        #expect(refusal.headers.first("Retry-After") == value)
        #expect(refusal.retryAfterSeconds(nowSeconds: 784_111_700) == seconds)
    }

    @Test func aMomentCountsFromTheServersOwnDate() throws {
        let text =
            "HTTP/1.1 418 I'm a teapot\r\nDate: Sun, 06 Nov 1994 08:49:00 GMT\r\n"
            + "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"
        let refusal = try #require(Self.refusal(try Self.parse(text)))
        #expect(refusal.retryAfterSeconds(nowSeconds: 1_795_000_000) == 37)
    }

    @Test func aBodyWithoutALengthEndsWithTheConnectionOrAtTheLimit() throws {
        let head = "HTTP/1.0 503 Service Unavailable\r\n\r\n"
        #expect(try Self.parse(head + "busy") == nil)
        #expect(Self.refusal(try Self.parse(head + "busy", isEnd: true))?.body == Array("busy".utf8))
        let long = Self.refusal(try Self.parse(head + String(repeating: "x", count: 5000)))
        #expect(long?.body.count == UpgradeRefusal.maximumBodyBytes)
    }

    @Test func interimAnswersAreSkipped() throws {
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        let acceptance = Self.acceptance(try Self.parse(interim + interim + Self.good))
        #expect(acceptance?.consumedBytes == (interim + interim + Self.good).utf8.count)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 101 X\r\n\r\n", "HTTP/1.1 abc X\r\n\r\n", "HTTP/1.1 99 X\r\n\r\n",
        "HTTP/1.0 101 X\r\n\r\n", "HTTP/1.1 101 X\nUpgrade: websocket\n\n", "HTTP/1.1 101 X\r\nno colon\r\n\r\n",
        "HTTP/1.1 101 X\r\n folded: line\r\n\r\n", "HTTP/1.1 101 X\r\nA : b\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 101 X\r\nA: \u{0}\r\n\r\n",
    ])
    func aMalformedHeadIsAnError(text: String) {
        let error = #expect(throws: WebSocketError.self) { try Self.parse(text) }
        #expect(error?.code == .malformedHead)
    }

    @Test func aConnectionThatEndsInTheHeadIsAnError() {
        let error = #expect(throws: WebSocketError.self) { try Self.parse("HTTP/1.1 101 Swi", isEnd: true) }
        #expect(error?.code == .malformedHead)
    }

    @Test func aHeadWithoutEndIsRefusedAtItsLimit() throws {
        let fits = "HTTP/1.1 101 X\r\n" + String(repeating: "A: bbbbbbbbbb\r\n", count: 90)
        #expect(try Self.parse(fits) == nil)
        let line = "A: " + String(repeating: "b", count: 16 * 1024)
        let error = #expect(throws: WebSocketError.self) { try Self.parse("HTTP/1.1 101 X\r\n" + line) }
        #expect(error?.code == .headTooLong)
    }
}

extension String {
    fileprivate var uppercasedName: String {
        let colon = firstIndex(of: ":") ?? endIndex
        return self[..<colon].uppercased() + self[colon...]
    }
}
