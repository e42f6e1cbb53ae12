import ExperimentModel
import Testing

@testable import Orchestration

@Suite("The live line and the phases' lines")
struct LiveTextTests {
    private func lane(_ path: String, _ number: Int, rate: Double, medianMs: Double?, missing: Int = 0) -> LaneStatus {
        var lane = LaneStatus(path: path, lane: number, state: .streaming, ratePerSecond: rate, medianMs: medianMs)
        lane.counts.missing = missing
        return lane
    }

    private func view(lanes: [LaneStatus], difference: Double? = nil) -> LiveView {
        LiveView(
            phase: "measure",
            elapsedSeconds: 12.4,
            totalSeconds: 23,
            paths: ["baseline", "backbone"],
            receiver: .measuring(lanes, differenceMedianMs: difference)
        )
    }

    @Test("shows time, each path's median and rate, and the difference")
    func line() {
        let view = view(
            lanes: [
                lane("baseline", 0, rate: 50, medianMs: 118.61), lane("baseline", 1, rate: 49, medianMs: 118.70),
                lane("backbone", 0, rate: 98, medianMs: 112.94),
            ],
            difference: -5.671
        )
        #expect(
            LiveLine.draw(view, width: 120)
                == "0:12/0:23  baseline 118.70 ms 99/s  backbone 112.94 ms 98/s  Δ -5.67 ms"
        )
    }

    @Test("breaks evidence at the terminal's width, indented, and leaves it whole elsewhere")
    func wrapsEvidence() {
        let check = CheckRecord(host: "tokyo", "machine", .passed, "Debian GNU/Linux 12, Linux 6.18, 2 CPUs\n| end")
        #expect(
            PhaseText(usesUnicode: true, usesColour: false, width: 40).line(check) == """
                  ✓ tokyo machine: Debian GNU/Linux 12,
                      Linux 6.18, 2 CPUs
                      | end
                """
        )
        #expect(PhaseText(usesUnicode: true, usesColour: false).line(check).split(separator: "\n").count == 2)
    }

    @Test("says which lanes do not stream, what is missing, and which host is not reached")
    func troubles() {
        var waiting = lane("backbone", 0, rate: 0, medianMs: nil, missing: 7)
        waiting.state = .waiting
        var view = view(lanes: [lane("baseline", 0, rate: 10, medianMs: nil), waiting])
        view.unreachable = ["tokyo": 31.5]
        let line = LiveLine.draw(view, width: 200)
        #expect(line.contains("tokyo not reached for 31 s, its agent goes on"))
        #expect(line.contains("backbone 0/s (0 of 1 lanes)"))
        #expect(line.hasSuffix("7 missing"))
    }

    @Test("is never wider than the terminal", arguments: [1, 10, 20, 79])
    func width(_ width: Int) {
        let view = view(lanes: [lane("baseline", 0, rate: 1, medianMs: 1), lane("backbone", 0, rate: 1, medianMs: 1)])
        #expect(LiveLine.draw(view, width: width).count <= width)
    }

    @Test(
        "writes times as people read them",
        arguments: [(0.0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3_725, "1:02:05")]
    )
    func times(_ seconds: Double, _ text: String) {
        #expect(LiveLine.time(seconds) == text)
    }

    @Test("marks checks in the characters and colours that the terminal has")
    func marks() {
        let check = CheckRecord(host: "tokyo", "clock", .failed, "no answer\n| sources")
        #expect(
            PhaseText(usesUnicode: true, usesColour: false).line(check) == "  ✗ tokyo clock: no answer\n      | sources"
        )
        #expect(PhaseText(usesUnicode: false, usesColour: false).line(check).hasPrefix("  x tokyo clock"))
        #expect(PhaseText(usesUnicode: false, usesColour: true).mark(.passed) == "\u{1B}[32mok\u{1B}[0m")
        var phase = PhaseRecord(name: "push", beganSeconds: 10)
        phase.endedSeconds = 12.34
        phase.outcome = .warning
        #expect(PhaseText(usesUnicode: true, usesColour: false).line(phase) == "! push done, with warnings (2.3 s)")
    }
}
