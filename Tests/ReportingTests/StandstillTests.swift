import ExperimentModel
import Testing

@testable import Reporting

/// Agents that did not run for a time are named, with when, before anything else is made of the delays.
struct StandstillTests {
    private static func standstill(_ from: Double, _ to: Double) -> Standstill {
        Standstill(from: SyntheticRun.moment(from), to: SyntheticRun.moment(to))
    }

    @Test func aForwarderThatStoodStillIsNamedWithItsTimesAndNotTheTransport() throws {
        var data = SyntheticRun().data()
        data.blocks[0].forwarders["tokyo"]?.standstills = [Self.standstill(10, 15)]
        data.blocks[0].forwarders["tokyo"]?.lanes[0].counts.windowWaitMs = 420
        data.retransmissionsAreKnown(on: "tokyo")
        let analysis = RunAnalyzer.analyze(data)
        let first = try #require(analysis.warnings.first)
        #expect(first.code == .stoodStill && first.place == .top)
        #expect(first.text.hasPrefix("the agent on tokyo stood still from 10.0 s to 15.0 s: "), "\(first.text)")
        #expect(first.text.contains("5.0 s of the window's 30.0 s"))
        #expect(!analysis.isVerdictUnusable, "the median stands")
        let wait = try #require(analysis.warnings.first { $0.code == .transportWait })
        #expect(wait.text.contains("the agent on tokyo stood still for 5.0 s"))
        #expect(!wait.text.contains("is transport, not network"))
    }

    @Test func aReceiverThatSleptThroughMostOfTheWindowGivesNoVerdict() throws {
        var data = SyntheticRun().data()
        data.blocks[0].receiver?.standstills = [Self.standstill(3, 71)]
        let analysis = RunAnalyzer.analyze(data)
        #expect(analysis.isVerdictUnusable)
        #expect(analysis.verdict.headline.contains("the agent on frankfurt stood still from 3.0 s to 71.0 s"))
        #expect(analysis.verdict.headline.contains("27.0 s of the window's 30.0 s"))
    }

    @Test func whatWasOutsideOfTheWindowIsNotNamed() {
        var data = SyntheticRun().data()
        data.blocks[0].receiver?.standstills = [Self.standstill(-4, -1), Self.standstill(31, 40)]
        #expect(!RunAnalyzer.analyze(data).warnings.contains { $0.code == .stoodStill })
    }
}

extension RunData {
    fileprivate mutating func retransmissionsAreKnown(on host: String) {
        blocks[0].retransmissions[host] = []
    }
}
