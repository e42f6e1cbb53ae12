import ExperimentModel
import Foundation
import Synchronization
import Testing

@testable import LabWorld

@Suite(.timeLimit(.minutes(1)))
struct ExchangeTests {
    /// Text messages and when each came, ms since 1970.
    private struct Message: Codable {
        var atMs: Double
        var text: String
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        var market: Market
        var path: String
        var stream: String
        /// The first message up to its first value, which shows wrapper and key order.
        var pattern: String

        var testDescription: String { "\(market) \(path)" }
    }

    static let shapes = [
        Shape(
            market: .usdm,
            path: "/public/stream?streams=btcusdt@bookTicker",
            stream: "btcusdt@bookTicker",
            pattern:
                #"^\{"stream":"btcusdt@bookTicker","data":\{"e":"bookTicker","u":\d+,"s":"BTCUSDT","ps":"BTCUSDT","#
                + #""b":"\d+\.\d\d","B":"\d+\.\d{3}","a":"\d+\.\d\d","A":"\d+\.\d{3}","T":\d{13},"E":\d{13},"st":1\}\}$"#
        ),
        Shape(
            market: .usdm,
            path: "/ws/btcusdt%40bookTicker",
            stream: "btcusdt@bookTicker",
            pattern: #"^\{"e":"bookTicker","u":\d+,.*,"T":\d{13},"E":\d{13},"st":1\}$"#
        ),
        Shape(
            market: .spot,
            path: "/ws/btcusdt@bookTicker",
            stream: "btcusdt@bookTicker",
            pattern: #"^\{"u":\d+,"s":"BTCUSDT","b":"\d+\.\d{8}","B":"\d+\.\d{8}","a":"\d+\.\d{8}","A":"\d+\.\d{8}"\}$"#
        ),
        Shape(
            market: .spot,
            path: "/stream?streams=btcusdt@trade",
            stream: "btcusdt@trade",
            pattern: #"^\{"stream":"btcusdt@trade","data":\{"e":"trade","E":\d{13},"s":"BTCUSDT","t":\d+,"p":"#
        ),
        Shape(
            market: .coinm,
            path: "/ws/btcusd_perp@bookTicker",
            stream: "btcusd_perp@bookTicker",
            pattern: #"^\{"u":\d+,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"\d+\.\d",.*"E":\d{13}\}$"#
        ),
    ]

    @Test(arguments: shapes)
    func `events have the market's shape, ids that increase, and times that are true`(_ shape: Shape) async throws {
        let fixture = try await ExchangeFixture(market: shape.market, streams: [shape.stream])
        let script = """
            async def main():
                messages = []
                async with connect(\(quoted(shape.path))) as client:
                    for _ in range(60):
                        text = await client.recv()
                        messages.append({"atMs": time.time() * 1000, "text": text})
                print(json.dumps(messages))
            asyncio.run(main())
            """
        let messages = try await Python.run(script, fixture.address, as: [Message].self)
        #expect(messages.count == 60)
        let pattern = try Regex(shape.pattern)
        var previousID: Int64 = 0
        for message in messages {
            #expect(message.text.firstMatch(of: pattern) != nil, "\(message.text)")
            let id = try #require(integer(message.text, shape.stream.hasSuffix("@trade") ? "t" : "u"))
            #expect(id > previousID)
            previousID = id
            guard let eventMs = integer(message.text, "E") else {
                #expect(shape.market == .spot && shape.stream.hasSuffix("bookTicker"))
                continue
            }
            #expect(message.atMs - Double(eventMs) > -0.1 && message.atMs - Double(eventMs) < 2_000)
            let engineMs = try #require(integer(message.text, "T"))
            #expect((0...2).contains(eventMs - engineMs))
            let sentNs = fixture.record.sent.withLock { $0.first { $0.updateID == id }?.sentNs }
            #expect(sentNs.map { $0 / 1_000_000 } == eventMs, "E is the time of sending, cut to ms")
        }
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }

    private func integer(_ text: String, _ key: String) -> Int64? {
        guard let range = text.range(of: "\"\(key)\":") else { return nil }
        return Int64(text[range.upperBound...].prefix { $0.isNumber })
    }

