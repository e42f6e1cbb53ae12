import MarketFeed

/// Messages written by hand in every shape that the exchange documents or was seen to send, with what each is.
enum MessageCorpus {
    struct Entry: Sendable {
        let text: String
        let kind: MessageFacts.Kind

        init(_ kind: MessageFacts.Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    static let quote = #""s":"BTCUSDT","b":"60000.10","B":"1.500","a":"60000.20","A":"2.250""#

    static let entries: [Entry] =
        events + answers + [
            Entry(.serverShutdown, #"{"e":"serverShutdown","E":1780000000123}"#),
            Entry(.serverShutdown, #"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1780000000123}}"#),
            Entry(.otherEvent, "{}"),
            Entry(.otherEvent, #"[{"e":"24hrTicker","E":1780000000123,"s":"BTCUSDT"},{"e":"24hrTicker"}]"#),
        ]

    private static let events: [Entry] = [
        Entry(.bookTicker, #"{"u":100500600700,\#(quote)}"#),
        Entry(.bookTicker, #"{"stream":"btcusdt@bookTicker","data":{"u":100500600701,\#(quote)}}"#),
        Entry(.bookTicker, #"{"data":{"u":100500600702,\#(quote)},"stream":"btcusdt@bookTicker"}"#),
        Entry(.bookTicker, #"{"e":"bookTicker","u":11000000000001,\#(quote),"T":1780000000122,"E":1780000000123}"#),
        Entry(
            .bookTicker,
            #"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":11000000000002,"s":"BTCUSDT","ps":"BTCUSDT","#
                + #""b":"60000.10","B":"1.500","a":"60000.20","A":"2.250","T":1780000000122,"E":1780000000124,"st":1}}"#
        ),
        Entry(
            .bookTicker,
            #"{"u":1144000001,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"60000.1","B":"23","a":"60000.2","#
                + #""A":"3","T":1780000000005,"E":1780000000130}"#
        ),
        Entry(
            .bookTicker,
            " {\n \"u\" : 7 ,\t\"s\" : \"X\", \"b\":\"1\" , \"B\":\"1\", \"a\":\"2\", \"A\":\"1\"\r\n} "
        ),
        Entry(
            .trade,
            #"{"e":"trade","E":1780000000123,"s":"BTCUSDT","t":3071000001,"p":"60000.10000000","q":"0.00056000","#
                + #""T":1780000000121,"m":true,"M":true}"#
        ),
        Entry(
            .trade,
            #"{"stream":"btcusdt@trade","data":{"e":"trade","E":1780000000123456,"s":"BTCUSDT","t":3071000002,"#
                + #""p":"60000.10","q":"0.5","b":20720542158,"a":20720542592,"T":1780000000123001,"m":false,"M":true}}"#
        ),
        Entry(
            .trade,
            #"{"stream":"dogeusdt@trade","data":{"e":"trade","E":1780000000123,"T":1780000000123,"s":"DOGEUSDT","#
                + #""t":5182000001,"p":"0","q":"0","X":"NA","m":true,"st":1}}"#
        ),
        Entry(
            .aggTrade,
            #"{"e":"aggTrade","E":1780000000123,"a":26129,"s":"BTCUSDT","p":"60000.10","q":"4.7","nq":"4.7","f":100,"#
                + #""l":105,"T":1780000000001,"m":true}"#
        ),
        Entry(
            .depthUpdate,
            #"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1780000000123,"T":1780000000120,"#
                + #""s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["60000.1","10"],["59999.9","0.000"]],"a":[]}}"#
        ),
        Entry(
            .otherEvent,
            #"{"stream":"btcusdt@depth5","data":{"lastUpdateId":160,"bids":[["60000.1","10"]],"asks":[["60000.2","1"]]}}"#
        ),
        Entry(
            .otherEvent,
            #"{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1780000000123,"s":"BTCUSDT","#
                + #""k":{"t":1780000000000, "T":1780000059999, "s":"BTCUSDT", "u":5, "x":false, "B":"0"}}}"#
        ),
        Entry(
            .otherEvent,
            #"{"stream":"!forceOrder@arr","data":{"e":"forceOrder","E":1780000000123,"o":{"s":"牛来USDT","#
                + #""S":"SELL","q":"9243","T":1779999999123,"ps":"牛来USDT"}}}"#
        ),
        Entry(
            .otherEvent,
            #"{"e":"markPriceUpdate","E":1780000000000,"s":"BTCUSDT","p":"60000.1","r":"0.00010000","T":1780012800000}"#
        ),
        Entry(
            .otherEvent,
            #"{"stream":"btcusdt@referencePrice","data":{"e":"referencePrice","s":"BTCUSDT","r":null,"t":1780000000012}}"#
        ),
        Entry(
            .otherEvent,
            #"{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","E":1780000000123,"s":"BTCUSDT","u":1}]}"#
        ),
    ]

    private static let answers: [Entry] = [
        Entry(.acknowledgement, #"{"result":null,"id":1}"#),
        Entry(.acknowledgement, #"{"id":1,"result":null}"#),
        Entry(.acknowledgement, #"{"result":["btcusdt@aggTrade"],"id":3}"#),
        Entry(.acknowledgement, #"{"result":true,"id":"abc"}"#),
        Entry(.error, #"{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":1}"#),
        Entry(.error, #"{"error":{"code":2,"msg":"Invalid request: missing field `method`"},"id":null}"#),
        Entry(.error, #"{"code": 0, "msg": "Unknown property","id": 5}"#),
        Entry(.error, #"{"code":-1121,"msg":"Invalid \"symbol\"."}"#),
        Entry(.error, #"{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}"#),
    ]
}

extension String {
    /// The facts of a message and the texts of its ranges, while its bytes are there.
    var facts: MessageFacts {
        Array(utf8).withUnsafeBytes { MessageFacts(scanning: $0) }
    }

    /// The part of the message that a range names.
    func part(_ range: TextRange?) -> String? {
        range.map { range in Array(utf8).withUnsafeBytes { range.text(in: $0) } }
    }
}
