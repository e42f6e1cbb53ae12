import Foundation
import Testing

@testable import ExperimentModel

/// What people read of a file that is not what it should be.
struct JSONFaultTextTests {
    private struct Lane: Decodable { var counts: [String: Int] }
    private struct Form: Decodable {
        var name: String
        var lanes: [Lane]
    }

    @Test(arguments: [
        ("{\"name\": \"a\",\n \"lanes\" 7}", "line 2, column 10: expected ':' after the name, found '7'"),
        ("[]", "the whole of it should be an object"),
        ("{\"lanes\": []}", "name is missing"),
        ("{\"name\": 7, \"lanes\": []}", "name should be text"),
        ("{\"name\": null, \"lanes\": []}", "name is empty, and should be text"),
        ("{\"name\": \"\", \"lanes\": [{\"counts\": {\"a\": \"b\"}}]}", "lanes[0].counts.a should be a whole number"),
    ])
    func theFaultIsNamedWithItsPlace(_ text: String, _ said: String) throws {
        let data = Data(text.utf8)
        let error = try #require(throws: DecodingError.self) { try JSONDecoder().decode(Form.self, from: data) }
        #expect(JSONFaultText.text(of: error, in: data) == said)
    }

    @Test func aTextWithANulIsNamed() {
        let data = Data("{\"name\": \"x\",\n \"streams\": [\"a\\u0000b\"]}".utf8)
        let error = #expect(throws: ExperimentError.self) {
            try ExperimentReader.read(data, fileName: "x.json") { _ in Data() }
        }
        let said = error.map { "\($0)" } ?? ""
        #expect(said.contains("line 2, column 16: a text must not hold \\u0000"), "\(said)")
    }
}
