import ExperimentModel
import Testing

@testable import Orchestration

@Suite("The live block")
struct LiveBlockTests {
    private func lane(
        _ path: String,
        _ number: Int,
        rate: Double,
        medianMs: Double? = nil,
        p99Ms: Double? = nil,
        arrived: Int = 0,
        missing: Int = 0,
        connections: Int = 1
    ) -> LaneStatus {
        var lane = LaneStatus(path: path, lane: number, state: .streaming, ratePerSecond: rate, medianMs: medianMs)
        lane.p99Ms = p99Ms
        lane.counts.arrived = arrived
        lane.counts.missing = missing
        lane.connections = connections
        return lane
    }

    private var view: LiveView {
        var receiver = AgentStatus.measuring(
            [
                lane("baseline", 0, rate: 50, medianMs: 118.61, p99Ms: 121.2, arrived: 600),
                lane("baseline", 1, rate: 49, medianMs: 118.702, p99Ms: 121.31, arrived: 590),
                lane("backbone", 0, rate: 98, medianMs: 112.941, p99Ms: 113.802, arrived: 1_188, connections: 2),
            ],
            differenceMedianMs: -5.671
        )
        receiver.lanes[2].counts.missing = 12
        receiver.differencePairs = 1_120
        return LiveView(
            phase: "measure",
            elapsedSeconds: 12.4,
            totalSeconds: 23,
            paths: ["baseline", "backbone"],
            receiver: receiver,
            clockBoundsMs: ["tokyo": 0.0402, "frankfurt": 0.031]
        )
    }

    @Test("fits 80 columns, with each path's figures, the difference, and the clocks")
    func eighty() {
        #expect(
            LiveBlock.draw(view, width: 79, usesUnicode: true) == [
                "measure  0:12 of 0:23, 0:11 left",
                "  path         rate      events     p50 ms     p99 ms  missing  reconnects",
                "  baseline     99/s       1,190    118.702    121.310        0           0",
                "  backbone     98/s       1,188    112.941    113.802       12           1",
                "  Δ backbone - baseline: -5.671 ms so far (1,120 pairs)",
                "  clocks within: frankfurt 0.031 ms, tokyo 0.040 ms",
            ]
        )
    }

    @Test("says what is wrong: lanes that are down, hosts that are not reached")
    func troubles() {
        var view = view
        view.receiver?.lanes[1].state = .connecting
        view.receiver?.differenceMedianMs = nil
        view.clockBoundsMs = [:]
        view.unreachable = ["tokyo": 31.5]
        #expect(
            LiveBlock.draw(view, width: 199, usesUnicode: true).suffix(3) == [
                "  baseline     99/s       1,190    118.702    121.310        0           0  1 of 2 lanes up",
                "  backbone     98/s       1,188    112.941    113.802       12           1",
                "  ! tokyo not reached for 31 s; its agent goes on, and is looked for again",
            ]
        )
    }

    @Test("does not show the rate of a receiver that is not reached as if it were of now")
    func receiverNotReached() {
        var view = view
        view.unreachable = ["frankfurt": 8.5]
        let lines = LiveBlock.draw(view, width: 79, usesUnicode: true)
        #expect(lines.last == "  ! frankfurt not reached for 8 s; its agent goes on, the figures are of then")
        #expect(lines[2].hasPrefix("  baseline      ?/s       1,190"), "\(lines[2])")
    }

    @Test("gives long names the room that a wide terminal has, and cuts them on a narrow one")
    func names() {
        var view = view
        let long = "backbone-through-the-private-peering-of-the-two-regions"
        view.paths[1] = long
        view.receiver?.lanes[2].path = long
        let wide = LiveBlock.draw(view, width: 199, usesUnicode: true)
        #expect(wide[3].hasPrefix("  \(long)     98/s"))
        let narrow = LiveBlock.draw(view, width: 79, usesUnicode: false)
        #expect(narrow[3].hasPrefix("  backbone-thro     98/s"), "\(narrow[3])")
        #expect(narrow[4].hasPrefix("  difference backbone"))
        #expect(narrow[4].hasSuffix(">"))
    }

    @Test("is never wider than the terminal", arguments: [1, 10, 20, 60, 79, 199])
    func width(_ width: Int) {
        var view = view
        view.unreachable = ["tokyo": 1]
        for line in LiveBlock.draw(view, width: width, usesUnicode: true) { #expect(line.count <= width, "\(line)") }
    }

    @Test("before the first look says what is waited for, and counts down at the end")
    func edges() {
        var view = view
        view.receiver?.state = .finishing
        #expect(LiveBlock.draw(view, width: 79, usesUnicode: true)[0] == "measure  0:12 of 0:23, finishing")
        view.receiver = nil
        #expect(
            LiveBlock.draw(view, width: 79, usesUnicode: true)[1] == "  waiting for the first look at the receiver"
        )
    }

    @Test("as an event is a line of JSON with units in its names")
    func event() {
        var view = view
        view.unreachable = ["tokyo": 2]
        let paths =
            #"[{"events":1190,"lanes":2,"missing":0,"p50Ms":118.702,"p99Ms":121.31,"path":"baseline","ratePerSecond":99,"#
            + #""reconnects":0,"streaming":2},{"events":1188,"lanes":1,"missing":12,"p50Ms":112.941,"p99Ms":113.802,"#
            + #""path":"backbone","ratePerSecond":98,"reconnects":1,"streaming":1}]"#
        #expect(
            RunEvent.live(view).line
                == #"{"clockBoundMs":{"frankfurt":0.031,"tokyo":0.0402},"differenceMs":-5.671,"differencePairs":1120,"#
                + #""elapsedSeconds":12.4,"event":"live","paths":"# + paths
                + #","phase":"measure","totalSeconds":23,"unreachableSeconds":{"tokyo":2}}"#
        )
        var phase = PhaseRecord(name: "push", beganSeconds: 10)
        phase.endedSeconds = 12.5
        phase.outcome = .warning
        #expect(
            RunEvent.phaseEnded(phase).line
                == #"{"event":"phase ended","outcome":"warning","phase":"push","seconds":2.5}"#
        )
        #expect(
            RunEvent.checked(CheckRecord("build", .passed, "a \"b\"\nc")).line
                == #"{"check":"build","detail":"a \"b\"\nc","event":"checked","host":null,"outcome":"passed"}"#
        )
        let unanswered = RunEvent.unanswered(["tokyo": "has not answered for 7 s"]).line
        #expect(unanswered == #"{"event":"unanswered","hosts":{"tokyo":"has not answered for 7 s"}}"#)
        #expect(RunEvent.waiting("x").line == #"{"event":"waiting","text":"x"}"#)
    }
}
