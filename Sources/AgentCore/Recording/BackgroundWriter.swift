import CSockets
import ExperimentModel
import Synchronization
import WireTransport

/// Writes an agent's files on a thread of its own, so that a slow disk never holds up the loop.
///
/// Jobs wait in a bounded queue. Samples that find it full are counted as not written. A disk that takes no more ends
/// the recording, not the agent: room that was kept is given back then, for the status and the summary alone.
final class BackgroundWriter: Sendable {
    /// Jobs that may wait; with chunks of samples that is 48 MiB at most.
    private static let queueLimit = 256
    /// Chunks that are kept to be filled again: one is being written while the next is filled, and one for a slow disk.
    ///
    /// More of them, as after a burst, are given back: an agent's memory shall be after an hour what it was after a
    /// minute.
    private static let spareLimit = 3
    /// The file that keeps room on the disk, and its octets: a summary with its longest lists fits.
    private static let reserve = (file: "reserve", octets: 1 << 20)

    private enum Job: Sendable {
        case samples(SampleChunk)
        case line(file: String, bytes: [UInt8])
        case replace(file: String, bytes: [UInt8])
        case finish
    }

    private struct State {
        var jobs: [Job] = []
        /// Written chunks, to be filled again.
        var spares: [SampleChunk] = []
        var samplesNotWritten = 0
        var samplesWritten = 0
        var failure: RecordingFailure?
        /// Whether nothing is recorded any more.
        var isEnded = false
    }

    private let state = Mutex(State())
    private let directory: String
    private let wakeEnds: (reading: Int32, writing: Int32)
    private let thread: Mutex<SystemThread?>

