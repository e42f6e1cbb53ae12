import ExperimentModel
import Testing

@testable import LabWorld

@Suite struct PacketLinkSettingsTests {
    @Test("A change is read word by word")
    func words() throws {
        let change = try PacketLinkChange(words: ["delay=112ms", "jitter=200us", "loss=0.1%", "rate=10M", "cut=5s"])
        #expect(change.delay == .milliseconds(112))
        #expect(change.jitter == TimeSpan(ns: 200_000))
        #expect(change.loss == 0.001)
        #expect(change.bitsPerSecond == 10e6)
        #expect(change.cut == .seconds(5))
        #expect(try PacketLinkChange(words: ["loss=0.25"]).loss == 0.25)
    }

    @Test(
        "What is no change is named",
        arguments: ["delay", "delay=fast", "loss=200%", "loss=-1", "rate=x", "colour=red"]
    )
    func wrong(word: String) {
        let error = #expect(throws: LabError.self) { try PacketLinkChange(words: ["delay=1ms", word]) }
        #expect(error?.code == .specification)
        #expect(error?.message.contains("'\(word)'") == true)
    }
}
