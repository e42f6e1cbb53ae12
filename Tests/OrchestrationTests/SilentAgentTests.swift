import ExperimentModel
import Testing

@testable import Orchestration

/// What a live view shows of agents that stand still, cannot write, or change connections as planned.
@Suite("The live view of agents in trouble")
struct SilentAgentTests {
    private var view: LiveView {
        var lane = LaneStatus(path: "baseline", lane: 0, state: .streaming, connections: 3, ratePerSecond: 98)
        lane.plannedReplacements = 1
        return LiveView(
            phase: "measure",
            elapsedSeconds: 12,
            totalSeconds: 23,
            paths: ["baseline"],
            receiver: .measuring([lane])
        )
    }

    @Test("does not show a silent receiver's rate as if it were of now")
    func silent() {
        var view = self.view
        #expect(LiveLine.draw(view, width: 200).contains("98/s"))
        view.silent = ["frankfurt": 7.4]
        let line = LiveLine.draw(view, width: 200)
        #expect(line.contains("frankfurt's agent silent for 7 s") && line.contains("figures of then"))
        #expect(!line.contains("98/s"))
        let block = LiveBlock.draw(view, width: 100, usesUnicode: true).joined(separator: "\n")
        #expect(block.contains("! frankfurt: its agent has said nothing new for 7 s; the figures are of then"))
        #expect(!block.contains("98/s"))
    }

    @Test("says what an agent cannot write")
    func troubles() {
        var view = self.view
        view.troubles = ["frankfurt": "cannot write samples.bin: No space left on device; recording ended"]
        #expect(LiveLine.draw(view, width: 200).contains("No space left on device"))
        #expect(LiveBlock.draw(view, width: 100, usesUnicode: true).last?.contains("No space left on device") ?? false)
    }

    @Test("counts planned replacements apart from lost connections")
    func planned() {
        #expect(LiveFigures(view).paths.map(\.reconnects) == [1])
        #expect(LiveBlock.draw(view, width: 100, usesUnicode: true)[2].hasSuffix("1  and 1 planned"))
    }
}
