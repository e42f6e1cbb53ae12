import ExperimentModel
import Foundation
import TestSupport
import Testing

/// What chronyc and agents say, changed at random: refused with this module's error, or read with numbers that can be
/// used.
@Suite(.timeLimit(.minutes(1)))
struct BrokenAnswersTests {
    private static let lines = [
        "0A090001,10.9.0.1,2,1700000000.123456789,0.000010000,0.000005000,0.000020000,-12.345,0.001,0.100,0.0004,0.00005,1.0,Normal",
        "7F7F0101,,1,1700000000.1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,Normal",
        "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised",
        "506 Cannot talk to daemon", "", ",,,,,,,,,,,,,",
    ]
    private static let pieces = [
        "nan", "inf", "-inf", "1e999", "-1e308", "0x7", "", "9223372036854775808", "é", "\u{0}", " 1", "1,1",
    ]

    @Test("A hundred thousand answers of chronyc")
    func chronyc() {
        let seed: UInt64 = 31
        var generator = SeededGenerator(seed: seed)
        var refused = 0
        let count = 100_000
        for _ in 0..<count {
            var fields = Self.lines[generator.below(Self.lines.count)].components(separatedBy: ",")
            for _ in 0...generator.below(3) {
                let place = generator.below(fields.count)
                switch generator.below(4) {
                case 0: fields[place] = Self.pieces[generator.below(Self.pieces.count)]
                case 1: fields.remove(at: place)
                case 2: fields.insert("1", at: place)
                default: fields[place] += "9"
                }
                if fields.isEmpty { fields = [""] }
            }
            do {
                let tracking = try ChronyTracking(csv: fields.joined(separator: ","))
                let reading = ClockReading(
                    at: Timestamp(wallNs: 1_700_000_001_000_000_000, monotonicNs: 0),
                    tracking: tracking
                )
                guard tracking.boundSeconds.isFinite || abs(tracking.systemOffsetSeconds) > 1e300 else {
                    Issue.record("seed \(seed): no bound from \(fields)")
                    return
                }
                _ = ClockVerdict.judge(reading, maxError: .milliseconds(1))
            } catch {
                guard error is ExperimentError else {
                    Issue.record("seed \(seed): another error, \(error), from \(fields)")
                    return
                }
                refused += 1
            }
        }
        print("chronyc: seed \(seed), \(count) answers, \(refused) refused")
        #expect(refused > count / 10 && refused < count)
    }

    @Test("Ten thousand status files")
    func statuses() throws {
        let seed: UInt64 = 37
        var generator = SeededGenerator(seed: seed)
        let now = Timestamp(wallNs: 1, monotonicNs: 2)
        let status = AgentStatus(
            runID: "r",
            host: "h",
            role: .receive,
            state: .measuring,
            at: now,
            window: MeasuredWindow(start: now, end: now),
            lanes: [LaneStatus(path: "backbone", lane: 0, state: .streaming, connections: 1, ratePerSecond: 1.5)]
        )
        let genuine = Array(try JSONEncoder().encode(status))
        var read = 0
        for _ in 0..<10_000 {
            var octets = genuine
            for _ in 0...generator.below(3) {
                let place = generator.below(octets.count)
                switch generator.below(4) {
                case 0: octets[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: octets.remove(at: place)
                case 2: octets.insert(0x39, at: place)
                default: octets.removeLast(octets.count - place)
                }
                if octets.isEmpty { octets = [0x7b] }
            }
            if let found = try? JSONDecoder().decode(AgentStatus.self, from: Data(octets)) {
                read += 1
                #expect(found.lanes.count <= 1)
            }
        }
        print("status files: seed \(seed), 10000 files, \(read) read")
        #expect(read > 100 && read < 10_000)
    }
}