    @Test
    func `every connection gets the same events`() async throws {
        let fixture = try await ExchangeFixture()
        let script = """
            async def collect(path):
                async with connect(path) as client:
                    end = time.time() + 2
                    ids = []
                    while time.time() < end:
                        message = json.loads(await client.recv())
                        ids.append(message.get("data", message)["u"])
                    return ids
            async def main():
                print(json.dumps(await asyncio.gather(
                    collect("/public/ws/btcusdt@bookTicker"), collect("/public/stream?streams=btcusdt@bookTicker"))))
            asyncio.run(main())
            """
        let ids = try await Python.run(script, fixture.address, as: [[Int64]].self)
        let first = try #require(ids.compactMap(\.first).max())
        let last = try #require(ids.compactMap(\.last).min())
        let common = ids.map { $0.filter { ($0 >= first) && ($0 <= last) } }
        #expect(common[0] == common[1])
        #expect(common[0].count > 50)
    }

    @Test
    func `requests are answered in the exchange's words`() async throws {
        let fixture = try await ExchangeFixture()
        let requests = [
            #"{"method":"SUBSCRIBE","params":["nothing@here"],"id":1}"#,
            #"{"method":"LIST_SUBSCRIPTIONS","id":2}"#,
            #"{"method":"UNSUBSCRIBE","params":["nothing@here"],"id":3}"#,
            #"{"method":"LIST_SUBSCRIPTIONS","id":4}"#,
            #"{"method":"DANCE","id":5}"#,
            #"{"method":"SUBSCRIBE","params":"x","id":6}"#,
            "hello",
        ]
        let script = """
            async def main():
                answers = []
                async with connect("/public/ws") as client:
                    for request in arguments["requests"]:
                        await client.send(request)
                        answers.append(await client.recv())
                    await client.send('{"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":7}')
                    answers.append(await client.recv())
                    answers.append("u" if "u" in json.loads(await client.recv()) else "?")
                print(json.dumps(answers))
            asyncio.run(main())
            """
        struct Input: Encodable {
            var port: Int
            var ca: String
            var requests: [String]
        }
        let address = fixture.address
        let input = Input(port: address.port, ca: address.ca, requests: requests)
        let answers = try await Python.run(script, input, as: [String].self)
        try #require(answers.count == 9)
        #expect(answers[0] == #"{"result":null,"id":1}"#, "unknown streams are acknowledged")
        #expect(answers[1] == #"{"result":["nothing@here"],"id":2}"#)
        #expect(answers[2] == #"{"result":null,"id":3}"#)
        #expect(answers[3] == #"{"result":[],"id":4}"#)
        #expect(answers[4].hasPrefix(#"{"error":{"code":2,"msg":"Invalid request: unknown variant `DANCE`"#))
        #expect(answers[4].hasSuffix(#""},"id":5}"#))
        #expect(answers[5].hasPrefix(#"{"error":{"code":2,"#))
        #expect(answers[6].hasPrefix(#"{"error":{"code":3,"#) && answers[6].hasSuffix(#""id":null}"#))
        #expect(answers[7] == #"{"result":null,"id":7}"#)
        #expect(answers[8] == "u", "data follows the acknowledgement")
    }

    @Test(arguments: ["/", "/wss", "/public", "/stream/x", "/private/ws", "/ws//x"])
    func `other paths are not found`(_ path: String) async throws {
        let fixture = try await ExchangeFixture()
        let script = """
            async def main():
                try:
                    async with connect("\(path)"): print(json.dumps("connected"))
                except websockets.exceptions.InvalidStatusCode as error: print(json.dumps(str(error.status_code)))
                except websockets.exceptions.InvalidStatus as error:
                    print(json.dumps("%d %s" % (error.response.status_code, error.response.body.decode())))
            asyncio.run(main())
            """
        let answer = try await Python.run(script, fixture.address, as: String.self)
        #expect(answer == "404 Invalid request path" || answer == "404")
    }

