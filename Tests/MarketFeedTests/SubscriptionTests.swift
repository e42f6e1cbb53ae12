import Foundation
import MarketFeed
import TestSupport
import Testing

struct SubscriptionTests {
    @Test func aRequestIsTheOneOfTheDocumentation() throws {
        let pieces = try SubscriptionRequest.pieces(.subscribe, streams: ["btcusdt@bookTicker", "btcusdt@trade"])
        #expect(
            pieces.map { String(decoding: $0.json, as: UTF8.self) } == [
                #"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@trade"],"id":1}"#
            ]
        )
    }

    @Test(arguments: [1, 199, 200, 201, 400, 1024])
    func manyStreamsComeInPiecesWithinTheLimits(count: Int) throws {
        for name in ["s", "a-rather-long-symbol-name-of-some-forty-bytes"] {
            let streams = (0..<count).map { "\(name)\($0)@bookTicker" }
            let pieces = try SubscriptionRequest.pieces(.unsubscribe, streams: streams, firstID: 10)
            #expect(pieces.flatMap(\.streams) == streams)
            #expect(pieces.map(\.id) == (0..<pieces.count).map { 10 + UInt32($0) })
            for piece in pieces {
                #expect(piece.streams.count <= SubscriptionRequest.maximumStreams)
                #expect(piece.json.count <= SubscriptionRequest.maximumBytes)
                let object = try JSONSerialization.jsonObject(with: Data(piece.json)) as? [String: Any]
                #expect(object?["params"] as? [String] == piece.streams)
                #expect(object?["method"] as? String == "UNSUBSCRIBE")
            }
        }
    }

    @Test func whatCannotBeAskedForIsAnError() {
        let cases: [([String], MarketFeedError.Code)] = [
            ([], .noStreams), (["a\"b"], .invalidStreamName), ([String(repeating: "a", count: 5000)], .requestTooLarge),
            ((0..<1025).map { "s\($0)" }, .tooManyStreams),
        ]
        for (streams, code) in cases {
            let error = #expect(throws: MarketFeedError.self) {
                try SubscriptionRequest.pieces(.subscribe, streams: streams)
            }
            #expect(error?.code == code)
        }
    }

    @Test func noSecondSeesMoreThanFiveMessages() {
        var limiter = MessageRateLimiter()
        var random = SeededGenerator(seed: 5)
        var sent: [Int64] = []
        var nowNs: Int64 = -3_000_000_000
        while sent.count < 500 {
            if limiter.tryToSend(nowNs: nowNs) {
                sent.append(nowNs)
            } else {
                #expect(limiter.earliestNs(nowNs: nowNs) > nowNs)
            }
            nowNs += Int64.random(in: 0...300_000_000, using: &random)
        }
        for (first, sixth) in zip(sent, sent.dropFirst(5)) {
            #expect(sixth - first >= MessageRateLimiter.windowNs)
        }
    }

    @Test func theNextMomentIsExact() {
        var limiter = MessageRateLimiter(messagesPerSecond: 2)
        let moments: [Int64] = [100, 200, 1_000_000_099, 1_000_000_100]
        #expect(limiter.earliestNs(nowNs: 300) == 300)
        #expect(moments.map { limiter.tryToSend(nowNs: $0) } == [true, true, false, true])
        #expect(limiter.earliestNs(nowNs: 1_000_000_100) == 1_000_000_200)
    }

    @Test func aPongThatCouldNotWaitCountsToo() {
        var limiter = MessageRateLimiter(messagesPerSecond: 1)
        limiter.noteSent(nowNs: 0)
        limiter.noteSent(nowNs: 500_000_000)
        #expect(limiter.earliestNs(nowNs: 600_000_000) == 1_500_000_000)
    }
}

extension MessageRateLimiter {
    /// Sends if the limit allows it now, as whoever uses it does.
    fileprivate mutating func tryToSend(nowNs: Int64) -> Bool {
        guard earliestNs(nowNs: nowNs) <= nowNs else { return false }
        noteSent(nowNs: nowNs)
        return true
    }
}
