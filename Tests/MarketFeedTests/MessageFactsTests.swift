import MarketFeed
import Testing

struct MessageFactsTests {
    @Test(arguments: MessageCorpus.entries.indices)
    func everyDocumentedShapeIsRecognised(index: Int) {
        let entry = MessageCorpus.entries[index]
        let facts = entry.text.facts
        #expect(facts.kind == entry.kind, "\(entry.text)")
        #expect(facts.problem == .none)
    }

    @Test func aWrappedFuturesBookTickerGivesAllItsFacts() {
        let text =
            #"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":11000000000002,"s":"BTCUSDT","b":"1","#
            + #""B":"1","a":"2","A":"1","T":1780000000122,"E":1780000000124}}"#
        let facts = text.facts
        #expect(facts.updateID == 11_000_000_000_002)
        #expect(facts.eventTimeNs == 1_780_000_000_124_000_000)
        #expect(facts.eventTimeUnit == .millisecond)
        #expect(facts.transactionTimeNs == 1_780_000_000_122_000_000)
        #expect(facts.isWrapped)
        #expect(text.part(facts.stream) == "btcusdt@bookTicker")
        #expect(text.part(facts.symbol) == "BTCUSDT")
        #expect(text.part(facts.eventType) == "bookTicker")
        #expect(facts.tradeID == nil)
        #expect(facts.requestID == nil)
    }

    @Test func aSpotBookTickerHasNoTimes() {
        let facts = #"{"u":5,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}"#.facts
        #expect(facts.kind == .bookTicker)
        #expect(facts.updateID == 5)
        #expect(facts.eventTimeNs == nil)
        #expect(facts.eventTimeUnit == nil)
        #expect(facts.transactionTimeNs == nil)
        #expect(!facts.isWrapped)
        #expect(facts.stream == nil)
    }

    @Test func microsecondsAreToldFromMilliseconds() {
        let facts = #"{"e":"trade","E":1780000000123456,"T":1780000000123,"s":"X","t":9}"#.facts
        #expect(facts.eventTimeNs == 1_780_000_000_123_456_000)
        #expect(facts.eventTimeUnit == .microsecond)
        #expect(facts.transactionTimeNs == 1_780_000_000_123_000_000)
        #expect(facts.tradeID == 9)
    }

    @Test func aDepthUpdateHasItsFirstAndLastID() {
        let facts = #"{"e":"depthUpdate","E":1780000000123,"s":"X","U":157,"u":160,"b":[],"a":[]}"#.facts
        #expect(facts.firstUpdateID == 157)
        #expect(facts.updateID == 160)
    }

    @Test func answersGiveTheirRequestAndError() {
        #expect(#"{"result":null,"id":4294967295}"#.facts.requestID == 4_294_967_295)
        #expect(#"{"result":null,"id":"abc"}"#.facts.requestID == nil)
        let nested = #"{"error":{"code":2,"msg":"bad stream"},"id":20}"#
        #expect(nested.facts.errorCode == 2)
        #expect(nested.part(nested.facts.errorMessage) == "bad stream")
        #expect(nested.facts.requestID == 20)
        let flat = #"{"code":-1121,"msg":"bad symbol"}"#
        #expect(flat.facts.errorCode == -1121)
        #expect(flat.part(flat.facts.errorMessage) == "bad symbol")
    }

    @Test func aNameInsideAStringOrANestedObjectIsNotAMember() {
        let text =
            #"{"x":"brace } and \"u\":9,\"E\":1","o":{"u":8,"E":1780000000999,"data":{"u":3}},"l":[{"u":7}],"u":5,"#
            + MessageCorpus.quote + "}"
        #expect(text.facts.kind == .bookTicker)
        #expect(text.facts.updateID == 5)
        #expect(text.facts.eventTimeNs == nil)
    }

    @Test func aDataMemberWithoutAStreamIsNoWrapper() {
        let text = #"{"e":"bookTicker","u":5,"s":"X","data":{"u":6,"s":"Y","e":"trade"}}"#
        #expect(text.facts.kind == .bookTicker)
        #expect(text.facts.updateID == 5)
        #expect(text.part(text.facts.symbol) == "X")
    }

    @Test func aWrappersOwnMembersAreNotTheEvents() {
        let text = #"{"u":1,"stream":"a@b","s":"Z","data":{"u":2,"e":"bookTicker","s":"Y"},"E":1780000000001}"#
        #expect(text.facts.updateID == 2)
        #expect(text.part(text.facts.symbol) == "Y")
        #expect(text.facts.eventTimeNs == nil)
    }

    @Test func ofANameThatComesTwiceTheLastCounts() {
        #expect(#"{"u":5,"u":6,\#(MessageCorpus.quote)}"#.facts.updateID == 6)
        #expect(#"{"u":"x","u":6,\#(MessageCorpus.quote)}"#.facts.updateID == 6)
        #expect(#"{"u":6,"u":null,\#(MessageCorpus.quote)}"#.facts.problem == .updateID)
        let wrapped = #"{"stream":"a","data":{"u":1,\#(MessageCorpus.quote)},"data":{"u":2,\#(MessageCorpus.quote)}}"#
        #expect(wrapped.facts.updateID == 2)
    }

    @Test func namesAndTypesWrittenWithEscapesAreTheSame() {
        let text = #"{"\u0065":"book\u0054icker","\u0075":6,"s":"X","\u0045":1780000000001}"#
        #expect(text.facts.kind == .bookTicker)
        #expect(text.facts.updateID == 6)
        #expect(text.facts.eventTimeNs == 1_780_000_000_001_000_000)
        let wrapped = #"{"str\u0065am":"a","d\u0061ta":{"u":1,\#(MessageCorpus.quote)}}"#
        #expect(wrapped.facts.isWrapped)
        #expect(wrapped.facts.updateID == 1)
    }

    @Test func everyLengthOfIntegerIsReadWhereverItStands() {
        for digits in 1...18 {
            let number = Int64(String("123456789123456789".prefix(digits))) ?? 0
            for tail in ["", #","x":"in the middle of a longer message""#] {
                let text = #"{\#(MessageCorpus.quote),"u":\#(number)\#(tail)}"#
                #expect(text.facts.updateID == number)
            }
        }
        #expect(#"{\#(MessageCorpus.quote),"u":9223372036854775807}"#.facts.updateID == .max)
        #expect(#"{\#(MessageCorpus.quote),"u":0}"#.facts.updateID == 0)
    }
}