    init(directory: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw AgentError(.file, "cannot open a pipe: \(systemMessage(errno))")
        }
        self.directory = directory
        self.wakeEnds = (ends[0], ends[1])
        self.thread = Mutex(nil)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        replaceNow(Self.reserve.file, [UInt8](repeating: 0, count: Self.reserve.octets))
        let started = try SystemThread { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Queues a chunk of samples and puts an empty one in its place; a new one only while the disk is behind.
    func exchange(_ chunk: inout SampleChunk) {
        state.withLock { state in
            guard state.jobs.count < Self.queueLimit else {
                state.samplesNotWritten += chunk.count
                return chunk.clear()
            }
            state.jobs.append(.samples(chunk))
            chunk = state.spares.popLast() ?? SampleChunk()
            chunk.clear()
        }
        wake()
    }

    /// Queues octets to be appended to a file.
    func append(_ bytes: [UInt8], to file: String) {
        enqueue(.line(file: file, bytes: bytes))
    }

    /// Queues a file to be written whole and renamed into place.
    func replace(_ file: String, with bytes: [UInt8]) {
        enqueue(.replace(file: file, bytes: bytes))
    }

    /// What became of the samples so far.
    var sampleAccount: (written: Int, notWritten: Int, failure: String?) {
        state.withLock { ($0.samplesWritten, $0.samplesNotWritten, $0.failure?.reason) }
    }

    /// The first file that could not be written, and when; nil while all can.
    var failure: RecordingFailure? { state.withLock { $0.failure } }

    /// Writes all that is queued and ends the thread; call once.
    func finish() {
        state.withLock { $0.jobs.append(.finish) }
        wake()
        thread.withLock { $0 }?.join()
        unlink("\(directory)/\(Self.reserve.file)")
        let account = sampleAccount
        if account.notWritten > 0 {
            let counts = ["samplesWritten": "\(account.written)", "samplesNotWritten": "\(account.notWritten)"]
            noteInLog(counts.merging(["event": "recording.end", "level": "error"]) { $1 })
        }
        close(wakeEnds.reading)
        close(wakeEnds.writing)
    }

    private func enqueue(_ job: Job) {
        state.withLock { state in
            if state.jobs.count < Self.queueLimit { state.jobs.append(job) }
        }
        wake()
    }

    private func wake() { Waker.wake(wakeEnds.writing) }

    // MARK: The thread

    private func run() {
        var files: [String: Int32] = [:]
        defer { for file in files.values { close(file) } }
        var octets = [UInt8](repeating: 0, count: 4_096)
        var jobs: [Job] = []
        while true {
            // Blocks until somebody wakes; several wakes are read at once.
            guard read(wakeEnds.reading, &octets, octets.count) > 0 || errno == EINTR else { return }
            state.withLock { swap(&$0.jobs, &jobs) }
            for index in jobs.indices {
                switch jobs[index] {
                case .samples(let chunk): write(chunk, files: &files)
                case .line(let file, let bytes): _ = append(bytes[...], to: file, files: &files)
                case .replace(let file, let bytes): replaceNow(file, bytes)
                case .finish: return
                }
            }
            giveBackChunks(of: &jobs)
        }
    }

    /// Lets written chunks be filled again, once nothing else here refers to their memory: it would be copied
    /// otherwise.
    private func giveBackChunks(of jobs: inout [Job]) {
        state.withLock { state in
            while let job = jobs.popLast() {
                guard case .samples(let chunk) = job, state.spares.count < Self.spareLimit else { continue }
                state.spares.append(chunk)
            }
        }
    }

    private func write(_ chunk: SampleChunk, files: inout [String: Int32]) {
        let isWritten = append(
            chunk.octets[..<(chunk.count * SampleRecord.size)],
            to: "samples.bin",
            files: &files
        )
        state.withLock { state in
            if isWritten {
                state.samplesWritten += chunk.count
            } else {
                state.samplesNotWritten += chunk.count
            }
        }
    }

    private func append(_ bytes: ArraySlice<UInt8>, to file: String, files: inout [String: Int32]) -> Bool {
        guard !state.withLock({ $0.isEnded }) else { return false }
        if files[file] == nil {
            let descriptor = open("\(directory)/\(file)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return failed(file) }
            files[file] = descriptor
            if file == "samples.bin", lseek(descriptor, 0, SEEK_END) == 0,
                !appendWhole(SampleFile.header()[...], to: descriptor)
            {
                return failed(file)
            }
        }
        guard let descriptor = files[file], appendWhole(bytes, to: descriptor) else { return failed(file) }
        return true
    }

    private func failed(_ file: String) -> Bool {
        let code = errno
        let reason = "cannot write \(directory)/\(file): \(systemMessage(code))"
        let isFull = [ENOSPC, EDQUOT].contains(code)
        let now = Timestamp(wallNs: HostClock.wallNs(), monotonicNs: HostClock.monotonicNs())
        let isFirst = state.withLock { state in
            let isFirst = state.failure == nil
            if isFirst {
                state.failure = RecordingFailure(at: now, reason: isFull ? reason + "; recording ended" : reason)
            }
            if isFull { state.isEnded = true }
            return isFirst
        }
        if isFull { unlink("\(directory)/\(Self.reserve.file)") }
        if isFirst { noteInLog(["event": "recording.failed", "reason": reason, "level": "error"]) }
        return false
    }

    /// Writes a line of the log, past a recording that has ended, into the room that was kept; as far as that goes.
    private func noteInLog(_ fields: [String: String]) {
        let line = AgentLog.line(fields)
        let descriptor = open("\(directory)/log.jsonl", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = appendWhole(line[...], to: descriptor)
        close(descriptor)
    }

    /// Writes everything or nothing: a record that was cut short is taken back.
    private func appendWhole(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        let start = lseek(descriptor, 0, SEEK_END)
        let failure = writeAll(bytes, to: descriptor)
        guard failure != 0 else { return true }
        if start >= 0 { _ = ftruncate(descriptor, start) }
        errno = failure
        return false
    }

    private func replaceNow(_ file: String, _ bytes: [UInt8]) {
        let target = "\(directory)/\(file)"
        let temporary = "\(target).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            _ = failed(file)
            return
        }
        let isWritten = appendWhole(bytes[...], to: descriptor)
        close(descriptor)
        if !isWritten || rename(temporary, target) != 0 { _ = failed(file) }
    }
}
