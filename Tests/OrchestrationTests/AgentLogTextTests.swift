import Testing

@testable import Orchestration

struct AgentLogTextTests {
    @Test(
        "A line of an agent's log is said in words, and anything else as it is",
        arguments: [
            (
                #"{"event":"feed.closed","lane":"baseline 0","level":"warning","reason":"refused","wallNs":"1764151923123456789"}"#,
                "10:12:03 warning: baseline 0 feed closed: refused"
            ),
            (
                #"{"asked":"bbr","event":"relay.congestionControl","got":"cubic","level":"info","wallNs":"86399999999999"}"#,
                "23:59:59 relay congestion control: asked bbr, got cubic"
            ),
            (#"{"event":"end","level":"info"}"#, "end"),
            ("sh: 1: ./latexp-agent: not found", "sh: 1: ./latexp-agent: not found"),
            (#"{"event":"torn","#, #"{"event":"torn","#),
        ]
    )
    func words(line: String, text: String) {
        #expect(AgentLogText.text(line) == text)
    }
}
