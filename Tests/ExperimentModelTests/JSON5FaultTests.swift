import Foundation
import Testing

@testable import ExperimentModel

@Suite("The place where a text stops being JSON5")
struct JSON5FaultTests {
    @Test(
        "is named by line and column",
        arguments: [
            ("{\n  \"name\": \"x\"\n  \"feed\": {}\n}", "line 3, column 3: expected ',' or '}', found '\"'"),
            ("{ \"name\" \"x\" }", "line 1, column 10: expected ':' after the name, found '\"'"),
            ("{ \"name\": }", "line 1, column 11: expected a value, found '}'"),
            ("{ \"name\": \"x\n}", "line 1, column 11: this text has no closing quote"),
            ("{ \"paths\": [1, 2\n", "line 1, column 12: this array has no end"),
            ("{\r\n  // all\r\n  a: [1 2] }", "line 3, column 9: expected ',' or ']', found '2'"),
            ("/* x", "line 1, column 1: this comment has no end"),
            ("# README", "line 1, column 1: expected a value, found '#'"),
            ("{} {}", "line 1, column 4: expected the end of the file, found '{'"),
            ("", "line 1, column 1: expected a value, found the end of the file"),
            ("{,}", "line 1, column 2: expected a name or '}', found ','"),
        ]
    )
    func place(text: String, says: String) {
        #expect(JSON5Fault.find(in: text)?.description == says)
        #expect(throws: (any Error).self) { try JSONValue(json5: Data(text.utf8)) }
    }

    @Test(
        "is not found in one that is",
        arguments: [
            "{ name: 'x', \"n\": +1.5e-3, list: [0x1F, .5, null, true,], /* c */ }", "[[]] // end",
            "\"a\\\"b\\\nc\"",
        ]
    )
    func none(text: String) throws {
        #expect(JSON5Fault.find(in: text) == nil)
        _ = try JSONValue(json5: Data(text.utf8))
    }

    @Test(
        "is where an object has a name the second time",
        arguments: [
            ("{ \"a\": 1, b: 2, \"a\": 3 }", "line 1, column 17: 'a' stands here a second time"),
            (
                "{ list: [{ a: 1 }, { a: 1 }],\n  inner: { list: 1, 'list': 2 } }",
                "line 2, column 21: 'list' stands here a second time"
            ),
        ]
    )
    func twice(text: String, says: String) throws {
        #expect(JSON5Fault.find(in: text)?.description == says)
        // The parser takes it.
        _ = try JSONValue(json5: Data(text.utf8))
    }

    @Test("does not take the stack down, however deep the text")
    func deep() {
        let text = String(repeating: "[", count: 100_000)
        #expect(JSON5Fault.find(in: text)?.problem == "too many levels")
    }
}
