import Foundation

/// When each message of a paced feed was sent, kept in memory that is taken beforehand.
final class SendTimes {
    /// The most that it holds: 160 MB.
    static let limit = 20_000_000

    private let firstID: Int64
    private let times: UnsafeMutableBufferPointer<Int64>
    private var count = 0

    init(firstID: Int64, capacity: Int) {
        self.firstID = firstID
        times = UnsafeMutableBufferPointer.allocate(capacity: capacity)
        // Touched now, so that no page has to be found while messages are due.
        times.initialize(repeating: 0)
    }

    deinit { times.deallocate() }

    /// Notes the moment of the next message, `CLOCK_REALTIME`.
    func add(wallNs: Int64) {
        guard count < times.count else { return }
        times[count] = wallNs
        count += 1
    }

    /// Writes all as CSV.
    ///
    /// - Throws: `LabError` `directory` when the file cannot be written.
    func write(to file: String) throws {
        do {
            guard FileManager.default.createFile(atPath: file, contents: Data("u,sent_wall_ns\n".utf8)) else {
                throw CocoaError(.fileWriteUnknown)
            }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            defer { try? handle.close() }
            try handle.seekToEnd()
            for start in stride(from: 0, to: count, by: 50_000) {
                let lines = (start..<min(start + 50_000, count)).map { "\(firstID + Int64($0)),\(times[$0])\n" }
                try handle.write(contentsOf: Data(lines.joined().utf8))
            }
        } catch {
            throw LabError(.directory, "cannot write the record \(file): \(error.localizedDescription)", cause: error)
        }
    }
}
