import CSockets
import ExperimentModel
import Synchronization
import WireTransport

/// Asks `chronyc -c tracking` at an interval, on a thread of its own, for the whole run.
final class ClockSampler {
    private let box: ReadingBox
    private let stop: (reading: Int32, writing: Int32)
    private let thread: SystemThread
    private let waker: Waker

    /// Starts sampling; `onReading` is called on the loop.
    init(arguments: [String], interval: TimeSpan, loop: EventLoop, onReading: @escaping (ClockReading) -> Void) throws {
        let box = ReadingBox()
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw AgentError(.file, "cannot open a pipe: \(systemMessage(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let waker = try Waker { for reading in box.take() { onReading(reading) } }
        let wake = waker.signalDescriptor
        let stopDescriptor = ends[0]
        self.thread = try SystemThread {
            repeat {
                box.put(Self.read(arguments: arguments))
                Waker.wake(wake)
            } while !Self.isTold(stopDescriptor, withinNs: interval.ns)
        }
        self.box = box
        self.stop = (ends[0], ends[1])
        self.waker = waker
        loop.add(waker)
    }

    /// Ends the thread; waits for a `chronyc` that is running, at most its time limit.
    func finish() -> [ClockReading] {
        close(stop.writing)
        thread.join()
        close(stop.reading)
        return box.take()
    }

    private static func isTold(_ descriptor: Int32, withinNs: Int64) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return latexp_poll(&item, 1, withinNs) > 0
    }

    /// One reading, now.
    static func read(arguments: [String]) -> ClockReading {
        let outcome = ShortCommand.run("chronyc", ["-c"] + arguments + ["tracking"], limitNs: 5_000_000_000)
        let now = Timestamp(wallNs: HostClock.wallNs(), monotonicNs: HostClock.monotonicNs())
        switch outcome {
        case .failure(let error): return ClockReading(at: now, tracking: nil, failure: error.message)
        case .success(let output):
            do {
                return ClockReading(
                    at: now,
                    tracking: try ChronyTracking(csv: output),
                    phcErrorNs: HardwareClock.errorNs()
                )
            } catch {
                return ClockReading(at: now, tracking: nil, failure: "\(error)")
            }
        }
    }
}

/// Readings on their way from the sampler's thread to the loop's.
private final class ReadingBox: Sendable {
    private let readings = Mutex<[ClockReading]>([])

    func put(_ reading: ClockReading) {
        readings.withLock { $0.append(reading) }
    }

    func take() -> [ClockReading] {
        readings.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
