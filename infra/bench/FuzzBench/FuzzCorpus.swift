import ExperimentModel
import Foundation
import WebSocketCodec

#if DEBUG
    @testable import AgentCore
#endif

extension FuzzTarget {
    /// Sound inputs, and some that are nearly sound, from which others are made.
    var corpus: [[UInt8]] {
        switch self {
        case .codec: Self.frames
        case .scanner: Self.messages.map { Array($0.utf8) }
        case .relay: Self.relayFrames
        case .datagram: Self.datagrams
        case .upgrade: Self.heads.map { Array($0.utf8) }
        }
    }

    private static var frames: [[UInt8]] {
        [Role.server, .client].flatMap { role in
            (0..<16).map { index in
                var bytes: [UInt8] = [(role == .server ? 0 : 1) | UInt8(index & 2)]
                var encoder = FrameEncoder(role: role, maskKeys: FuzzGenerator(seed: 3))
                let long = [UInt8](repeating: 0x62, count: 240)
                encoder.append(index & 1 == 0 ? .text : .binary, Array("abc€\(index)".utf8), to: &bytes)
                encoder.append(.text, Array(long.prefix(index * 16)), isFinal: false, to: &bytes)
                encoder.append(index & 2 == 0 ? .ping : .pong, Array(long.prefix(index * 2)), to: &bytes)
                encoder.append(.continuation, Array(long.prefix(40)), isFinal: index & 4 == 0, to: &bytes)
                encoder.append(index & 4 == 0 ? .continuation : .binary, [1], to: &bytes)
                encoder.appendClose(index & 8 == 0 ? 1000 : nil, reason: "bye", to: &bytes)
                return bytes
            }
        }
    }

    private static let quote = #""s":"BTCUSDT","b":"60000.10","B":"1.500","a":"60000.20","A":"2.250""#

    private static let messages = [
        #"{"u":100500600700,\#(quote)}"#,
        #"{"stream":"btcusdt@bookTicker","data":{"u":100500600701,\#(quote)}}"#,
        #"{"e":"bookTicker","u":11000000000001,\#(quote),"T":1780000000122,"E":1780000000123}"#,
        #"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":2,"ps":"BTCUSDT",\#(quote),"T":1,"E":2,"st":1}}"#,
        #"{"e":"trade","E":1780000000123,"s":"BTCUSDT","t":3071000001,"p":"60000.1","q":"0.5","T":1780000000121,"m":true}"#,
        #"{"e":"aggTrade","E":1780000000123,"a":26129,"s":"BTCUSDT","p":"1","q":"4.7","f":100,"l":105,"T":17800,"m":true}"#,
        #"{"e":"depthUpdate","E":1780000000123,"s":"BTCUSDT","U":157,"u":160,"b":[["60000.1","10"],["59999.9","0"]],"a":[]}"#,
        #"{"stream":"btcusdt@depth5","data":{"lastUpdateId":160,"bids":[["60000.1","10"]],"asks":[["60000.2","1"]]}}"#,
        #"{"stream":"!forceOrder@arr","data":{"e":"forceOrder","E":1780000000123,"o":{"s":"牛来USDT","S":"SELL"}}}"#,
        #"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1780000000123}}"#,
        #"{"e":"bookTicker","future":"brace } and \"b\":\"9\" \u00e9","u":7,\#(quote)}"#,
        #"{"result":null,"id":1}"#, #"{"result":["a@b"],"id":"abc"}"#,
        #"{"code": 0, "msg": "Unknown property","id": 5}"#,
        #"{"error":{"code":2,"msg":"Invalid request: missing field `method`"},"id":null}"#,
        #"{"u":18446744073709551616,"s":"X","b":"1","B":"1","a":"2","A":"1"}"#,
        #"{"u":5,"u":6,\#(quote)}"#, #"{"u":1.5e3,\#(quote),"E":"1"}"#, "[1,2]", "null", "{}", "", "{\"u\":",
        String(repeating: "[", count: 400), String(repeating: #"{"a":"#, count: 80),
    ]

    private static var relayFrames: [[UInt8]] {
        let hello = RelayProtocol.Hello(lane: 3, path: "backbone", runID: "demo-1")
        var proven = hello
        proven.proof = [UInt8](repeating: 9, count: 32)
        let totals = SenderTotals(received: 5, forwarded: 3, dropped: 1, invalid: 1, lastSequence: 4)
        var event: [UInt8] = []
        for number in [1, 2, 3, 4, 5] as [Int64] { event.appendBigEndian(number) }
        event += Array(messages[2].utf8)
        let all = [
            RelayProtocol.challenge(nonce: [UInt8](repeating: 1, count: 16), proofRequired: true),
            RelayProtocol.hello(hello), RelayProtocol.hello(proven), RelayProtocol.frame(.event, body: event),
            RelayProtocol.numbers(.probe, [1, 2]), RelayProtocol.numbers(.echo, [1, 2, 3, 4]),
            RelayProtocol.totals(.soFar, totals), RelayProtocol.totals(.bye, totals),
            RelayProtocol.numbers(.farewell, [3]),
            RelayProtocol.frame(.finish), RelayProtocol.frame(.padding, body: [0, 1, 2]), RelayProtocol.frame(.welcome),
            RelayProtocol.frame(.refuse, body: Array("no".utf8)),
        ]
        return all + [all[1] + all[6] + all[3] + all[3], all[5] + all[7], all[0] + all[9]]
    }

    private static var datagrams: [[UInt8]] {
        relayFrames.map { frames in
            let header = RelayDatagram.Header(session: 0x1234)
            return frames.withUnsafeBytes { Array(header.sign($0, nil)) } + frames
        }
    }

    private static let accept = "Upgrade: websocket\r\nConnection: Upgrade\r\n"

    /// The answer to the key of sixteen ones.
    private static var accepted: String {
        (try? UpgradeRequest(host: "h", port: 443, isSecure: true, target: "/", key: [UInt8](repeating: 1, count: 16)))?
            .expectedAccept ?? ""
    }

    private static let heads = [
        "\0HTTP/1.1 101 Switching Protocols\r\n\(accept)Sec-WebSocket-Accept: \(accepted)\r\n\r\n",
        "\0HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\nInvalid request path",
        "\0HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
        "\0HTTP/1.1 503 Busy\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nDate: Wed, 21 Oct 2026 07:27:00 GMT\r\n\r\nbody",
        "\0HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "\u{1}GET /ws/btcusdt@bookTicker HTTP/1.1\r\nHost: h\r\n\(accept)Sec-WebSocket-Key: AQEBAQEBAQEBAQEBAQEBAQ==\r\n"
            + "Sec-WebSocket-Version: 13\r\n\r\n",
        "\u{1}GET /stream?streams=a/b HTTP/1.1\r\nhost: h\r\n\r\n", "\u{1}POST / HTTP/1.0\r\n\r\n",
    ]
}
