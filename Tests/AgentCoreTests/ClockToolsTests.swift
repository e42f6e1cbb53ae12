import ExperimentModel
import Foundation
import TestSupport
import Testing

@testable import AgentCore

struct ClockToolsTests {
    @Test("A jump of the wall clock is a step; drift and the fastest slewing are not")
    func steps() {
        var detector = ClockStepDetector()
        var wallNs: Int64 = 1_000_000_000_000
        for second in 0..<100 {
            // chrony slews by at most 8.3 %.
            wallNs += 1_083_000_000
            #expect(detector.observe(Timestamp(wallNs: wallNs, monotonicNs: Int64(second) * 1_000_000_000)) == nil)
        }
        wallNs += 10_000_000 + 50_000_000
        let step = detector.observe(Timestamp(wallNs: wallNs, monotonicNs: 99_010_000_000))
        #expect(step?.stepNs == 50_000_000)
        wallNs += 10_000_000 - 3_600_000_000_000
        #expect(detector.observe(Timestamp(wallNs: wallNs, monotonicNs: 99_020_000_000))?.stepNs == -3_600_000_000_000)
        #expect(detector.steps.count == 2)
    }

    @Test("Whoever is held up between reading the two clocks sees no jump, and a real one all the same")
    func heldUp() throws {
        var detector = ClockStepDetector()
        var nowNs: Int64 = 0
        var offsetNs: Int64 = 1_000_000_000_000
        var holdUpsNs: [Int64] = []
        func look() -> ClockStep? {
            nowNs += 5_000_000
            let moment = detector.read(
                atNs: nowNs,
                wallNs: {
                    let wallNs = nowNs + offsetNs
                    nowNs += holdUpsNs.popLast() ?? 0
                    return wallNs
                },
                monotonicNs: { nowNs }
            )
            return moment.flatMap { detector.observe($0) }
        }
        #expect(look() == nil)
        // Held up once, then as often as it is tried.
        holdUpsNs = [2_027_000]
        #expect(look() == nil)
        holdUpsNs = [Int64](repeating: 2_027_000, count: 4)
        #expect(look() == nil)
        #expect(look() == nil)
        #expect(detector.steps.isEmpty)
        offsetNs -= 2_027_000
        #expect(look()?.stepNs == -2_027_000)
        #expect(look() == nil)
        // Just after the last look there is nothing to see.
        #expect(detector.read(atNs: nowNs + 900_000, wallNs: { 0 }, monotonicNs: { nowNs }) == nil)
    }

    @Test("The offset lies between the limits that probes give, however unequal the two ways are")
    func envelope() throws {
        var envelope = OffsetEnvelope()
        #expect(envelope.summary == nil)
        let offsetNs: Int64 = 3_000_000
        for (index, delays) in [(112_400_000, 112_900_000), (112_050_000, 113_000_000), (115_000_000, 112_100_000)]
            .enumerated()
        {
            let t1Ns = Int64(index) * 1_000_000_000
            let t2Ns = t1Ns + Int64(delays.0) + offsetNs
            let t3Ns = t2Ns + 40_000
            envelope.add(t1Ns: t1Ns, t2Ns: t2Ns, t3Ns: t3Ns, t4Ns: t3Ns - offsetNs + Int64(delays.1))
        }
        let summary = try #require(envelope.summary)
        #expect(summary.count == 3)
        #expect(summary.minimumRoundTripNs == 112_050_000 + 113_000_000)
        #expect(summary.offsetLowNs == offsetNs - 112_100_000)
        #expect(summary.offsetHighNs == offsetNs + 112_050_000)
        #expect(summary.offsetLowNs <= offsetNs && offsetNs <= summary.offsetHighNs)
    }

    @Test("The hardware clock's error is read where a driver gives it, the greatest of several devices")
    func hardwareClock() throws {
        let root = NSTemporaryDirectory() + "latexp-net-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (name, text) in [("eth0", "21000\n"), ("eth1", "34500\n"), ("lo", nil)] as [(String, String?)] {
            let device = "\(root)/\(name)/device"
            try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
            try text?.write(toFile: device + "/phc_error_bound", atomically: true, encoding: .utf8)
        }
        #expect(HardwareClock.errorNs(devices: root) == 34_500)
        #expect(HardwareClock.errorNs(devices: root + "/none") == nil)
    }

    @Test("Pauses double from the first to the longest, jittered between half and whole, and start over")
    func backoff() {
        let policy = ReconnectPolicy(initial: .seconds(1), max: .seconds(30))
        var backoff = Backoff(policy: policy, generator: SeededGenerator(seed: 5))
        for stepSeconds in [1, 2, 4, 8, 16, 30, 30, 30] as [Int64] {
            let pauseNs = backoff.nextNs()
            #expect(pauseNs >= stepSeconds * 500_000_000 && pauseNs <= stepSeconds * 1_000_000_000)
        }
        for _ in 0..<100 { #expect(backoff.nextNs() <= 30_000_000_000) }
        #expect(backoff.nextNs(atLeast: 60_000_000_000) == 60_000_000_000)
        backoff.reset()
        #expect(backoff.nextNs() <= 1_000_000_000)
    }

    @Test("The live difference pairs the two paths by id, with the relay's sign, in either order of arrival")
    func liveDifference() {
        var difference = LiveDifference()
        difference.add(id: 1, arrivalNs: 100_000_000, isRelay: true)
        difference.add(id: 1, arrivalNs: 106_000_000, isRelay: false)
        difference.add(id: 2, arrivalNs: 200_000_000, isRelay: false)
        difference.add(id: 2, arrivalNs: 194_000_000, isRelay: true)
        difference.add(id: 3, arrivalNs: 300_000_000, isRelay: true)
        #expect(difference.pairs == 2)
        #expect(difference.medianMs == -6)
    }
}
