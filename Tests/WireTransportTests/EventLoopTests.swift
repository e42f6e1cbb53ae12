import Testing
import WireTransport

struct EventLoopTests {
    @Test("Timers fire in the order of their times, equal ones in the order they were set", .timeLimit(.minutes(1)))
    func timerOrder() {
        let loop = EventLoop()
        var fired: [Int] = []
        let base = HostClock.monotonicNs()
        for (index, delay) in [3, 1, 2, 1].enumerated() {
            loop.schedule(atMonotonicNs: base + Int64(delay)) { fired.append(index) }
        }
        while fired.count < 4 { loop.runOnce(maximumWaitNs: 1_000_000) }
        #expect(fired == [1, 3, 2, 0])
    }

    @Test("A cancelled timer does not fire, and an action may set new timers", .timeLimit(.minutes(1)))
    func cancelAndChain() {
        let loop = EventLoop()
        var fired: [String] = []
        let cancelled = loop.schedule(afterNs: 0) { fired.append("cancelled") }
        loop.schedule(afterNs: 0) {
            fired.append("first")
            loop.schedule(afterNs: 0) {
                fired.append("second")
                loop.stop()
            }
        }
        loop.cancel(cancelled)
        loop.run()
        #expect(fired == ["first", "second"])
    }

    @Test("Another thread wakes the loop", .timeLimit(.minutes(1)))
    func waker() throws {
        let loop = EventLoop()
        var wakes = 0
        let waker = try Waker {
            wakes += 1
            loop.stop()
        }
        loop.add(waker)
        let descriptor = waker.signalDescriptor
        let thread = try SystemThread { Waker.wake(descriptor) }
        loop.run(patienceNs: 60_000_000_000)
        thread.join()
        #expect(wakes == 1)
    }
}
