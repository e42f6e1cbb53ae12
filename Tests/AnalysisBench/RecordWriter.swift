import ExperimentModel
import Foundation

/// Writes a file of fixed-size records a piece at a time.
final class RecordWriter {
    private let handle: FileHandle
    private var buffer: [UInt8]

    init(_ file: URL, header: [UInt8]) throws {
        try Data().write(to: file)
        handle = try FileHandle(forWritingTo: file)
        buffer = header
    }

    func append(_ record: SampleRecord) throws {
        withUnsafeTemporaryAllocation(byteCount: SampleRecord.size, alignment: 8) { octets in
            guard let base = octets.baseAddress else { return }
            record.write(to: base)
            buffer.append(contentsOf: octets)
        }
        try flush(atLeast: 1 << 20)
    }

    func append(_ number: Int64) throws {
        withUnsafeBytes(of: number.littleEndian) { buffer.append(contentsOf: $0) }
        try flush(atLeast: 1 << 20)
    }

    func finish() throws {
        try flush(atLeast: 0)
        try handle.close()
    }

    private func flush(atLeast count: Int) throws {
        guard buffer.count >= count else { return }
        try handle.write(contentsOf: Data(buffer))
        buffer.removeAll(keepingCapacity: true)
    }
}
