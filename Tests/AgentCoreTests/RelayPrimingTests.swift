import Testing

@testable import AgentCore

@Suite struct RelayPrimingTests {
    private func window(_ segments: Int, inFlight: Int = 0, unsent: Int = 0) -> ConnectionWindow {
        ConnectionWindow(
            windowSegments: segments,
            unacknowledgedSegments: inFlight,
            segmentOctets: 1_000,
            unsentOctets: unsent
        )
    }

    @Test("A narrow window is used beyond its half, so that it grows, and never filled")
    func grows() {
        var priming = RelayPriming(targetOctets: 100_000)
        priming.restart(atNs: 0)
        #expect(!priming.isPrimed)
        #expect(priming.octetsDue(window(10), atNs: 1) == 6_000)
        #expect(priming.octetsDue(window(10, inFlight: 6), atNs: 2) == 0)
        #expect(priming.octetsDue(window(20, inFlight: 2), atNs: 3) == 10_000)
        #expect(!priming.isPrimed)
    }

    @Test("A wide window is used again before the kernel lets it shrink, and events count as use")
    func holds() {
        var priming = RelayPriming(targetOctets: 100_000)
        priming.restart(atNs: 0)
        #expect(priming.octetsDue(window(150), atNs: 0) == 0)
        #expect(priming.isPrimed)
        #expect(priming.octetsDue(window(150), atNs: 149_000_000) == 0)
        #expect(priming.octetsDue(window(150), atNs: 150_000_000) == 60_000)
        // Events alone fill it: no padding for another while.
        #expect(priming.octetsDue(window(150, inFlight: 70), atNs: 280_000_000) == 0)
        #expect(priming.octetsDue(window(150), atNs: 400_000_000) == 0)
        #expect(priming.octetsDue(window(150), atNs: 430_000_000) == 60_000)
        #expect(priming.paddedOctets == 120_000)
    }

    @Test("Padding never queues behind what waits already, and without a target there is none")
    func waits() {
        var priming = RelayPriming(targetOctets: 100_000)
        priming.restart(atNs: 0)
        #expect(priming.octetsDue(window(10, unsent: 1), atNs: 1) == 0)
        var none = RelayPriming(targetOctets: 0)
        none.restart(atNs: 0)
        #expect(none.isPrimed)
        #expect(none.octetsDue(window(10), atNs: 1) == 0)
    }

    @Test("A connection whose window never grows counts as ready in the end")
    func givesUp() {
        var priming = RelayPriming(targetOctets: 100_000)
        priming.restart(atNs: 0)
        _ = priming.octetsDue(window(10), atNs: 15_000_000_000)
        #expect(!priming.isPrimed)
        _ = priming.octetsDue(window(10), atNs: 15_000_000_001)
        #expect(priming.isPrimed)
    }
}

@Suite struct WindowWatchTests {
    @Test("Only octets that wait beyond what is always on its way count")
    func counts() {
        var watch = WindowWatch()
        func window(unsent: Int) -> ConnectionWindow {
            ConnectionWindow(
                windowSegments: 10,
                unacknowledgedSegments: 10,
                segmentOctets: 1_000,
                unsentOctets: unsent
            )
        }
        watch.note(nil, atNs: 1_000_000_000)
        watch.note(window(unsent: 1_999), atNs: 1_020_000_000)
        #expect(watch.waitedMs == 0)
        // Nothing waited 20 ms ago; then looks are 5 ms apart.
        watch.note(window(unsent: 2_000), atNs: 1_040_000_000)
        #expect(watch.waitedMs == 20)
        watch.note(window(unsent: 90_000), atNs: 1_045_000_000)
        #expect(watch.waitedMs == 25)
        // Nobody looked for a while: what is not known does not count.
        watch.note(window(unsent: 90_000), atNs: 1_545_000_000)
        #expect(watch.waitedMs == 30)
        watch.note(nil, atNs: 1_550_000_000)
        #expect(watch.waitedMs == 30)
    }
}
