import ExperimentModel
import WireTransport

/// Goes over a sample file a piece at a time, in the same small memory however long the run was.
struct SampleStream {
    /// The records of one read.
    private static let recordsPerRead = 2_048

    /// The file; nil for a run without any sample, which has none.
    var path: String?

    /// Hands over every whole record, in the order of their arrival.
    ///
    /// - Throws: `ExperimentError` `incompatible` for another format, `AgentError` `file` when it cannot be read, and
    ///   what `take` throws.
    func forEach(_ take: (SampleRecord) throws -> Void) throws {
        guard let path else { return }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: SampleFile.headerSize)
        let headerCount = try header.withUnsafeMutableBytes { try fill($0, from: descriptor, path) }
        try header.prefix(headerCount).withUnsafeBytes { try SampleFile.checkHeader($0, path: path) }
        var octets = [UInt8](repeating: 0, count: Self.recordsPerRead * SampleRecord.size)
        try octets.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            while true {
                let count = try fill(buffer, from: descriptor, path) / SampleRecord.size
                for index in 0..<count { try take(SampleRecord(from: base + index * SampleRecord.size)) }
                if count < Self.recordsPerRead { return }
            }
        }
    }

    /// Reads until the buffer is full or the file ends; how much there was.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, _ path: String) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            if count == 0 { break }
            if count > 0 {
                filled += count
            } else if errno != EINTR {
                throw failure(path)
            }
        }
        return filled
    }

    private func failure(_ path: String) -> AgentError {
        AgentError(.file, "cannot read \(path): \(systemMessage(errno))")
    }
}
