import MarketFeed
import Testing

struct FeedURLTests {
    @Test(
        arguments: [
            ("wss://stream.binance.com:9443", true, "stream.binance.com", 9443, "", nil),
            ("wss://stream.binance.com", true, "stream.binance.com", 443, "", nil),
            ("ws://127.0.0.1", false, "127.0.0.1", 80, "", nil),
            ("WSS://Stream.Binance.COM/ws", true, "stream.binance.com", 443, "/ws", nil),
            ("wss://[2001:db8::1]:8443/public?a=b&c", true, "2001:db8::1", 8443, "/public", "a=b&c"),
            ("ws://[::1]?x", false, "::1", 80, "", "x"),
            ("ws://localhost:1/", false, "localhost", 1, "/", nil),
            ("ws://h:65535/a/b?", false, "h", 65535, "/a/b", ""),
        ] as [(String, Bool, String, Int, String, String?)]
    )
    func aURLIsTakenApart(text: String, isSecure: Bool, host: String, port: Int, path: String, query: String?) throws {
        let url = try FeedURL(text)
        #expect(url.isSecure == isSecure)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.query == query)
        #expect(try FeedURL(url.description) == url)
    }

    @Test(
        arguments: [
            ("", .unsupportedScheme), ("stream.binance.com:9443", .unsupportedScheme),
            ("https://a", .unsupportedScheme),
            ("wss:/a", .unsupportedScheme), ("://a", .unsupportedScheme), ("wss://", .missingHost),
            ("wss:///ws", .missingHost),
            ("wss://:443", .missingHost), ("wss://a:", .invalidPort), ("wss://a:0", .invalidPort),
            ("wss://a:65536", .invalidPort),
            ("wss://a:-1", .invalidPort), ("wss://a:+1", .invalidPort), ("wss://a:9x", .invalidPort),
            ("wss://a:000443", .invalidPort), ("wss://a:1:2", .invalidPort), ("wss://[::1]443", .invalidPort),
            ("wss://[::1", .invalidHost), ("wss://[::g]", .invalidHost), ("wss://[]", .invalidHost),
            ("wss://a..b", .invalidHost),
            ("wss://.a", .invalidHost), ("wss://a%20b", .invalidHost), ("wss://a\\b", .invalidHost),
            ("wss://::1", .missingHost), ("wss://user:secret@a", .credentialsInURL), ("wss://a/ws#x", .fragmentInURL),
            ("wss://a/ b", .urlSyntax), ("wss://a/\r\nX: y", .urlSyntax), ("wss://牛.com", .urlSyntax),
        ] as [(String, MarketFeedError.Code)]
    )
    func aURLThatCannotBeUsedSaysWhichPart(text: String, code: MarketFeedError.Code) {
        let error = #expect(throws: MarketFeedError.self) { try FeedURL(text) }
        #expect(error?.code == code, "\(text.debugDescription)")
        #expect(error?.message.contains("secret") == false)
    }

    @Test func aURLThatIsTooLongIsRefused() {
        let text = "wss://a/" + String(repeating: "b", count: FeedURL.maximumBytes)
        let error = #expect(throws: MarketFeedError.self) { try FeedURL(text) }
        #expect(error?.code == .urlTooLong)
    }

    @Test(arguments: [
        ("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("1:2:3:4:5:6:7::", true),
        ("::2:3:4:5:6:7:8", true), ("fe80::1:2", true), ("::ffff:192.0.2.1", true), ("1:2:3:4:5:6:1.2.3.4", true),
        ("1:2:3:4:5:6:7", false), ("1:2:3:4:5:6:7:8:9", false), ("1::2::3", false), (":::", false), (":1::2", false),
        ("1:", false), (":", false), ("12345::", false), ("1.2.3.4", false), ("::1.2.3", false), ("::1.2.3.256", false),
        ("::1.2.3.4:5", false), ("fe80::1%eth0", false), ("1:2:3:4:5:6:7:8::", false),
    ])
    func anIPv6AddressIsJudgedByItsSyntax(text: String, isValid: Bool) {
        #expect(((try? FeedURL("ws://[\(text)]:1")) != nil) == isValid)
    }
}