    /// Talks to the exchange without a library, since libraries do not misbehave; prints code and reason of the close
    /// frame.
    private static let rawClient = """
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", arguments["port"])),
            server_hostname="exchange.lab")
        connection.settimeout(10)
        connection.sendall(b"GET /public/ws HTTP/1.1\\r\\nHost: exchange.lab\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
            b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
        reader = connection.makefile("rb")
        head = b""
        while not head.endswith(b"\\r\\n\\r\\n"): head += reader.read(1)
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
        assert b"xtensions" not in head, head
        def read_frame():
            first, length = reader.read(2)
            if length == 126: length = struct.unpack(">H", reader.read(2))[0]
            return first, reader.read(length)
        def send_frame(first, payload):
            # A mask key of zeros leaves the payload as it is.
            connection.sendall(bytes([first, 0x80 | len(payload)]) + bytes(4) + payload)
        def close_frame():
            while True:
                first, payload = read_frame()
                if first == 0x88: return {"code": struct.unpack(">H", payload[:2])[0], "reason": payload[2:].decode()}

        """

    @Test
    func `the server pings with the time, and goes on with a client that answers`() async throws {
        let fixture = try await ExchangeFixture { settings in
            settings.pingIntervalNs = 100_000_000
            settings.pongLimitNs = 300_000_000
        }
        let script =
            Self.rawClient + """
                pings = []
                while len(pings) < 12:
                    first, payload = read_frame()
                    assert first == 0x89, first
                    pings.append([time.time() * 1000, float(payload.decode())])
                    send_frame(0x8a, payload)
                send_frame(0x81, b'{"method":"LIST_SUBSCRIPTIONS","id":1}')
                while first != 0x81: first, payload = read_frame()
                print(json.dumps({"answer": payload.decode(), "pings": pings}))
                """
        struct Answer: Decodable {
            var answer: String
            var pings: [[Double]]
        }
        let answer = try await Python.run(script, fixture.address, as: Answer.self)
        #expect(answer.answer == #"{"result":[],"id":1}"#)
        try #require(answer.pings.count == 12)
        #expect(answer.pings.allSatisfy { abs($0[0] - $0[1]) < 1_000 && $0[1] == $0[1].rounded() })
        #expect(answer.pings[11][1] - answer.pings[0][1] >= 1_099, "11 intervals of 100 ms, cut to ms")
    }

    @Test
    func `pings of a client are answered, and its pongs without a ping keep nothing alive`() async throws {
        let fixture = try await ExchangeFixture { settings in
            settings.pingIntervalNs = 100_000_000
            settings.pongLimitNs = 300_000_000
        }
        let script =
            Self.rawClient + """
                send_frame(0x89, b"hello")
                first, payload = read_frame()
                while first != 0x8a: first, payload = read_frame()
                assert payload == b"hello", payload
                while True:
                    first, payload = read_frame()
                    if first == 0x88: break
                    send_frame(0x8a, b"unasked")
                print(json.dumps({"code": struct.unpack(">H", payload[:2])[0], "reason": payload[2:].decode()}))
                """
        let close = try await Python.run(script, fixture.address, as: Close.self)
        #expect(close == Close(code: 1_008, reason: "Pong timeout"))
    }

    private struct Close: Decodable, Equatable {
        var code: Int
        var reason: String
    }

    @Test
    func `a client that does not answer pings is closed with 1008`() async throws {
        let fixture = try await ExchangeFixture { settings in
            settings.pingIntervalNs = 50_000_000
            settings.pongLimitNs = 200_000_000
        }
        let script = Self.rawClient + "print(json.dumps(close_frame()))"
        let close = try await Python.run(script, fixture.address, as: Close.self)
        #expect(close == Close(code: 1_008, reason: "Pong timeout"))
    }

    @Test
    func `a client that does not mask its frames is closed with 1002`() async throws {
        let fixture = try await ExchangeFixture()
        let script = Self.rawClient + #"connection.sendall(b"\x81\x02{}")"# + "\nprint(json.dumps(close_frame()))"
        let close = try await Python.run(script, fixture.address, as: Close.self)
        #expect(close.code == 1_002)
    }

    @Test
    func `a close is answered with its own code`() async throws {
        let fixture = try await ExchangeFixture()
        let script =
            Self.rawClient + #"send_frame(0x88, struct.pack(">H", 1000))"# + "\nprint(json.dumps(close_frame()))"
        let close = try await Python.run(script, fixture.address, as: Close.self)
        #expect(close == Close(code: 1_000, reason: ""))
        let isGone = try await Readiness.wait { fixture.exchange.connectionCount == 0 }
        #expect(isGone)
    }
}
