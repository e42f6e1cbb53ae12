import ExperimentModel
import Foundation
import Testing

struct ClockTests {
    /// A line of chrony 4.3 on a machine that follows 10.9.0.1.
    private static let good =
        "0A090001,10.9.0.1,2,1700000000.123456789,0.000010000,0.000005000,0.000020000,-12.345,0.001,0.100,"
        + "0.000400000,0.000050000,1.0,Normal"

    private func reading(_ line: String, ageSeconds: Int64 = 1) throws -> ClockReading {
        ClockReading(
            at: Timestamp(wallNs: (1_700_000_000 + ageSeconds) * 1_000_000_000, monotonicNs: 0),
            tracking: try ChronyTracking(csv: line)
        )
    }

    @Test("All values are read, and the bound is abs(offset) + root dispersion + root delay / 2")
    func bound() throws {
        let tracking = try ChronyTracking(csv: Self.good)
        #expect(tracking.stratum == 2)
        #expect(tracking.referenceName == "10.9.0.1")
        #expect(tracking.skewPPM == 0.1)
        #expect(abs(tracking.boundSeconds - 0.000260) < 1e-12)
        let slow = try ChronyTracking(csv: Self.good.replacingOccurrences(of: "0.000010000", with: "-0.000010000"))
        #expect(slow.boundSeconds == tracking.boundSeconds)
    }

    @Test(
        "What chronyc does not print is refused",
        arguments: [
            "", "506 Cannot talk to daemon", "a,b,c", "0A,x,99,0,0,0,0,0,0,0,0,0,0,Normal",
            "0A,x,2,nan,0,0,0,0,0,0,0,0,0,Normal",
        ]
    )
    func malformed(line: String) {
        #expect(throws: ExperimentError.self) { try ChronyTracking(csv: line) }
    }

    @Test("A good clock passes with its bound")
    func passes() throws {
        let verdict = ClockVerdict.judge(try reading(Self.good), maxError: .milliseconds(1))
        guard case .good(let bound) = verdict else {
            Issue.record("refused: \(verdict)")
            return
        }
        #expect(abs(bound - 0.00026) < 1e-9)
    }

    @Test(
        "Each kind of bad clock is refused with its reason",
        arguments: [
            ("Normal", "Not synchronised", "not synchronised"),
            ("0A090001", "7F7F0101", "its own clock"),
            ("Normal", "Insert second", "leap second"),
            ("0.000050000", "0.005000000", "more than maxError 1ms"),
            ("0.000400000", "0.240000000", "half the root delay 120.0 ms"),
            ("0.000010000", "-0.005000000", "offset 5.0 ms"),
        ]
    )
    func refused(from: String, to: String, reason: String) throws {
        let line = Self.good.replacingOccurrences(of: from, with: to)
        let verdict = ClockVerdict.judge(try reading(line), maxError: .milliseconds(1))
        guard case .bad(let text) = verdict else {
            Issue.record("accepted: \(line)")
            return
        }
        #expect(text.contains(reason), "the reason was: \(text)")
    }

    @Test("An old reference and a missing answer are refused")
    func stale() throws {
        let old = ClockVerdict.judge(try reading(Self.good, ageSeconds: 7_200), maxError: .milliseconds(1))
        #expect(old != .good(boundSeconds: 0.00026))
        guard case .bad(let text) = old else { return }
        #expect(text.contains("7199 s old"))
        let none = ClockReading(at: Timestamp(wallNs: 0, monotonicNs: 0), tracking: nil, failure: "chronyc is missing")
        #expect(ClockVerdict.judge(none, maxError: .milliseconds(1)) == .bad("chronyc is missing"))
    }
}
