import ExperimentModel
import LabWorld
import Testing

struct ExchangeCommandTests {
    @Test func `words are read`() throws {
        let cases: [(String, ExchangeCommand)] = [
            ("close 1001", .close(code: 1_001, reason: "")),
            ("close 1008 Pong timeout", .close(code: 1_008, reason: "Pong timeout")),
            ("shutdown 3s", .shutDown(after: .seconds(3))), ("silence", .silence), ("reset", .reset),
            ("tear", .tearRecord), ("kill-one", .killOneOfEachHost), ("heal", .heal), ("burst 50000", .burst(50_000)),
            ("nonsense 80", .nonsense(80)), ("bad-frame", .badFrame), ("huge-frame", .hugeFrame),
        ]
        for (text, command) in cases {
            #expect(try ExchangeCommand(words: text.split(separator: " ").map(String.init)) == command)
        }
    }

    @Test(arguments: [
        "", "close", "close 99", "close x", "shutdown", "shutdown soon", "burst 0", "burst -1", "reset now", "fly",
    ])
    func `other words are refused by name`(text: String) throws {
        let error = #expect(throws: LabError.self) {
            try ExchangeCommand(words: text.split(separator: " ").map(String.init))
        }
        #expect(error?.code == .specification)
        #expect(error?.message.contains("'\(text)'") == true)
    }
}
