import MarketFeed
import Testing

struct MessageProblemTests {
    static let quote = MessageCorpus.quote

    @Test(
        arguments: [
            ("", .empty), (" \n", .empty),
            ("null", .notAnObject), ("[1,2]", .notAnObject), ("[]", .notAnObject), ("\"text\"", .notAnObject),
            ("12", .notAnObject), ("true", .notAnObject), ("[[{}]]", .notAnObject),
            ("hello", .malformed), ("nul", .truncated), ("null}", .notAnObject), ("{]", .malformed), ("}", .malformed),
            (#"{"u":5,}"#, .malformed), (#"{,"u":5}"#, .malformed), (#"{"u" 5}"#, .malformed), (#"{"u":}"#, .malformed),
            (#"{u:5}"#, .malformed), (#"{"u":5 "s":1}"#, .malformed), (#"{"x":[1,]}"#, .malformed),
            (#"{"x":[1 2]}"#, .malformed), (#"{"x":{"y"}}"#, .malformed), (#"{"x":{"y":1,}}"#, .malformed),
            (#"{"x":[}"#, .malformed), (#"{"x":{]}"#, .malformed), (#"{"x":01}"#, .malformed),
            (#"{"u":01}"#, .malformed),
            (#"{"x":1.}"#, .malformed), (#"{"x":.5}"#, .malformed), (#"{"x":+1}"#, .malformed),
            (#"{"x":1e}"#, .malformed),
            (#"{"x":-}"#, .malformed), (#"{"x":--1}"#, .malformed), (#"{"u":1e+}"#, .malformed),
            (#"{"x":NaN}"#, .malformed),
            (#"{"x":"\q"}"#, .malformed), (#"{"x":"\u12g4"}"#, .malformed), (#"{"x":"\ud800"}"#, .malformed),
            (#"{"x":"\udc00"}"#, .malformed), (#"{"x":"\ud800A"}"#, .malformed), ("{\"x\":\"a\tb\"}", .malformed),
            ("{\"x\":\"long enough for a word\u{1}\"}", .malformed), ("{\"x\":\"\u{0}\"}", .malformed),
            (#"{"":""":1}"#, .malformed),
            ("{", .truncated), ("{\"", .truncated), ("{\"u", .truncated), ("{\"u\"", .truncated),
            ("{\"u\":", .truncated),
            ("{\"u\":5", .truncated), ("{\"u\":5,", .truncated), ("{\"x\":[", .truncated),
            ("{\"x\":{\"y\":[1", .truncated),
            (#"{"x":"\"#, .truncated), (#"{"x":"\u12"#, .truncated), (#"{"x":"\ud83d"#, .truncated),
            (#"{"x":"\ud83d\"#, .truncated), (#"{"x":tr"#, .truncated), (#"{"stream":"a","data":{"u":1}"#, .truncated),
            (#"{"u":5} x"#, .trailingBytes), (#"{"u":5}}"#, .trailingBytes), (#"{}{}"#, .trailingBytes),
        ] as [(String, MessageFacts.Problem)]
    )
    func textThatIsNoMessageSaysWhy(text: String, problem: MessageFacts.Problem) {
        let facts = text.facts
        #expect(facts.kind == .invalid)
        #expect(facts.problem == problem)
        #expect(facts.problemOffset <= text.utf8.count)
    }

    @Test(
        arguments: [
            (#"{"u":18446744073709551616,\#(quote)}"#, .updateID), (#"{"u":9223372036854775808,\#(quote)}"#, .updateID),
            (#"{"u":-5,\#(quote)}"#, .updateID), (#"{"u":5.0,\#(quote)}"#, .updateID),
            (#"{"u":5e3,\#(quote)}"#, .updateID),
            (#"{"u":"5",\#(quote)}"#, .updateID), (#"{"u":null,\#(quote)}"#, .updateID),
            (#"{"e":"bookTicker",\#(quote)}"#, .updateID), (#"{"e":"depthUpdate","u":7,"U":-1,"s":"X"}"#, .updateID),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":"1780000000123"}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":1780000000}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":17800000001234}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":1780000000123456789}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":9999999999999}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"E":-1}"#, .eventTime),
            (#"{"e":"bookTicker","u":5,\#(quote),"T":1780000000123.5}"#, .transactionTime),
            (#"{"e":"trade","E":1780000000123,"s":"X","t":"9"}"#, .tradeID), (#"{"e":"trade","s":"X"}"#, .tradeID),
            (#"{"e":"trade","s":7,"t":9}"#, .symbol), (#"{"u":5,"b":"1","B":"1","a":"2","A":"1"}"#, .symbol),
            (#"{"e":5,"u":5,\#(quote)}"#, .eventType), (#"{"e":null}"#, .eventType),
        ] as [(String, MessageFacts.Problem)]
    )
    func aMemberThatItsKindNeedsIsNamedWhenItIsNotUsable(text: String, problem: MessageFacts.Problem) {
        #expect(text.facts.kind == .invalid)
        #expect(text.facts.problem == problem)
    }

    @Test func membersOfOtherEventsMayBeWhateverTheyAre() {
        #expect(#"{"e":"ACCOUNT_UPDATE","E":"x","T":"TRADE","u":{"a":1},"t":-1,"s":[]}"#.facts.kind == .otherEvent)
    }

    @Test func aShutdownNoticeIsHeededWhateverElseItSays() {
        #expect(#"{"e":"serverShutdown","E":"soon"}"#.facts.kind == .serverShutdown)
    }

    @Test func nestingIsFollowedUpToItsLimit() {
        let deepest = #"{"x":"# + String(repeating: "[", count: 31) + String(repeating: "]", count: 31) + "}"
        #expect(deepest.facts.kind == .otherEvent)
        let tooDeep = #"{"x":"# + String(repeating: "[", count: 32) + String(repeating: "]", count: 32) + "}"
        #expect(tooDeep.facts.problem == .tooDeep)
        #expect((#"{"x":"# + String(repeating: "[", count: 1_000_000)).facts.problem == .tooDeep)
        let inner = #"{"stream":"a","data":{"x":"# + String(repeating: #"{"y":"#, count: 30) + "1"
        #expect((inner + String(repeating: "}", count: 32)).facts.kind == .otherEvent)
        #expect((inner + "," + String(repeating: "}", count: 32)).facts.problem == .malformed)
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE2, 0x82, 0x28],
        ] as [[UInt8]]
    )
    func textThatIsNotUTF8IsRefusedAnywhereInAString(bytes: [UInt8]) {
        for padding in 0..<17 {
            let message = Array(#"{"x":"\#(String(repeating: "p", count: padding))"#.utf8) + bytes + Array("pp\"}".utf8)
            let facts = message.withUnsafeBytes { MessageFacts(scanning: $0) }
            #expect(facts.problem == .invalidUTF8)
        }
    }

    @Test func validCharactersOfEveryLengthPassAnywhereInAString() {
        for padding in 0..<17 {
            let text = #"{"x":"\#(String(repeating: "p", count: padding))é牛𝄞\u00e9\ud834\udd1e\/\n","u":5,"#
            #expect((text + MessageCorpus.quote + "}").facts.updateID == 5)
        }
    }

    @Test func everyPrefixOfAMessageIsTruncatedAndReadsNothingBeyondIt() {
        for entry in MessageCorpus.entries where entry.text.utf8.first == UInt8(ascii: "{") && entry.text != "{}" {
            let bytes = Array(entry.text.utf8)
            for length in 1..<bytes.count {
                // Storage of exactly this size, so that a sanitizer would see a read beyond it.
                let part = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
                defer { part.deallocate() }
                part.copyBytes(from: bytes[..<length])
                #expect(MessageFacts(scanning: UnsafeRawBufferPointer(part)).problem == .truncated)
            }
        }
    }
}
