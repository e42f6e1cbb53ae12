import CSockets
import ExperimentModel
import Synchronization
import WireTransport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes an agent's files on a thread of its own, so that a slow disk never holds up the loop.
///
/// Jobs wait in a bounded queue. Samples that find it full, or a disk that takes no more, are counted as not written; the
/// agent goes on.
final class BackgroundWriter: Sendable {
    /// The samples of one job.
    static let chunkSize = 2_048
    /// Jobs that may wait; with chunks of samples that is 48 MiB at most.
    private static let queueLimit = 256

    private enum Job: Sendable {
        case samples([SampleRecord])
        case line(file: String, bytes: [UInt8])
        case replace(file: String, bytes: [UInt8])
        case finish
    }

    private struct State {
        var jobs: [Job] = []
        /// Emptied chunks, to be filled again.
        var spares: [[SampleRecord]] = []
        var samplesNotWritten = 0
        var samplesWritten = 0
        var failure: String?
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
        let started = try SystemThread { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Queues a full chunk of samples; gives an empty one back, with its memory where possible.
    func write(samples: [SampleRecord]) -> [SampleRecord] {
        let spare = state.withLock { state -> [SampleRecord] in
            if state.jobs.count >= Self.queueLimit {
                state.samplesNotWritten += samples.count
            } else {
                state.jobs.append(.samples(samples))
            }
            return state.spares.popLast() ?? []
        }
        wake()
        return spare
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
        state.withLock { ($0.samplesWritten, $0.samplesNotWritten, $0.failure) }
    }

    /// Writes all that is queued and ends the thread; call once.
    func finish() {
        state.withLock { $0.jobs.append(.finish) }
        wake()
        thread.withLock { $0 }?.join()
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
        while true {
            // Blocks until somebody wakes; several wakes are read at once.
            guard read(wakeEnds.reading, &octets, octets.count) > 0 || errno == EINTR else { return }
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs {
                switch job {
                case .samples(let samples): write(samples, files: &files)
                case .line(let file, let bytes): _ = append(bytes, to: file, files: &files)
                case .replace(let file, let bytes): replaceNow(file, bytes)
                case .finish: return
                }
            }
        }
    }

    private func write(_ samples: [SampleRecord], files: inout [String: Int32]) {
        var bytes = [UInt8](repeating: 0, count: samples.count * SampleRecord.size)
        bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            for (index, sample) in samples.enumerated() { sample.write(to: base + index * SampleRecord.size) }
        }
        let isWritten = append(bytes, to: "samples.bin", files: &files)
        state.withLock { state in
            if isWritten {
                state.samplesWritten += samples.count
            } else {
                state.samplesNotWritten += samples.count
            }
            if state.spares.count < 8 {
                var spare = samples
                spare.removeAll(keepingCapacity: true)
                state.spares.append(spare)
            }
        }
    }

    private func append(_ bytes: [UInt8], to file: String, files: inout [String: Int32]) -> Bool {
        if files[file] == nil {
            let descriptor = open("\(directory)/\(file)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return failed(file) }
            files[file] = descriptor
            if file == "samples.bin", lseek(descriptor, 0, SEEK_END) == 0,
                !writeAll(SampleFile.header(), to: descriptor)
            {
                return failed(file)
            }
        }
        guard let descriptor = files[file], writeAll(bytes, to: descriptor) else { return failed(file) }
        return true
    }

    private func failed(_ file: String) -> Bool {
        let reason = "cannot write \(directory)/\(file): \(systemMessage(errno))"
        state.withLock { if $0.failure == nil { $0.failure = reason } }
        return false
    }

    /// Writes everything or nothing: a record that was cut short is taken back.
    private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        let start = lseek(descriptor, 0, SEEK_END)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { systemWrite(descriptor, $0 + offset, bytes.count - offset) } ?? 0
            }
            if count > 0 {
                offset += count
            } else if count == 0 || errno != EINTR {
                let reason = errno
                if start >= 0 { _ = ftruncate(descriptor, start) }
                errno = reason
                return false
            }
        }
        return true
    }

    private func replaceNow(_ file: String, _ bytes: [UInt8]) {
        let target = "\(directory)/\(file)"
        let temporary = "\(target).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            _ = failed(file)
            return
        }
        let isWritten = writeAll(bytes, to: descriptor)
        close(descriptor)
        if !isWritten || rename(temporary, target) != 0 { _ = failed(file) }
    }
}

/// `write(2)`, whose name the methods above hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
