import Foundation
import Synchronization

/// A file that comes in parts, over several sessions: which part is whose, and how much is there.
///
/// One TCP connection carries at most what its sender's kernel keeps under way (Linux: `net.ipv4.tcp_wmem`, some 2.7
/// MB) per round trip; several carry several times that. The first session fetches the beginning and learns the length;
/// the others take parts when they have connected, and the first takes what is left when it is done with its own.
final class SplitDownload: Sendable {
    /// A range of the file's bytes; it begins at a multiple of ``unitBytes``, so that `dd` finds it on any system.
    struct Part: Sendable, Equatable {
        let offset: Int64
        let count: Int64
    }

    /// What parts are multiples of, except for the last.
    static let unitBytes: Int64 = 1 << 20

    let path: String
    let limitBytes: Int64
    let file: AtomicFile
    /// One element when there are parts for others; it ends when there are none.
    let splits: AsyncStream<Void>

    private struct State {
        var totalBytes: Int64 = 0
        var receivedBytes: Int64 = 0
        var waiting: [Part] = []
        var unfinished = 0
        var throttle: ProgressThrottle
    }

    private let announceSplit: AsyncStream<Void>.Continuation
    private let state: Mutex<State>

    /// Opens the local file, under a temporary name.
    init(
        _ path: String,
        to localPath: String,
        limitBytes: Int64,
        host: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) throws {
        self.path = path
        self.limitBytes = limitBytes
        self.file = try AtomicFile(path: localPath, host: host)
        self.state = Mutex(State(throttle: ProgressThrottle(progress)))
        (splits, announceSplit) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Divides what comes after the beginning among `sessions` others; none when the beginning is all.
    func begin(totalBytes: Int64, beginningBytes: Int64, sessions: Int) {
        let unit = Self.unitBytes
        let rest = totalBytes - beginningBytes
        let share = (rest / Int64(max(1, sessions)) + unit) / unit * unit
        let parts = stride(from: beginningBytes, to: totalBytes, by: Int(share)).map {
            Part(offset: $0, count: min(share, totalBytes - $0))
        }
        state.withLock {
            $0.totalBytes = totalBytes
            $0.waiting = parts
            $0.unfinished = parts.count
        }
        if !parts.isEmpty { announceSplit.yield() }
        announceSplit.finish()
    }

    /// Whether every part is there; the beginning is not one of them.
    var isComplete: Bool { state.withLock { $0.unfinished == 0 } }

    /// Whether there are parts that nobody has; then a session is worth connecting.
    var hasWaiting: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// The file's length as it was announced.
    var totalBytes: Int64 { state.withLock { $0.totalBytes } }

    /// Has `body` fetch a part that nobody has, and returns false when there is none.
    ///
    /// A part on which `body` throws is there for others again, from its start.
    func fetchNext(_ body: (Part) throws -> Void) throws -> Bool {
        guard let part = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return false }
        do {
            try body(part)
            state.withLock { $0.unfinished -= 1 }
            return true
        } catch {
            state.withLock { $0.waiting.append(part) }
            throw error
        }
    }

    /// Notes bytes that have come, or, negative, that will come again.
    func note(_ bytes: Int64) {
        state.withLock {
            $0.receivedBytes += bytes
            $0.throttle.update($0.receivedBytes, of: $0.totalBytes)
        }
    }
}

/// Writes one part of a file where it belongs.
final class PartSink {
    private(set) var receivedBytes: Int64 = 0
    private let part: SplitDownload.Part
    private let download: SplitDownload

    init(_ part: SplitDownload.Part, of download: SplitDownload) {
        self.part = part
        self.download = download
    }

    /// Takes the next bytes; those beyond the part are of a file that has grown.
    func consume(_ bytes: UnsafeRawBufferPointer) throws {
        let wanted = Int(min(part.count - receivedBytes, Int64(bytes.count)))
        guard wanted > 0 else { return }
        try download.file.write(UnsafeRawBufferPointer(rebasing: bytes[..<wanted]), at: part.offset + receivedBytes)
        receivedBytes += Int64(wanted)
        download.note(Int64(wanted))
    }
}
