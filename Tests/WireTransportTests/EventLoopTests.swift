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

    @Test("A timer cancels another one that is due at the same moment", .timeLimit(.minutes(1)))
    func cancelAtTheSameMoment() {
        let loop = EventLoop()
        var fired: [String] = []
        let dueNs = HostClock.monotonicNs()
        var later: TimerID?
        loop.schedule(atMonotonicNs: dueNs) {
            fired.append("first")
            if let later { loop.cancel(later) }
        }
        later = loop.schedule(atMonotonicNs: dueNs) { fired.append("cancelled") }
        loop.schedule(atMonotonicNs: dueNs) { fired.append("last") }
        loop.runOnce(maximumWaitNs: 0)
        #expect(fired == ["first", "last"])
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

    @Test(
        "A loop that reads sleeps in its favourite's read after many short waits, and watches again when nothing comes there",
        .timeLimit(.minutes(1))
    )
    func reading() throws {
        let loop = EventLoop()
        let favourite = Favourite()
        var waits = 0
        var timerFired = false
        // Makes every wait short: it wakes the loop again as soon as it is woken.
        let waker = try Waker { waits += 1 }
        loop.add(waker)
        loop.add(favourite)
        loop.favour(favourite)
        loop.schedule(afterNs: 1_000_000) { timerFired = true }
        loop.run(patienceNs: 60_000_000_000, waiting: .reading) {
            Waker.wake(waker.signalDescriptor)
            return favourite.waitsAsked.count >= 3 && timerFired
        }
        #expect(favourite.waitsAsked.allSatisfy { $0 }, "it was asked to read without waiting")
        #expect(waits >= 32)
    }

    @Test("A favourite that somebody else has to write for is not waited for", .timeLimit(.minutes(1)))
    func readingBesideAWriter() throws {
        let loop = EventLoop()
        let favourite = Favourite(finds: 1_000_000)
        let waker = try Waker {}
        let writer = Writer(descriptor: waker.signalDescriptor)
        loop.add(waker)
        loop.add(favourite)
        loop.add(writer)
        loop.favour(favourite)
        loop.run(patienceNs: 60_000_000_000, waiting: .reading) { writer.writes > 200 }
        #expect(writer.writes > 200)
    }
}

/// A member that counts how it is asked to look, and finds something twice.
private final class Favourite: LoopMember {
    let descriptor: Int32 = -1
    let wantsToRead = false
    let wantsToWrite = false
    private(set) var waitsAsked: [Bool] = []
    private var finds: Int

    init(finds: Int = 2) {
        self.finds = finds
    }

    func ready(toRead: Bool, toWrite: Bool) {}

    func look(waits: Bool) -> Bool {
        waitsAsked.append(waits)
        finds -= 1
        return finds >= 0
    }
}

/// A member that always has something to write.
private final class Writer: LoopMember {
    let descriptor: Int32
    let wantsToRead = false
    let wantsToWrite = true
    private(set) var writes = 0

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    func ready(toRead: Bool, toWrite: Bool) {
        if toWrite { writes += 1 }
    }
}
